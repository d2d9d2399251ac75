/** `monosemantic work`: one part of a study, done by this process. Engines start it; a person may too. */

import { z } from "zod";
import { Stopped } from "../../study/attempts/fence.ts";
import { exitCodeOf } from "../../study/exit-codes.ts";
import { defineCommand } from "../command.ts";
import { Interruption } from "../interruption.ts";
import { runHooks } from "../run-progress.ts";
import { OF_STUDY } from "../of-study.ts";

export const workCommand = defineCommand({
  name: "work",
  summary: "do one part of a study here (what sweep and job scripts start)",
  description:
    `Takes over what an earlier attempt at the part has left, goes on with it, and publishes the result. Should another attempt at
    the same part begin, the one before stops. TERM and USR1 stop it with a checkpoint. Exit codes: 0 done, or somebody else does it;
    75 interrupted with a checkpoint; 74 the disk is full; 1 failed; 130 Ctrl-C; 143 the study was cancelled.`.replaceAll(
      /\n +/g,
      " ",
    ),
  examples: [{ what: "one part by hand", command: "monosemantic work studies/widths --part train-g2" }],
  positional: "study",
  sections: {
    input: {
      title: "Input",
      schema: OF_STUDY.extend({
        part: z.string().min(1).describe("the part, as status names it").meta({ placeholder: "NAME" }),
      }),
    },
  },
  async run({ input: { study, part } }, context) {
    const stop = stopSignal(context.signal);
    // A log on a full disk must not end the work, which says so itself.
    process.stderr.on("error", () => {});
    const { StudyFolder } = await import("../../study/study-folder.ts");
    const { workOn } = await import("../../study/work/work.ts");
    const hooks = runHooks({ ...context, signal: stop });
    const ended = await workOn(StudyFolder.open(study), part, hooks);
    if (ended.ending === "done") hooks.endPhase();
    return {
      text: `${part}: ${ended.ending === "done" ? "" : `${ended.ending}: `}${ended.sentence}`,
      json: { study, part, ...ended },
      exitCode: exitCodeOf(ended),
    };
  },
});

/** Ctrl-C and TERM as they come to every command; and USR1, by which Slurm says that the time limit is near. */
function stopSignal(signal: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const onStop = () => {
    const { reason } = signal;
    controller.abort(new Stopped(reason instanceof Interruption ? reason.signal : "SIGTERM"));
  };
  if (signal.aborted) onStop();
  signal.addEventListener("abort", onStop);
  process.on("SIGUSR1", () => controller.abort(new Stopped("SIGUSR1")));
  return controller.signal;
}
