/** `monosemantic status`: how a study stands. */

import { statusLines } from "../../study/status-text.ts";
import { defineCommand } from "../command.ts";
import { OF_STUDY } from "../of-study.ts";

export const statusCommand = defineCommand({
  name: "status",
  summary: "say how a study stands: what is done, at work, waiting, failed",
  description:
    `Reads the study's directory, and asks the scheduler where the study was given to one. It changes nothing and can be asked from
    any machine that sees the directory, while the study is going on or not.`.replaceAll(/\n +/g, " "),
  examples: [
    { what: "in words", command: "monosemantic status studies/widths" },
    { what: "for a script", command: "monosemantic status studies/widths --json" },
  ],
  positional: "study",
  sections: { input: { title: "Input", schema: OF_STUDY } },
  async run({ input }) {
    const { StudyFolder } = await import("../../study/study-folder.ts");
    const { readEngine } = await import("../../study/engine-file.ts");
    const { readState } = await import("../../study/read-state.ts");
    const folder = StudyFolder.open(input.study);
    const { retry } = readEngine(folder);
    const state = await readState(folder, { policy: retry });
    return { text: statusLines(folder.plan, state).join("\n"), json: state };
  },
});
