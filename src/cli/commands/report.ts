/** `monosemantic report`: writes the report of a run or a study again, whatever state it is in. */

import { z } from "zod";
import { isStudy } from "../../study/study-folder.ts";
import { defineCommand } from "../command.ts";

export const reportCommand = defineCommand({
  name: "report",
  summary: "write report.html and plots/ of a run directory or a study",
  description:
    `Reads what a run left behind (run.json, metrics.jsonl, saes/NAME/evaluation.json) and writes report.html, one
    self-contained page, and each plot as an SVG file under plots/. Of a study it collects what came of every trial, says what
    each hyperparameter does to each outcome, and writes the data beside the page (trials.json, trials.csv, trials.parquet). Works
    for what is going on or failed too: what is not there yet is left out.`.replaceAll(/\n +/g, " "),
  examples: [
    { what: "look at a run while it trains", command: "monosemantic report runs/one-layer-8x" },
    { what: "what a study has found so far", command: "monosemantic report studies/widths" },
    { what: "where the files are, for a script", command: "monosemantic report runs/one-layer-8x --json" },
  ],
  positional: "run",
  sections: {
    input: {
      title: "Input",
      schema: z.object({
        run: z
          .string()
          .min(1)
          .describe("the run directory or the study's: what --out named")
          .meta({ placeholder: "FOLDER" }),
      }),
    },
  },
  async run({ input }) {
    if (isStudy(input.run)) {
      const { writeStudyReport } = await import("../../study/report/write-study-report.ts");
      const { report, files } = writeStudyReport(input.run);
      return { text: [report, ...files.map((path) => `  ${path}`)].join("\n"), json: { report, files } };
    }
    const { writeReport } = await import("../../report/write-report.ts");
    const written = writeReport(input.run);
    return {
      text: [written.report, ...written.plots.map((path) => `  ${path}`)].join("\n"),
      json: written,
    };
  },
});
