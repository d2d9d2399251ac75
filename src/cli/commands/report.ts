/** `monosemantic report`: writes the report of a run directory again, whatever state the run is in. */

import { defineCommand } from "../command.ts";
import { OF_RUN } from "../sections.ts";

export const reportCommand = defineCommand({
  name: "report",
  summary: "write report.html and plots/ of a run directory",
  description:
    `Reads what a run left behind (run.json, metrics.jsonl, saes/NAME/evaluation.json) and writes report.html, one
    self-contained page, and each plot as an SVG file under plots/. Works for a run that is going on or failed too: what is
    not there yet is left out.`.replaceAll(/\n +/g, " "),
  examples: [
    { what: "look at a run while it trains", command: "monosemantic report runs/one-layer-8x" },
    { what: "where the files are, for a script", command: "monosemantic report runs/one-layer-8x --json" },
  ],
  positional: "run",
  sections: {
    input: {
      title: "Input",
      schema: OF_RUN,
    },
  },
  async run({ input }) {
    const { writeReport } = await import("../../report/write-report.ts");
    const written = writeReport(input.run);
    return {
      text: [written.report, ...written.plots.map((path) => `  ${path}`)].join("\n"),
      json: written,
    };
  },
});
