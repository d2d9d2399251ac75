/** `monosemantic retry`: forgives what failed and goes on. */

import { z } from "zod";
import { UsageError } from "../../errors.ts";
import { defineCommand } from "../command.ts";
import { goOn } from "../go-on.ts";
import { OF_STUDY } from "../of-study.ts";

export const retryCommand = defineCommand({
  name: "retry",
  summary: "try parts of a study again that have failed, when the cause is removed",
  description:
    `A part that has failed as often as it may is left alone, with everything that needs it. This gives it all its tries again, from its
    newest checkpoint on, and goes on with the study as "monosemantic resume" does.`.replaceAll(/\n +/g, " "),
  examples: [
    { what: "everything that failed", command: "monosemantic retry studies/widths" },
    { what: "one part", command: "monosemantic retry studies/widths --part train-g2" },
  ],
  positional: "study",
  sections: {
    input: {
      title: "Input",
      schema: OF_STUDY.extend({
        part: z
          .array(z.string().min(1))
          .min(1)
          .optional()
          .describe("parts, as status names them (default: all that failed)")
          .meta({ placeholder: "NAME,…" }),
      }),
    },
  },
  async run({ input: { study, part } }, context) {
    const { StudyFolder } = await import("../../study/study-folder.ts");
    const { readEngine } = await import("../../study/engine-file.ts");
    const { readState } = await import("../../study/read-state.ts");
    const { forgive } = await import("../../study/retries.ts");
    const folder = StudyFolder.open(study);
    const named = part?.map((name) => folder.part(name).name);
    const { engine, retry } = readEngine(folder);
    const { schedulerOf } = await import("../../study/scheduler-of.ts");
    const state = await readState(folder, { policy: retry, scheduler: await schedulerOf(folder, engine) });
    const failed = state.parts.filter(({ status }) => status === "failed").map((one) => one.part.name);
    const other = named?.find((name) => !failed.includes(name));
    if (other !== undefined) {
      throw new UsageError(
        `${other} has not failed; failed: ${failed.length > 0 ? failed.join(", ") : "nothing"}`,
      );
    }
    for (const name of named ?? failed) forgive(folder, name);
    return goOn(study, context);
  },
});
