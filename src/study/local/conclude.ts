/** How the attempt of a process that has ended came out, where the process itself could not write it down. */

import { hostname } from "node:os";
import { join } from "node:path";
import { attemptPath, hasOutcome, OUTCOME, readAttempts } from "../attempts/attempt-folder.ts";
import { outcome } from "../attempts/ending.ts";
import { overwrite } from "../attempts/reserved-file.ts";
import { DISK_FULL, INTERRUPTED } from "../exit-codes.ts";
import type { AttemptOutcome } from "../state.ts";
import type { StudyFolder } from "../study-folder.ts";
import type { PartEnd } from "./part-process.ts";

/** What V8 and C++ write before they abort. */
const OUT_OF_MEMORY = /heap out of memory|allocation failed|bad_alloc/i;

/** @returns the sentence of its end; undefined when the process never began an attempt */
export function conclude(
  folder: StudyFolder,
  part: string,
  pid: number | undefined,
  end: PartEnd,
): string | undefined {
  const attempts = folder.attemptsFolder(part);
  const attempt = readAttempts(attempts).findLast(
    ({ record }) => record.pid === pid && record.host === hostname(),
  );
  if (attempt === undefined) return undefined;
  const path = attemptPath(attempts, attempt.record.number);
  if (hasOutcome(path)) return attempt.outcome?.sentence;
  const concluded = outcomeOfProcess(end);
  overwrite(join(path, OUTCOME), concluded);
  return concluded.sentence;
}

function outcomeOfProcess({ code, signal, said }: PartEnd): AttemptOutcome {
  const last = lastSentence(said);
  if (OUT_OF_MEMORY.test(said)) return outcome("out-of-memory", last ?? "out of memory");
  if (signal !== null) {
    const why = signal === "SIGKILL" ? ", as the system does when memory runs out" : "";
    return outcome("killed", `killed by ${signal}${why}`, signal);
  }
  if (code === DISK_FULL) return outcome("disk-full", last ?? "the disk is full");
  if (code === INTERRUPTED) return outcome("interrupted", last ?? "interrupted");
  return outcome("failed", last ?? `ended with exit code ${code}`);
}

/** The last line of what a process said that says anything. */
export function lastSentence(said: string): string | undefined {
  return said
    .split("\n")
    .map((line) => line.trim())
    .findLast((line) => line !== "")
    ?.replace(/^monosemantic: /, "");
}
