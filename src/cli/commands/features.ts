/** `monosemantic features`: what each feature of a run responds to, and what it does. */

import { analysisOptions } from "../../features/options.ts";
import { defineCommand } from "../command.ts";
import { runHooks } from "../run-progress.ts";
import { MACHINE, OF_SAES_AND_MODEL, RUN } from "../sections.ts";

export const featuresCommand = defineCommand({
  name: "features",
  summary: "find out what each feature of a run responds to, and what it does to the output",
  description:
    `Goes once through the text of a run and records for every feature, and as a control for every neuron of the same layer: density,
    activation histogram, highest contexts, contexts from equal intervals of the activation, tokens it fires on, logit weights,
    neighbours by direction and by activation, sensitivity and specificity to scripts and formal languages, a map of all
    directions, and the effect of taking it away from its highest contexts, each a forward pass of its own.
    Everything goes into features.sqlite in the run directory, which "monosemantic explore" shows. Interrupted, the same command goes
    on where it was.`.replaceAll(/\n +/g, " "),
  examples: [
    { what: "all dictionaries of a run", command: "monosemantic features runs/one-layer-8x" },
    {
      what: "one of several, on more text, with a proxy of one's own",
      command:
        "monosemantic features runs/grid --sae x32 --features-tokens 100M --proxies hebrew,script:Greek,regex:https?://",
    },
  ],
  positional: "run",
  sections: {
    input: {
      title: "Input",
      schema: OF_SAES_AND_MODEL,
    },
    analysis: { title: "Analysis", schema: analysisOptions },
    output: { title: "Checkpoints", schema: RUN.schema.pick({ checkpointMinutes: true }) },
    machine: MACHINE,
  },
  async run({ input, analysis, output, machine }, context) {
    const { analyseRun } = await import("../../run/analysis.ts");
    const hooks = runHooks(context);
    const { run, sae, model } = input;
    const summary = await analyseRun(
      { run, saes: sae, model, options: analysis, ...output, ...machine },
      hooks,
    );
    hooks.endPhase();
    return {
      text: [
        ...summary.analyses.map(
          ({ sae, record: { kind, count, alive, tokens } }) =>
            `${sae}: ${alive} of ${count} ${kind}s alive on ${tokens.train + tokens.heldout} tokens`,
        ),
        `${summary.store}`,
        `look at them with: monosemantic explore ${run}`,
      ].join("\n"),
      json: summary,
    };
  },
});
