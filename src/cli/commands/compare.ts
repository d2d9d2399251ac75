/** `monosemantic compare`: what two dictionaries have in common, and how features of one split in the other. */

import { z } from "zod";
import { comparisonTable } from "../../features/comparison/summary-table.ts";
import { defineCommand } from "../command.ts";
import { freshRunFolder, runHooks } from "../run-progress.ts";
import { MACHINE } from "../sections.ts";

export const compareCommand = defineCommand({
  name: "compare",
  summary: "compare two dictionaries: universality, feature splitting, twins",
  description:
    `Reads the same tokens through two dictionaries and finds for every feature of each the best match in the other: by
    correlation of activations (universality), by masked cosine (a feature that splits into several), and, where both read the same
    hook point of the same model, by decoder and encoder direction. They may be of different widths, seeds, layers or models; two
    models need the same tokenizer, and their neurons are compared too, for a measure. Writes compare.json with every pair, and prints the
    medians. The tokens are the held-out ones of A's run, or of B's, unless --data names a text.`.replaceAll(
      /\n +/g,
      " ",
    ),
  examples: [
    {
      what: "do features of the smaller dictionary split in the larger one?",
      command: "monosemantic compare runs/grid/saes/x8 runs/grid/saes/x32",
    },
    {
      what: "are the features of two models the same?",
      command: "monosemantic compare runs/model-a runs/model-b --tokens 1M --out compared",
    },
    {
      what: "dictionaries that someone else trained",
      command: "monosemantic compare sae-1/ sae-2/ --model openai-community/gpt2 --data corpus/",
    },
  ],
  positional: "dictionaries",
  sections: {
    input: {
      title: "Input",
      schema: z.object({
        dictionaries: z
          .array(z.string().min(1))
          .min(1)
          .describe("two folders: of dictionaries, or run directories with one dictionary each")
          .meta({ placeholder: "A,B" }),
        model: z
          .array(z.string().min(1))
          .min(1)
          .max(2)
          .optional()
          .describe(
            "where the model is, when no run.json says so or it has moved (one for both, or A's and B's)",
          )
          .meta({ placeholder: "FOLDER|ID,…" }),
        data: z
          .array(z.string().min(1))
          .min(1)
          .optional()
          .describe("text to compare them on, all of it (default: held-out tokens of A's run, or of B's)")
          .meta({ placeholder: "PATH,…" }),
      }),
    },
    comparison: {
      title: "Comparison",
      schema: z.object({
        tokens: z
          .int()
          .positive()
          .default(200_000)
          .describe("tokens to compare them on; where a run has fewer held-out ones, training tokens too"),
        minActive: z
          .int()
          .positive()
          .default(10)
          .describe(
            "leave out features active on fewer of them: on a few tokens anything correlates with anything",
          ),
        seed: z.int().min(0).default(0).describe("seed of the bootstrap"),
        out: z
          .string()
          .min(1)
          .optional()
          .describe("folder for compare.json (default: a new one under runs/)")
          .meta({ placeholder: "FOLDER" }),
      }),
    },
    machine: MACHINE,
  },
  async run({ input, comparison, machine }, context) {
    const { compareDictionaries } = await import("../../run/compare.ts");
    const hooks = runHooks(context);
    const { dictionaries, model, data } = input;
    const { path, result } = await compareDictionaries(
      {
        dictionaries,
        models: model,
        data,
        ...comparison,
        out: comparison.out ?? freshRunFolder({ configName: "compare" }),
        threads: machine.threads,
      },
      hooks,
    );
    hooks.endPhase();
    const { features: _features, edges: _edges, ...summary } = result;
    return { text: `${comparisonTable(result)}\n\n${path}`, json: { path, ...summary } };
  },
});
