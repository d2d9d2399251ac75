/** `monosemantic run`: the whole job, from text and a model to an evaluated dictionary and its report. */

import { z } from "zod";
import { analysisOptions } from "../../features/options.ts";
import { type InterpretationOptions, interpretationOptions } from "../../interpretation/options.ts";
import { startBeside } from "../beside.ts";
import { kebab } from "../options.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { runHooks } from "../run-progress.ts";
import { runRequest, STREAM } from "../run-request.ts";
import { scoreLine } from "../score-line.ts";
import { DEFAULT_PORT, DEVICE, EVALUATION, RUN } from "../sections.ts";

export const runCommand = defineCommand({
  name: "run",
  summary: "the whole job: text and a model in, evaluated dictionaries and a report out",
  description:
    `Tokenises the text and keeps a share of its documents back, runs the model over the rest, trains sparse
    autoencoders on its activations at one hook point, evaluates them on the held-out documents and writes a report.
    Several values for --expansion, --lambda, --Lambda or --seed train one dictionary for each combination on the same
    activations, which costs far less than one run each.
    The folder that --out names then holds run.json (what was run), metrics.jsonl (training curves),
    saes/NAME/ (cfg.json and sae_weights.safetensors in SAELens layout, evaluation.json), report.html and plots/.
    With --explore it goes on as "monosemantic features", "explore" and "explain" do: what every feature responds to and does is found
    out and shown in the browser until Ctrl-C; while one looks, each feature is described in a sentence that is scored on other
    documents. Where the environment variable CI is set, nothing is shown and it ends.`.replaceAll(
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
    afterwards: {
      title: "Afterwards",
      schema: analysisOptions.extend({
        ...interpretationOptions.shape,
        explore: z
          .boolean()
          .default(false)
          .describe(
            "analyse and explain the features when the run is complete, and open the explorer; options above say how",
          ),
      }),
    },
    machine: DEVICE,
  },
  async run(options, context) {
    const { run } = await import("../../run/run.ts");
    const hooks = runHooks(context);
    const request = runRequest(options, options.evaluation, context);
    const { out, report, saes } = await run(request, hooks);
    const { explore, explainTokens, controlUnits, controlTokens, ...analysis } = options.afterwards;
    if (explore) {
      const { analyseRun } = await import("../../run/analysis.ts");
      const work = {
        run: out,
        checkpointMinutes: options.output.checkpointMinutes,
        threads: options.machine.threads,
      };
      await analyseRun({ ...work, options: analysis }, hooks);
      // Where nobody looks everything is done before it ends; else the explorer opens first, and explanations come meanwhile.
      if (process.env["CI"]) {
        const interpretation = { explainTokens, controlUnits, controlTokens };
        const { interpretRun } = await import("../../run/interpret.ts");
        await interpretRun(
          { ...work, options: interpretation, protocols: ["bricken-2023"], sampling: "all", seed: 0 },
          hooks,
        );
      }
    }
    hooks.endPhase();
    const result = {
      text: [...saes.map(({ name, evaluation }) => scoreLine(name, evaluation!)), `report: ${report}`].join(
        "\n",
      ),
      json: { out, report, saes },
    };
    if (!explore || process.env["CI"]) return result;
    context.announce(result);
    const explaining = startBeside(explainArguments(out, options));
    void explaining.ended.then((done) => {
      if (done) context.progress.say("every feature is explained and scored: load the page again to see it");
    });
    try {
      await showRun(out, options.machine.threads, context);
    } finally {
      await explaining.stop();
    }
    return undefined;
  },
});

/** `monosemantic explain` with the options that belong to it. */
function explainArguments(
  out: string,
  {
    afterwards: { explainTokens, controlUnits, controlTokens },
    output: { checkpointMinutes },
    machine: { threads },
  }: {
    readonly afterwards: InterpretationOptions;
    readonly output: { readonly checkpointMinutes: number };
    readonly machine: { readonly threads: number };
  },
): string[] {
  const options = { explainTokens, controlUnits, controlTokens, checkpointMinutes, threads };
  return [
    "explain",
    out,
    ...Object.entries(options).flatMap(([key, value]) =>
      value === undefined ? [] : [`--${kebab(key)}`, String(value)],
    ),
  ];
}

/** The explorer on the run that has just ended, until Ctrl-C. */
async function showRun(out: string, threads: number, { progress, signal }: CommandContext): Promise<void> {
  const { explore } = await import("../../explorer/explore.ts");
  await explore(
    { runs: [out], port: DEFAULT_PORT, open: true, threads },
    {
      signal,
      onNote: (line) => progress.say(line),
      onReady: (address) => progress.say(`the explorer is at ${address} (Ctrl-C ends it)`),
    },
  );
}
