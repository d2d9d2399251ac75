/** `monosemantic resume`: goes on with a study that was stopped, cancelled, killed, or whose machine went away. */

import { z } from "zod";
import { defineCommand } from "../command.ts";
import { goOn, tendStudy } from "../go-on.ts";
import { OF_STUDY } from "../of-study.ts";

export const resumeCommand = defineCommand({
  name: "resume",
  summary: "go on with a study, wherever it was stopped",
  description:
    `Does what is not done yet, with the engine that the study was started with. What was begun goes on from its newest checkpoint and
    gives the bits of a study that was left alone. Nothing is done twice, and a study that is complete stays as it is.`.replaceAll(
      /\n +/g,
      " ",
    ),
  examples: [{ what: "after the machine was restarted", command: "monosemantic resume studies/widths" }],
  positional: "study",
  sections: {
    input: {
      title: "Input",
      schema: OF_STUDY.extend({
        tend: z
          .boolean()
          .default(false)
          .describe(
            "as the job that looks after a study on Slurm does it: wait for a controller that is away, and leave a cancelled study alone",
          ),
      }),
    },
  },
  run: ({ input: { study, tend } }, context) => (tend ? tendStudy(study, context) : goOn(study, context)),
});
