/** Exit codes of `monosemantic work`: what an engine, or a job script, is to do next. */

import type { AttemptOutcome } from "./state.ts";

/** Interrupted with a checkpoint: back into the queue (EX_TEMPFAIL). */
export const INTERRUPTED = 75;
/** Wait, and try again (EX_IOERR). */
export const DISK_FULL = 74;

export function exitCodeOf({ ending, signal }: Pick<AttemptOutcome, "ending" | "signal">): number {
  switch (ending) {
    case "done":
    case "superseded":
      return 0;
    case "interrupted":
      return signal === "SIGINT" ? 130 : INTERRUPTED;
    case "cancelled":
      return 143;
    case "disk-full":
      return DISK_FULL;
    default:
      return 1;
  }
}
