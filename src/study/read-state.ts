/** How a study stands: read from its files, by anybody, while it is going on or not. */

import { existsSync } from "node:fs";
import { readAttempts } from "./attempts/attempt-folder.ts";
import { readLeftOut } from "./left-out.ts";
import type { Part } from "./plan.ts";
import { forgivenUpTo, verdictOn } from "./retries.ts";
import { type RetryPolicy, retrySchema } from "./retry-policy.ts";
import type {
  AttemptOutcome,
  AttemptView,
  PartState,
  ScheduledPart,
  Scheduler,
  StudyState,
} from "./state.ts";
import type { StudyFolder } from "./study-folder.ts";

export interface StateOptions {
  /** Asked what the files cannot say. */
  readonly scheduler?: Scheduler | undefined;
  /** By which parts that failed are told from those that will be tried again. */
  readonly policy?: RetryPolicy | undefined;
}

export async function readState(
  folder: StudyFolder,
  { scheduler, policy = retrySchema.parse({}) }: StateOptions = {},
): Promise<StudyState> {
  const alive = await scheduler?.alive();
  const cancelled = existsSync(folder.cancelled);
  const known = new Map<string, PartState>();
  for (const part of folder.plan.parts) {
    const attempts = await concluded(readAttempts(folder.attemptsFolder(part.name)), scheduler);
    const scheduled = alive?.get(part.name);
    known.set(part.name, partState({ folder, part, attempts, scheduled, cancelled, policy, known }));
  }
  const parts = [...known.values()];
  const count = (status: PartState["status"]) => parts.filter((one) => one.status === status).length;
  const done = count("done");
  return { parts, done, failed: count("failed"), cancelled, complete: done === parts.length };
}

/** Gone without a word, or stopped by a signal, which does not say why it was sent. */
function isUnexplained({ ending }: AttemptOutcome): boolean {
  return ending === "killed" || ending === "interrupted";
}

/** What the scheduler knows of attempts that left no word. */
async function concluded(
  attempts: readonly AttemptView[],
  scheduler: Scheduler | undefined,
): Promise<AttemptView[]> {
  return Promise.all(
    attempts.map(async (attempt) => {
      if (scheduler === undefined || attempt.outcome === null || !isUnexplained(attempt.outcome))
        return attempt;
      const found = await scheduler.ending(attempt);
      return found === undefined ? attempt : { ...attempt, outcome: { ...attempt.outcome, ...found } };
    }),
  );
}

interface Known {
  readonly folder: StudyFolder;
  readonly part: Part;
  readonly attempts: readonly AttemptView[];
  readonly scheduled: ScheduledPart | undefined;
  readonly cancelled: boolean;
  readonly policy: RetryPolicy;
  /** Of the parts before it: a part stands behind those that it needs. */
  readonly known: ReadonlyMap<string, PartState>;
}

function partState(found: Known): PartState {
  const { part, attempts } = found;
  return { part, attempts, ...statusOf(found) };
}

function statusOf({
  folder,
  part,
  attempts,
  scheduled,
  cancelled,
  policy,
  known,
}: Known): Pick<PartState, "status" | "sentence"> {
  if (folder.isDone(part.name)) return { status: "done", sentence: leftOutOf(folder, part) };
  const atWork = attempts.findLast(({ outcome }) => outcome === null);
  if (atWork !== undefined) {
    const { number, continues } = atWork.record;
    return {
      status: "running",
      sentence: continues === null ? null : `attempt ${number}, goes on from attempt ${continues}`,
    };
  }
  if (scheduled !== undefined && !cancelled) {
    const { state, job, reason } = scheduled;
    return { status: state, sentence: reason === null ? `job ${job}` : `job ${job}: ${reason}` };
  }
  const verdict = verdictOn(attempts, forgivenUpTo(folder, part.name), policy);
  // Cancelled or not: `retry` forgives it.
  if (!verdict.again) return { status: "failed", sentence: verdict.sentence };
  if (cancelled) return { status: "cancelled", sentence: null };
  const open = part.needs.map((need) => known.get(need)).filter((need) => need?.status !== "done");
  if (open.length > 0) return { status: "waiting", sentence: waitsFor(open) };
  if (verdict.sentence === null)
    return { status: attempts.length > 0 ? "interrupted" : "ready", sentence: null };
  const later = verdict.notBefore > Date.now() ? `; tried again at ${timeOf(verdict.notBefore)}` : "";
  return { status: "interrupted", sentence: verdict.sentence + later };
}

function leftOutOf(folder: StudyFolder, { name, stage }: Part): string | null {
  if (stage !== "train") return null;
  const left = Object.entries(readLeftOut(folder.result(name)));
  return left.length === 0 ? null : left.map(([trial, why]) => `left out: ${trial}, ${why}`).join("; ");
}

function waitsFor(open: readonly (PartState | undefined)[]): string {
  const stuck = open.find((need) => need !== undefined && isStuck(need));
  if (stuck !== undefined) return `cannot go on without ${stuck.part.name}`;
  const names = open.map((need) => need?.part.name ?? "?");
  return names.length > 3 ? `for ${names.length} parts` : `for ${names.join(", ")}`;
}

/** A part that failed for good, or waits for one. */
export function isStuck({ status, sentence }: PartState): boolean {
  return status === "failed" || (status === "waiting" && sentence?.startsWith("cannot go on") === true);
}

function timeOf(time: number): string {
  return new Date(time).toTimeString().slice(0, 8);
}
