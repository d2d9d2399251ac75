/** Whether a part is to be tried again, when, and with how much memory: the retry policy on what its attempts have come to. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, writeAtomic } from "../files/atomic.ts";
import { attemptNumbers } from "./attempts/attempt-folder.ts";
import type { RetryPolicy } from "./retry-policy.ts";
import type { AttemptView, Ending } from "./state.ts";
import type { StudyFolder } from "./study-folder.ts";

export interface Verdict {
  /** False: it has failed, until a person forgives it. */
  readonly again: boolean;
  /** Milliseconds since 1970 before which another try is no use. */
  readonly notBefore: number;
  /** Times the forecast. */
  readonly memoryFactor: number;
  /** Why it is not tried again, or what the last try ended with; null where there is nothing to say. */
  readonly sentence: string | null;
}

/** What counts against which number of the policy. Other endings count against none. */
const COUNTED: Readonly<
  Partial<Record<Ending, "failed" | "outOfMemory" | "diskFull" | "nodeFailure" | "stalls">>
> = {
  failed: "failed",
  "out-of-memory": "outOfMemory",
  "disk-full": "diskFull",
  "node-failure": "nodeFailure",
  killed: "nodeFailure",
  interrupted: "stalls",
  "time-limit": "stalls",
  preempted: "stalls",
};

const WORDS = {
  failed: "failed",
  outOfMemory: "ran out of memory",
  diskFull: "found the disk full",
  nodeFailure: "was killed, or lost its node,",
  stalls: "was interrupted before it could save anything new",
} as const;

/**
 * @param attempts of the part, oldest first
 * @param forgiven number of the last attempt that does not count
 */
export function verdictOn(attempts: readonly AttemptView[], forgiven: number, policy: RetryPolicy): Verdict {
  const counts = { failed: 0, outOfMemory: 0, diskFull: 0, nodeFailure: 0, stalls: 0 };
  let furthest = -1;
  let last: AttemptView | undefined;
  for (const attempt of attempts) {
    const checkpoint = attempt.progress?.checkpoint ?? -1;
    const gotFurther = checkpoint > furthest;
    furthest = Math.max(furthest, checkpoint);
    if (attempt.record.number <= forgiven || attempt.outcome === null) continue;
    const kind = COUNTED[attempt.outcome.ending];
    if (kind === undefined) continue;
    last = attempt;
    if (gotFurther) Object.assign(counts, { diskFull: 0, nodeFailure: 0, stalls: 0 });
    // What got further and was stopped from outside was no try in vain.
    if (!gotFurther || kind === "failed" || kind === "outOfMemory" || kind === "diskFull") counts[kind]++;
  }
  const ended = last?.outcome ?? null;
  const memoryFactor = policy.memoryGrowth ** counts.outOfMemory;
  const spent = (Object.keys(counts) as (keyof typeof counts)[]).find((kind) => counts[kind] > policy[kind]);
  if (spent !== undefined && ended !== null) {
    const times = counts[spent] === 1 ? "" : ` ${counts[spent]} times`;
    return {
      again: false,
      notBefore: 0,
      memoryFactor,
      sentence: `${WORDS[spent]}${times}: ${ended.sentence}`,
    };
  }
  const wait = ended?.ending === "disk-full" ? policy.diskFullWait * 1000 : 0;
  return {
    again: true,
    notBefore: wait > 0 ? Date.parse(ended!.at) + wait : 0,
    memoryFactor,
    sentence: ended?.sentence ?? null,
  };
}

/** Number of the last attempt that no longer counts as a failure. */
export function forgivenUpTo(folder: StudyFolder, part: string): number {
  const path = forgivenFile(folder, part);
  return existsSync(path) ? Number(readFileSync(path, "utf8")) || 0 : 0;
}

/** All that went wrong with a part so far is forgotten: it has all its tries again. */
export function forgive(folder: StudyFolder, part: string): void {
  makeFolder(folder.partFolder(part));
  writeAtomic(forgivenFile(folder, part), `${attemptNumbers(folder.attemptsFolder(part)).at(-1) ?? 0}\n`);
}

function forgivenFile(folder: StudyFolder, part: string): string {
  return join(folder.partFolder(part), "forgiven");
}
