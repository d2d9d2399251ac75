/** The options of `run` and `train` as the request that src/run/ takes. */

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

/** What says which dictionaries are trained on which activations: the options that `run` and `train` share. */
export const STREAM = {
  model: MODEL,
  activations: HOOK,
  cache: CACHE,
  text: TEXT,
  records: RECORDS,
  dictionary: DICTIONARY,
};

type TrainingSections = typeof STREAM & { output: typeof RUN; machine: typeof DEVICE };

export function runRequest(
  { model, activations, cache, text, records, dictionary, output, machine }: OptionsOf<TrainingSections>,
  evaluation: OptionsOf<{ evaluation: typeof EVALUATION }>["evaluation"],
  context: CommandContext,
): RunRequest {
  return {
    model: model.model,
    hub: hubOptions(model),
    ...activations,
    ...cache,
    ...text,
    reading: { ...records, hub: model.offline ? { offline: true } : {} },
    dictionaries: gridOf(dictionary),
    ...evaluation,
    ...output,
    out: output.out ?? freshRunFolder(context),
    threads: machine.threads,
    device: machine.device,
    config: context.config,
    command: context.commandLine,
  };
}
