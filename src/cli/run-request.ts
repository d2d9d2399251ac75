/** The options of `run` and `train` as the request that src/run/ takes. */

import type { RunRequest } from "../run/request.ts";
import type { CommandContext, OptionsOf } from "./command.ts";
import { type DICTIONARY, gridOf } from "./dictionary-options.ts";
import { freshRunFolder } from "./run-progress.ts";
import {
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
  evaluationTokens: number,
  context: CommandContext,
): RunRequest {
  return {
    model: model.model,
    hub: hubOptions(model),
    ...activations,
    ...text,
    reading: { ...records, hub: hubOptions(model) },
    dictionaries: gridOf(dictionary),
    evaluationTokens,
    ...output,
    out: output.out ?? freshRunFolder(context),
    threads: machine.threads,
    config: context.config,
    command: ["monosemantic", ...process.argv.slice(2)],
  };
}
