/**
 * The folders of a part's attempts: their numbers, and what each left.
 *
 *     attempts/0002/attempt.json    who is at work; without it the attempt never began
 *                   lock.json       there while it is at work (src/files/folder-lock.ts)
 *                   progress.json   its pulse, outcome.json its end, both with their room taken at the start
 *                   work/           what it has made so far; there only once it holds all that it inherited
 */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isLocked } from "../../files/folder-lock.ts";
import type { AttemptOutcome, AttemptProgress, AttemptRecord, AttemptView } from "../state.ts";
import { readReserved } from "./reserved-file.ts";

export const RECORD = "attempt.json";
export const PROGRESS = "progress.json";
export const OUTCOME = "outcome.json";
export const WORK = "work";
/** An inheritance under way: it becomes work/ when it is whole. */
export const INHERITING = "inheriting";

/** As `attemptPath` writes it: other names, longer numbers among them, are not ours. */
const NUMBER = /^(\d{4}|[1-9]\d{4,8})$/;

export function attemptPath(attempts: string, number: number): string {
  return join(attempts, String(number).padStart(4, "0"));
}

/** Numbers of the attempts, ascending, those that never began included. */
export function attemptNumbers(attempts: string): number[] {
  let names: string[];
  try {
    names = readdirSync(attempts);
  } catch {
    return [];
  }
  return names
    .filter((name) => NUMBER.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** Attempts that began, oldest first. What one left that is gone without a word is concluded. */
export function readAttempts(attempts: string): AttemptView[] {
  return attemptNumbers(attempts).flatMap((number) => readAttempt(attemptPath(attempts, number)) ?? []);
}

function readAttempt(path: string): AttemptView | undefined {
  const record = readReserved<AttemptRecord>(join(path, RECORD));
  if (record === null) return undefined;
  // In this order: an attempt that ends in between has written its outcome before it gave up its lock.
  const isAtWork = isLocked(path);
  const progress = readReserved<AttemptProgress>(join(path, PROGRESS));
  const outcome =
    readReserved<AttemptOutcome>(join(path, OUTCOME)) ?? (isAtWork ? null : gone(record, progress));
  return { record, progress, outcome };
}

/** Whether it left word of its end itself, or somebody for it. */
export function hasOutcome(path: string): boolean {
  return readReserved(join(path, OUTCOME)) !== null;
}

function gone({ host, pid, started }: AttemptRecord, progress: AttemptProgress | null): AttemptOutcome {
  return {
    ending: "killed",
    sentence: `process ${pid} on ${host} ended without a word`,
    at: progress?.at ?? started,
    signal: null,
  };
}
