/** `monosemantic cancel`: lets a study stand still, from any machine that sees its directory. */

import { defineCommand } from "../command.ts";
import { OF_STUDY } from "../of-study.ts";
import { shellWord } from "../../files/shell-word.ts";

export const cancelCommand = defineCommand({
  name: "cancel",
  summary: "stop a study with checkpoints, wherever it is at work",
  description:
    `Everything that is at work on the study sees it within seconds and stops with a checkpoint; jobs that wait in a queue are taken
    out of it. What is done stays, and "monosemantic resume" goes on.`.replaceAll(/\n +/g, " "),
  examples: [{ what: "a study that is going on somewhere", command: "monosemantic cancel studies/widths" }],
  positional: "study",
  sections: { input: { title: "Input", schema: OF_STUDY } },
  async run({ input: { study } }) {
    const { StudyFolder } = await import("../../study/study-folder.ts");
    const { readState } = await import("../../study/read-state.ts");
    const { writeJson } = await import("../../files/atomic.ts");
    const folder = StudyFolder.open(study);
    const now = await readState(folder);
    if (now.complete) {
      const all = now.parts.length;
      return { text: `${study} is complete: nothing to cancel`, json: { study, done: all, parts: all } };
    }
    writeJson(folder.cancelled, { at: new Date().toISOString() });
    const { readEngine } = await import("../../study/engine-file.ts");
    if (readEngine(folder).engine === "slurm") {
      const { cancelSlurm } = await import("../../study/slurm/engine.ts");
      await cancelSlurm(folder);
    }
    const { done, parts } = await readState(folder);
    return {
      text: `cancelled: ${done} of ${parts.length} parts are done; "monosemantic resume ${shellWord(study)}" goes on`,
      json: { study, done, parts: parts.length },
    };
  },
});
