/** The options of `run` and `train` as the request that src/run/ takes. */

import { z } from "zod";
import type { RunRequest } from "../run/request.ts";
import type { CommandContext, OptionsOf } from "./command.ts";
import { DICTIONARY, gridOf } from "./dictionary-options.ts";
import { freshRunFolder } from "./run-progress.ts";
import {
  CACHE,
  type DEVICE,
  type EVALUATION,
  HOOK,
  hubOptions,
  MODEL,
  RECORDS,
  type RUN,
  TEXT,
} from "./sections.ts";

const SOURCE = {
  title: MODEL.title,
  schema: MODEL.schema.extend({
    shuffleWeights: z
      .int()
      .min(0)
      .optional()
      .describe(
        "control: permute the entries of every weight matrix of the model by this seed and train on that (Bricken et al. 2023); " +
          "what is found then is not what the model has learned",
      )
      .meta({ placeholder: "SEED" }),
  }),
};

/** What says which dictionaries are trained on which activations: the options that `run` and `train` share. */
export const STREAM = {
  model: SOURCE,
  activations: HOOK,
  cache: CACHE,
  text: TEXT,
  records: RECORDS,
  dictionary: DICTIONARY,
};

type TrainingSections = typeof STREAM & { output: typeof RUN; machine: typeof DEVICE };

type EvaluationOptions = OptionsOf<{ evaluation: typeof EVALUATION }>["evaluation"];

/** The part of the request that says what the dictionaries are trained and evaluated on. */
export function streamRequest(
  { model, activations, cache, text, records }: Omit<OptionsOf<typeof STREAM>, "dictionary">,
  evaluation: EvaluationOptions,
  device: RunRequest["device"] & string,
) {
  return {
    model: model.model,
    hub: hubOptions(model),
    shuffleWeights: model.shuffleWeights,
    ...activations,
    ...cache,
    ...text,
    reading: { ...records, hub: model.offline ? { offline: true } : {} },
    ...evaluation,
    device,
  } satisfies Partial<RunRequest>;
}

export function runRequest(
  { dictionary, output, machine, ...stream }: OptionsOf<TrainingSections>,
  evaluation: EvaluationOptions,
  context: CommandContext,
): RunRequest {
  return {
    ...streamRequest(stream, evaluation, machine.device),
    dictionaries: gridOf(dictionary),
    ...output,
    out: output.out ?? freshRunFolder(context),
    threads: machine.threads,
    config: context.config,
    command: context.commandLine,
  };
}
