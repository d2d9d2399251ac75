/** How an attempt ended, by what was thrown: whether to try again, and when, depends on it. */

import { Failure, messageOf, OutOfMemory, outOfMemory } from "../../errors.ts";
import type { AttemptOutcome, Ending } from "../state.ts";
import { Cancelled, Stopped, Superseded } from "./fence.ts";
import { LONGEST_SENTENCE } from "./reserved-file.ts";

/**
 * @param reason why it was asked to stop, if it was
 */
export function outcomeOf(error: unknown, reason: unknown): AttemptOutcome {
  const asked = [reason, error].find(
    (one) => one instanceof Superseded || one instanceof Cancelled || one instanceof Stopped,
  );
  if (asked instanceof Superseded) return outcome("superseded", asked.message);
  if (asked instanceof Cancelled) return outcome("cancelled", asked.message);
  if (asked instanceof Stopped) return outcome("interrupted", asked.message, asked.signal);
  if (isDiskFull(error)) return outcome("disk-full", messageOf(error));
  const memory = error instanceof OutOfMemory ? error : outOfMemory(error);
  if (memory !== undefined || codeOf(error) === "ERR_WORKER_OUT_OF_MEMORY") {
    return outcome("out-of-memory", messageOf(memory ?? error));
  }
  const bug = error instanceof Failure ? "" : "unexpected error: ";
  return outcome("failed", bug + messageOf(error));
}

export function outcome(
  ending: Ending,
  sentence: string,
  signal: NodeJS.Signals | null = null,
): AttemptOutcome {
  return { ending, sentence: sentence.slice(0, LONGEST_SENTENCE), at: new Date().toISOString(), signal };
}

/** Also of an error that crossed from a thread, where only its message is left. */
export function isDiskFull(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause) {
    const code = codeOf(one);
    if (code === "ENOSPC" || code === "EDQUOT") return true;
    if (/\b(ENOSPC|EDQUOT)\b|the disk is full|disk quota is used up/.test(one.message)) return true;
  }
  return false;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
