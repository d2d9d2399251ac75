/** `monosemantic train`: dictionaries alone, without evaluation and report; `run` minus its last two steps. */

import { Failure } from "../../errors.ts";
import { defineCommand } from "../command.ts";
import { DICTIONARY, gridOf } from "../dictionary-options.ts";
import { HOOK, MACHINE, MODEL, RECORDS, RUN, TEXT } from "../sections.ts";

export const trainCommand = defineCommand({
  name: "train",
  summary: "train dictionaries and stop there: no evaluation, no report",
  description:
    `The first part of "monosemantic run" with the same options: tokenises the text, runs the model and trains
    the dictionaries. The folder that --out names can be evaluated ("monosemantic evaluate") and shown
    ("monosemantic report") later, on another machine too.`.replaceAll(/\n +/g, " "),
  examples: [
    {
      what: "an 8x dictionary for later evaluation",
      command:
        "monosemantic train --model models/mine --data corpus/ --expansion 8 --tokens 20M --out runs/mine",
    },
    {
      what: "go on after an interruption",
      command: "monosemantic train --config mine.json --out runs/mine --resume",
    },
  ],
  sections: {
    model: MODEL,
    activations: HOOK,
    text: TEXT,
    records: RECORDS,
    dictionary: DICTIONARY,
    output: RUN,
    machine: MACHINE,
  },
  async run({ dictionary }) {
    throw new Failure(
      `${gridOf(dictionary).length} dictionaries asked for: this command is not connected yet`,
    );
  },
});
