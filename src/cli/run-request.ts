/** The options of `run` and `train` as the request that src/run/ takes. */

import type { RunRequest } from "../run/request.ts";
import type { CommandContext, OptionsOf } from "./command.ts";
import { type DICTIONARY, gridOf } from "./dictionary-options.ts";
import { freshRunFolder } from "./run-progress.ts";
import {
  type EVALUATION,
  type HOOK,
  hubOptions,
  type MACHINE,
  type MODEL,
  type RECORDS,
  type RUN,
  type TEXT,
} from "./sections.ts";

type TrainingSections = {
  model: typeof MODEL;
  activations: typeof HOOK;
  text: typeof TEXT;
  records: typeof RECORDS;
  dictionary: typeof DICTIONARY;
  output: typeof RUN;
  machine: typeof MACHINE;
};

export function runRequest(
  { model, activations, text, records, dictionary, output, machine }: OptionsOf<TrainingSections>,
  evaluation: OptionsOf<{ evaluation: typeof EVALUATION }>["evaluation"],
  context: CommandContext,
): RunRequest {
  return {
    model: model.model,
    hub: hubOptions(model),
    ...activations,
    ...text,
    reading: { ...records, hub: model.offline ? { offline: true } : {} },
    dictionaries: gridOf(dictionary),
    ...evaluation,
    ...output,
    out: output.out ?? freshRunFolder(context),
    threads: machine.threads,
    config: context.config,
    command: context.commandLine,
  };
}
