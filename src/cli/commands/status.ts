/** `monosemantic status`: how a study stands. */

import { statusLines } from "../../study/status-text.ts";
import { defineCommand } from "../command.ts";
import { OF_STUDY } from "../of-study.ts";
import { shellWord } from "../../files/shell-word.ts";

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
    const { schedulerOf } = await import("../../study/scheduler-of.ts");
    const { engine, retry } = readEngine(folder);
    const scheduler = await schedulerOf(folder, engine);
    const alive = await scheduler?.alive();
    const asked = scheduler && { alive: async () => alive, ending: scheduler.ending.bind(scheduler) };
    const state = await readState(folder, { policy: retry, scheduler: asked });
    const lines = statusLines(folder.plan, state);
    if (scheduler !== undefined && !state.complete && !state.cancelled) {
      if (alive === undefined) lines.push("Slurm does not answer: this is what the study's own files say");
      else if (alive.size === 0)
        lines.push(`nothing is in Slurm's queue: "monosemantic resume ${shellWord(input.study)}" goes on`);
    }
    return { text: lines.join("\n"), json: state };
  },
});
