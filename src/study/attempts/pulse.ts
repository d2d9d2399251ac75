/**
 * The pulse of an attempt: every few seconds it says how far it is, and looks whether it still counts. When it does not, its signal
 * is aborted with the reason, and the work stops as it does for Ctrl-C, with a checkpoint.
 */

import { join } from "node:path";
import type { RunHooks } from "../../run/request.ts";
import type { AttemptProgress } from "../state.ts";
import { PROGRESS } from "./attempt-folder.ts";
import type { Attempt } from "./claim.ts";
import { overwrite } from "./reserved-file.ts";

/** Between two looks at whether it still counts, and two signs of life. */
export const PULSE_MS = 5000;

export interface Pulse {
  readonly signal: AbortSignal;
  /** Those given, with what passes through them noted. */
  readonly hooks: RunHooks;
  /** Says a last time how far it came. */
  stop(): void;
}

/**
 * @param whyToStop the reason, when there is one (fence.ts)
 * @param checkpoint how far its checkpoints go (reached.ts)
 */
export function startPulse(
  attempt: Attempt,
  hooks: RunHooks,
  { whyToStop, checkpoint }: { whyToStop: () => Error | undefined; checkpoint: () => number | null },
  every = PULSE_MS,
): Pulse {
  const fence = new AbortController();
  let at: Pick<AttemptProgress, "phase" | "done" | "total" | "unit"> = {
    phase: "starting",
    done: 0,
    total: null,
    unit: null,
  };
  const say = () =>
    overwrite(join(attempt.path, PROGRESS), {
      at: new Date().toISOString(),
      ...at,
      memoryBytes: process.memoryUsage.rss(),
      checkpoint: checkpoint(),
    } satisfies AttemptProgress);
  const beat = () => {
    say();
    const reason = whyToStop();
    if (reason !== undefined && !fence.signal.aborted) fence.abort(reason);
  };
  const timer = setInterval(beat, every).unref();
  say();
  const signal = hooks.signal ? AbortSignal.any([hooks.signal, fence.signal]) : fence.signal;
  return {
    signal,
    hooks: {
      signal,
      onPhase(name, total, unit) {
        at = { phase: name, done: 0, total: total ?? null, unit: unit ?? null };
        hooks.onPhase?.(name, total, unit);
      },
      onProgress(done, note) {
        at = { ...at, done };
        hooks.onProgress?.(done, note);
      },
      onNote: (line) => hooks.onNote?.(line),
    },
    stop() {
      clearInterval(timer);
      say();
    },
  };
}
