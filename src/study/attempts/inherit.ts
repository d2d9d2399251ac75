/**
 * What an attempt goes on from: the work of the earlier attempt that got furthest, whether that one was stopped, was killed, or is
 * still at it somewhere without knowing that it no longer counts. Its files are linked or copied, so nothing it does afterwards
 * reaches here. Of damaged checkpoints the one before counts, or the next earlier attempt.
 */

import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../../errors.ts";
import { makeFolder, removeTemporaries, writeFailure } from "../../files/atomic.ts";
import { discardDamaged } from "../../files/checkpoints.ts";
import type { Stage } from "../plan.ts";
import { attemptNumbers, attemptPath, INHERITING, WORK } from "./attempt-folder.ts";
import type { Attempt } from "./claim.ts";
import { mirror } from "./mirror.ts";
import { reached } from "./reached.ts";

/** A folder that someone is at work in is copied again when it changed meanwhile. */
const TRIES = 3;

/**
 * Fills the work folder of an attempt, from an earlier one, or with the result that the stage begins with (`base`), or empty.
 * @returns number of the attempt that it goes on from; null for none
 * @throws Failure when the disk is full or cannot be written
 */
export async function inherit(
  attempts: string,
  attempt: Pick<Attempt, "number" | "path" | "work">,
  stage: Stage,
  base: string | null,
): Promise<number | null> {
  const place = join(attempt.path, INHERITING);
  const candidates = earlier(attempts, attempt.number, stage);
  let from: number | null = null;
  for (const [i, { number, work }] of candidates.entries()) {
    const got = await copied(work, place, stage);
    if (got >= (candidates[i + 1]?.reached ?? 0)) {
      from = number;
      break;
    }
    rmSync(place, { recursive: true, force: true });
  }
  try {
    if (from === null && base === null) makeFolder(place);
    else if (from === null) await mirror(base!, place);
    renameSync(place, attempt.work);
  } catch (error) {
    throw error instanceof Failure ? error : writeFailure(attempt.work, error);
  }
  return from;
}

interface Candidate {
  readonly number: number;
  readonly work: string;
  readonly reached: number;
}

/** Furthest first; of equal ones the latest. */
function earlier(attempts: string, below: number, stage: Stage): Candidate[] {
  return (
    attemptNumbers(attempts)
      .filter((number) => number < below)
      .map((number) => ({ number, work: join(attemptPath(attempts, number), WORK) }))
      .filter(({ work }) => existsSync(work))
      .map((candidate) => ({ ...candidate, reached: reached(stage, candidate.work) ?? -1 }))
      // What has saved nothing is no gain, and may hold what was damaged in the stage before.
      .filter((candidate) => candidate.reached >= 0)
      .sort((a, b) => b.reached - a.reached || b.number - a.number)
  );
}

/** @returns how far it goes without what is damaged */
async function copied(work: string, place: string, stage: Stage): Promise<number> {
  for (let left = TRIES; left > 0; left--) {
    rmSync(place, { recursive: true, force: true });
    // Removed under our hands: its part was done by someone else, which will be noticed.
    if (!existsSync(work)) return -1;
    if (await mirror(work, place)) break;
  }
  removeTemporaries(place);
  for (const folder of checkpointFolders(place)) discardDamaged(folder);
  return reached(stage, place) ?? -1;
}

/** Every folder that holds numbered checkpoints. */
function checkpointFolders(place: string): string[] {
  const found = new Set<string>();
  for (const entry of readdirSync(place, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory() && /^\d{8}$/.test(entry.name)) found.add(entry.parentPath);
  }
  return [...found];
}
