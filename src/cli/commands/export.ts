/** `monosemantic export`: an analysed run for others, as a page that needs no server, or for Neuronpedia; what people rated in it. */

import { z } from "zod";
import { defineCommand } from "../command.ts";
import { runHooks } from "../run-progress.ts";
import { OF_SAES } from "../sections.ts";

export const exportCommand = defineCommand({
  name: "export",
  summary:
    "write the features of a run as a page that opens without a server, or for Neuronpedia, or its ratings",
  description:
    `With --html: a folder with the explorer's page and everything that is stored of the run, to be opened from the disk
    (index.html) or put on any web server; what needs the model says so.
    With --neuronpedia: the files that Neuronpedia imports, beside SAEDashboard's, with the effect of ablating each feature on the
    contexts for which it was computed.
    With --ratings: what people rated in the explorer, every rating with what it was of, and what they add up to.`.replaceAll(
      /\n +/g,
      " ",
    ),
  examples: [
    {
      what: "a page to send to somebody",
      command: "monosemantic export runs/one-layer-8x --html shared/one-layer",
    },
    {
      what: "for an instance of Neuronpedia",
      command: "monosemantic export runs/gpt2-8x --neuronpedia out --model-id gpt2-small --set-name mlp-mine",
    },
    {
      what: "ratings for a spreadsheet",
      command: "monosemantic export runs/one-layer-8x --ratings ratings.csv",
    },
  ],
  positional: "run",
  sections: {
    input: {
      title: "Input",
      schema: OF_SAES,
    },
    output: {
      title: "Output",
      schema: z
        .object({
          html: z
            .string()
            .min(1)
            .optional()
            .describe("folder for the page: a new or empty one, or an earlier export, which is replaced")
            .meta({ placeholder: "FOLDER" }),
          neuronpedia: z
            .string()
            .min(1)
            .optional()
            .describe("folder for Neuronpedia's files")
            .meta({ placeholder: "FOLDER" }),
          ratings: z
            .string()
            .min(1)
            .optional()
            .describe("file for what people rated; its name ends in .json or .csv")
            .meta({ placeholder: "FILE" }),
          modelId: z
            .string()
            .min(1)
            .optional()
            .describe("what Neuronpedia calls the model (default: the model's name)")
            .meta({ placeholder: "ID", verbatim: true }),
          setName: z
            .string()
            .min(1)
            .optional()
            .describe("what Neuronpedia shall call the set of dictionaries (default: the run's name)")
            .meta({ placeholder: "NAME", verbatim: true }),
          creator: z
            .string()
            .min(1)
            .default("monosemantic")
            .describe("whom Neuronpedia shall name as the creator")
            .meta({ placeholder: "NAME", verbatim: true }),
        })
        .refine(
          ({ html, neuronpedia, ratings }) => [html, neuronpedia, ratings].some((one) => one !== undefined),
          {
            error:
              "give --html FOLDER, --neuronpedia FOLDER or --ratings FILE: without one there is nothing to write",
          },
        ),
    },
  },
  async run({ input, output }, context) {
    const hooks = runHooks(context);
    const { run, sae: saes } = input;
    const { html, neuronpedia, ratings, ...names } = output;
    const text: string[] = [];
    const json: Record<string, unknown> = {};
    if (html !== undefined) {
      const { exportHtml } = await import("../../explorer/export-html.ts");
      const exported = await exportHtml({ run, saes, folder: html }, hooks);
      const what =
        exported.units === 0
          ? `curves only: "monosemantic features ${run}" finds out what its features mean`
          : `${exported.units} units`;
      text.push(`${exported.index} (${what}, ${(exported.bytes / 1e6).toFixed(1)} MB)`);
      json["html"] = exported;
    }
    if (neuronpedia !== undefined) {
      const { exportNeuronpediaFolder } = await import("../../explorer/export-neuronpedia.ts");
      const exported = await exportNeuronpediaFolder({ run, saes, folder: neuronpedia, ...names }, hooks);
      text.push(...exported.map(({ folder, features }) => `${folder} (${features} features)`));
      json["neuronpedia"] = exported;
    }
    if (ratings !== undefined) {
      const { exportRatings } = await import("../../explorer/export-ratings.ts");
      const exported = exportRatings({ run, saes, file: ratings });
      text.push(`${exported.file} (${exported.ratings} ratings by ${exported.raters})`);
      json["ratings"] = exported;
    }
    hooks.endPhase();
    return { text: text.join("\n"), json };
  },
});
