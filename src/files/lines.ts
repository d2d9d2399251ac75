/** JSON Lines files that a run appends to, and that survive being cut in the middle of a line. */

import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { writeAtomic, writeFailure } from "./atomic.ts";

/** @throws Failure naming the path when the line cannot be written */
export function appendLine(path: string, value: unknown): void {
  try {
    appendFileSync(path, JSON.stringify(value) + "\n");
  } catch (error) {
    throw writeFailure(path, error);
  }
}

/** Every complete line; a last line that a crash cut short is left out. None when the file does not exist. */
export function readLines(path: string): Record<string, unknown>[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line) => {
      try {
        return line ? [JSON.parse(line) as Record<string, unknown>] : [];
      } catch {
        return [];
      }
    });
}

/** Rewrites the file with those of its complete lines that `keep` accepts. */
export function keepLines(path: string, keep: (line: Record<string, unknown>) => boolean): void {
  if (!existsSync(path)) return;
  const kept = readLines(path).filter(keep);
  writeAtomic(path, kept.map((line) => JSON.stringify(line) + "\n").join(""));
}
