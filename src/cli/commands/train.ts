/** `monosemantic train`: dictionaries alone, without evaluation and report; `run` minus its last two steps. */

import { defineCommand } from "../command.ts";
import { runHooks } from "../run-progress.ts";
import { runRequest, STREAM } from "../run-request.ts";
import { DEVICE, RUN } from "../sections.ts";

const HELDOUT_TOKENS = 200_000;

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
    ...STREAM,
    output: RUN,
    machine: DEVICE,
  },
  async run(options, context) {
    const { run } = await import("../../run/run.ts");
    const hooks = runHooks(context);
    // Held-out text is put aside all the same, so that the folder can be evaluated later.
    const request = runRequest(options, { evaluationTokens: HELDOUT_TOKENS, evaluateAt: [] }, context);
    const { out, saes } = await run(request, hooks, "train");
    hooks.endPhase();
    return {
      text: saes.map(({ name, folder }) => `${name}: ${folder}`).join("\n"),
      json: { out, saes },
    };
  },
});
