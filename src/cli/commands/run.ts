/** `monosemantic run`: the whole job, from text and a model to an evaluated dictionary and its report. */

import { defineCommand } from "../command.ts";
import { runHooks } from "../run-progress.ts";
import { runRequest, STREAM } from "../run-request.ts";
import { scoreLine } from "../score-line.ts";
import { DEVICE, EVALUATION, RUN } from "../sections.ts";

export const runCommand = defineCommand({
  name: "run",
  summary: "the whole job: text and a model in, evaluated dictionaries and a report out",
  description:
    `Tokenises the text and keeps a share of its documents back, runs the model over the rest, trains sparse
    autoencoders on its activations at one hook point, evaluates them on the held-out documents and writes a report.
    Several values for --expansion, --lambda, --Lambda or --seed train one dictionary for each combination on the same
    activations, which costs far less than one run each.
    The folder that --out names then holds run.json (what was run), metrics.jsonl (training curves),
    saes/NAME/ (cfg.json and sae_weights.safetensors in SAELens layout, evaluation.json), report.html and plots/.`.replaceAll(
      /\n +/g,
      " ",
    ),
  examples: [
    {
      what: "the model that comes with the package, about five minutes",
      command: "monosemantic run --config one-layer-8x",
    },
    {
      what: "DistilGPT-2 on your own text, three sparsities at once",
      command:
        "monosemantic run --model distilbert/distilgpt2 --hook blocks.5.hook_mlp_out --data corpus/ --lambda 2,5,10 --tokens 20M",
    },
    {
      what: "a published recipe, with another number of tokens",
      command: "monosemantic run --config distilgpt2-8x --tokens 100M --out runs/distilgpt2",
    },
  ],
  sections: {
    ...STREAM,
    evaluation: EVALUATION,
    output: RUN,
    machine: DEVICE,
  },
  async run(options, context) {
    const { run } = await import("../../run/run.ts");
    const hooks = runHooks(context);
    const request = runRequest(options, options.evaluation, context);
    const { out, report, saes } = await run(request, hooks);
    hooks.endPhase();
    return {
      text: [...saes.map(({ name, evaluation }) => scoreLine(name, evaluation!)), `report: ${report}`].join(
        "\n",
      ),
      json: { out, report, saes },
    };
  },
});
