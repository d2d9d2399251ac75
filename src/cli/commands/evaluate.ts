/** `monosemantic evaluate`: how faithful a dictionary is, for any SAE in SAELens layout. */

import { z } from "zod";
import { defineCommand } from "../command.ts";
import { runHooks } from "../run-progress.ts";
import { scoreLine } from "../score-line.ts";
import { DEVICE, EVALUATION, HOOK, MODEL, RECORDS, TEXT, hubOptions } from "../sections.ts";

const { hook, context } = HOOK.schema.shape;

export const evaluateCommand = defineCommand({
  name: "evaluate",
  summary: "measure dictionaries on a text: loss recovered, explained variance, density, …",
  description:
    `Replaces the activation at a hook point by a dictionary's reconstruction and measures what that costs the
    model, beside zero and mean ablation, with bootstrap intervals over documents; and what the dictionary does: explained
    variance, L0, densities, dead and rare features. Works for any SAE in SAELens layout (cfg.json and
    sae_weights.safetensors: standard, topk, jumprelu, gated), and for all dictionaries of a run directory at once.
    Writes evaluation.json and features.safetensors beside each dictionary, or below --out.
    Only held-out documents are used: give the --heldout-share that training had, then nothing of them was trained on.`.replaceAll(
      /\n +/g,
      " ",
    ),
  examples: [
    {
      what: "a dictionary that someone else trained, on your text",
      command:
        "monosemantic evaluate --model openai-community/gpt2 --sae gpt2-sae/ --data corpus/ --all-text --out checked",
    },
    {
      what: "every dictionary of a run again, on more tokens",
      command:
        "monosemantic evaluate --model models/mine --sae runs/mine --data corpus/ --evaluation-tokens 2M",
    },
  ],
  sections: {
    model: MODEL,
    dictionary: {
      title: "Dictionary",
      schema: z.object({
        sae: z
          .array(z.string().min(1))
          .min(1)
          .describe("folder of a dictionary, or a run directory with several")
          .meta({ placeholder: "FOLDER,…" }),
        hook: hook.describe("hook point it reads (default: what its cfg.json says)"),
        context: context.describe("tokens in a context, BOS included (default: what its cfg.json says)"),
      }),
    },
    text: TEXT,
    records: RECORDS,
    evaluation: {
      title: "Evaluation",
      schema: EVALUATION.schema.omit({ evaluateAt: true }).extend({
        allText: z
          .boolean()
          .default(false)
          .describe("use every document: for a text that the dictionary was certainly not trained on"),
        seed: z.int().min(0).default(0).describe("seed of the bootstrap"),
        out: z
          .string()
          .min(1)
          .optional()
          .describe("folder for the results, in one folder a dictionary (default: beside each dictionary)")
          .meta({ placeholder: "FOLDER" }),
      }),
    },
    machine: DEVICE,
  },
  async run({ model, dictionary, text, records, evaluation, machine }, context) {
    const { evaluateFromDisk } = await import("../../run/evaluation.ts");
    const { sae, ...place } = dictionary;
    const hooks = runHooks(context);
    const hub = hubOptions(model);
    const saes = await evaluateFromDisk(
      {
        model: model.model,
        hub,
        saes: sae,
        ...place,
        ...text,
        reading: { ...records, hub: model.offline ? { offline: true } : {} },
        ...evaluation,
        threads: machine.threads,
        device: machine.device,
      },
      hooks,
    );
    hooks.endPhase();
    return {
      text: saes
        .map(({ name, folder, evaluation: e }) => `${scoreLine(name, e)}\n  ${folder}/evaluation.json`)
        .join("\n"),
      json: { saes },
    };
  },
});
