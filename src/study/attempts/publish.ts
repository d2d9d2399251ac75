/**
 * The end of an attempt that did its work: work/ becomes the part's result by one rename. The first to rename wins; a rename onto a
 * result that is there fails. On NFS a rename can have happened and still be answered with an error, so the result itself says whose
 * it is.
 */

import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeFailure, writeJson } from "../../files/atomic.ts";
import { readTextIfThere } from "../../files/read.ts";
import type { StudyFolder } from "../study-folder.ts";
import { attemptNumbers, attemptPath, INHERITING, WORK } from "./attempt-folder.ts";
import type { Attempt } from "./claim.ts";
import { Cancelled, Superseded, whyToStop } from "./fence.ts";

/** In a result: which attempt made it. */
export const MADE_BY = "made-by.json";

/** @throws Superseded when the attempt no longer counts, Failure when the disk is full or cannot be written */
export function publish(folder: StudyFolder, part: string, attempt: Attempt): void {
  writeJson(join(attempt.work, MADE_BY), {
    part,
    attempt: attempt.number,
    id: attempt.id,
    finished: new Date().toISOString(),
  });
  const reason = whyToStop(folder, part, attempt);
  // What is finished is finished, cancelled or not.
  if (reason !== undefined && !(reason instanceof Cancelled)) throw reason;
  const result = folder.result(part);
  try {
    renameSync(attempt.work, result);
  } catch (error) {
    if (isOwn(result, attempt)) return;
    if (existsSync(result)) throw new Superseded(`${part} was done by another attempt meanwhile`);
    throw writeFailure(result, error);
  }
}

function isOwn(result: string, { id }: Attempt): boolean {
  const text = readTextIfThere(join(result, MADE_BY));
  return text !== undefined && text.includes(id);
}

/** What attempts at a part that is done have left beside their records. One that is still at work sees the result and ends. */
export function removeLeftovers(folder: StudyFolder, part: string): void {
  const attempts = folder.attemptsFolder(part);
  for (const number of attemptNumbers(attempts)) {
    for (const name of [WORK, INHERITING]) {
      try {
        rmSync(join(attemptPath(attempts, number), name), { recursive: true, force: true, maxRetries: 3 });
      } catch {
        // Someone still writes there: it will remove it itself.
      }
    }
  }
}
