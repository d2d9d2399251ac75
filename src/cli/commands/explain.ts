/** `monosemantic explain`: what the features of a run mean, and whether that is so. */

import { z } from "zod";
import { endpointOptions } from "../../interpretation/endpoint/options.ts";
import { interpretationOptions, SAMPLING_RULES } from "../../interpretation/options.ts";
import { costSentence } from "../../interpretation/endpoint/paid.ts";
import { PROTOCOL_NAMES } from "../../interpretation/protocols/task.ts";
import type { Interpretation } from "../../interpretation/result.ts";
import { UsageError } from "../../errors.ts";
import { defineCommand } from "../command.ts";
import { runHooks } from "../run-progress.ts";
import { MACHINE, OF_SAES, RUN } from "../sections.ts";

/** With a language model every feature costs money, and a hundred tell the mean of all to a few hundredths. */
const FEATURES_FOR_MODEL = 100;

export const explainCommand = defineCommand({
  name: "explain",
  summary: "say what features mean, and score whether that is so, with a language model or without one",
  description:
    `Explains features from some of the documents of a run's text, lets the explanation predict what the feature does on others, and
    scores the prediction, as Bills et al. 2023, Bricken et al. 2023 and EleutherAI's delphi do. Beside each score stands what neurons
    of the same layer, random directions, features of the same dictionary trained on the model with shuffled weights, another
    feature's explanation and a constant get: the first time, that control dictionary is trained.
    Without --model nothing leaves this machine: token and previous-token lookup, N2G patterns, scripts and regular expressions, and
    the next tokens that a feature promotes explain every feature, and one of them is chosen for each on documents apart. With --model
    a language model behind any OpenAI-compatible address explains and predicts. What it will cost is said before anything is sent,
    --budget-tokens and --budget-money end it cleanly, and the same command goes on where it was, without paying twice.
    Explanations, scores and raw answers go into features.sqlite, which "monosemantic explore" shows, and the whole comparison into
    interpretation/SAE/NAME.json. A SAEDashboard batch (.json) may stand in the place of a run: it has no controls but another
    feature's explanation and a constant.`.replaceAll(/\n +/g, " "),
  examples: [
    { what: "every feature, without a language model", command: "monosemantic explain runs/one-layer-8x" },
    {
      what: "a hundred features as Bricken et al. did, for at most two dollars",
      command:
        "monosemantic explain runs/one-layer-8x --features 100 --protocol bricken-2023 --model gpt-5.6-luna --price-input 0.2 --price-output 1.2 --budget-money 2",
    },
    {
      what: "with a model on this machine",
      command: "monosemantic explain runs/one-layer-8x --model qwen3 --base-url http://localhost:8000/v1",
    },
    { what: "features of a SAEDashboard export", command: "monosemantic explain batch-0.json" },
  ],
  positional: "run",
  sections: {
    input: {
      title: "Input",
      schema: OF_SAES.extend({
        run: z
          .string()
          .min(1)
          .describe("the run directory: what --out named; or a batch of SAEDashboard's (.json)")
          .meta({ placeholder: "FOLDER|FILE" }),
        sourceModel: z
          .string()
          .min(1)
          .optional()
          .describe("where the model is that the features are of, when it is no longer where run.json says")
          .meta({ placeholder: "FOLDER|ID" }),
      }),
    },
    units: {
      title: "Features and protocols",
      schema: z.object({
        features: z
          .int()
          .positive()
          .optional()
          .describe("how many features to explain, and at most how many of each control")
          .meta({ placeholder: "N" }),
        sampling: z
          .enum(SAMPLING_RULES)
          .default("uniform")
          .describe(
            "which ones when not all: each alive one as likely as the others, as many from each tenth of them by density, or all",
          ),
        protocol: z
          .array(z.enum(PROTOCOL_NAMES))
          .min(1)
          .default(["bricken-2023"])
          .describe(
            "how explanations are made and scored; the first gives the score that stands for a feature",
          )
          .meta({ placeholder: "NAME,…" }),
        seed: z.int().min(0).default(0).describe("of everything that is drawn"),
        name: z
          .string()
          .regex(/^[\w][\w.+-]{0,80}$/, "letters, digits, dots, hyphens and underscores, 81 at most")
          .optional()
          .describe("of the result: another name keeps an earlier one beside it"),
      }),
      defaults: (key) =>
        key === "features"
          ? `all; ${FEATURES_FOR_MODEL} with --model`
          : key === "name"
            ? "offline, followed by protocols and number of features that are given, or the model's name and the protocols"
            : undefined,
    },
    evidence: { title: "Text and controls", schema: interpretationOptions },
    endpoint: { title: "Language model", schema: endpointOptions },
    output: {
      title: "Before and after",
      schema: RUN.schema.pick({ checkpointMinutes: true }).extend({
        estimate: z.boolean().default(false).describe("only say what it would cost"),
      }),
    },
    machine: MACHINE,
  },
  async run({ input, units, evidence, endpoint, output, machine }, context) {
    const { interpretDashboard, isDashboard } = await import("../../run/interpret-dashboard.ts");
    const { interpretRun } = await import("../../run/interpret.ts");
    const hooks = runHooks(context);
    const { run, sae, sourceModel } = input;
    const withModel = endpoint.model !== undefined;
    const all = units.sampling === "all";
    if (all && units.features !== undefined) {
      throw new UsageError(
        `--sampling all takes every feature, so --features ${units.features} has no say: leave one of the two out`,
      );
    }
    const dashboard = isDashboard(run);
    const interpret = dashboard ? interpretDashboard : interpretRun;
    const summary = await interpret(
      {
        run,
        saes: sae,
        model: sourceModel,
        options: evidence,
        protocols: units.protocol,
        features: all ? undefined : (units.features ?? (withModel ? FEATURES_FOR_MODEL : undefined)),
        sampling: units.sampling,
        seed: units.seed,
        name: units.name,
        endpoint: withModel ? endpoint : undefined,
        estimateOnly: output.estimate,
        checkpointMinutes: output.checkpointMinutes,
        ...machine,
      },
      hooks,
    );
    hooks.endPhase();
    return {
      text: [
        ...summary.interpretations.flatMap(({ file, interpretation }) => [
          `${interpretation.sae}: ${interpretation.conclusion}`,
          ...(interpretation.endpoint === null ? [] : [costOf(interpretation, interpretation.endpoint)]),
          ...interpretation.notes.map((note) => `note: ${note}`),
          ...(interpretation.stopped === null ? [] : [`stopped: ${interpretation.stopped}`]),
          file,
        ]),
        ...(summary.interpretations.length > 0 && !dashboard
          ? [`look at them with: monosemantic explore ${run}`]
          : []),
      ].join("\n"),
      json: summary,
    };
  },
});

function costOf(
  { asked, failed }: Interpretation,
  { spent }: NonNullable<Interpretation["endpoint"]>,
): string {
  const count = (n: number) => n.toLocaleString("en-US");
  return `${costSentence(spent)}; ${count(failed)} of ${count(asked)} questions got no usable answer`;
}
