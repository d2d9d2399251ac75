/**
 * Small files whose room is taken when they are made, so that they can still be written on a full disk: a JSON value, and spaces up
 * to a fixed length. They are overwritten in place by one write, and so never grow, and no other file is needed beside them.
 */

import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { writeFailure } from "../../files/atomic.ts";

const BYTES = 4096;

/** Longer text in a value is cut by whoever writes it: a sentence of this many characters fits, whatever its characters. */
export const LONGEST_SENTENCE = 900;

/** @throws Failure when there is no room, or the file is there already */
export function reserve(path: string): void {
  try {
    write(path, "wx", "");
  } catch (error) {
    throw writeFailure(path, error);
  }
}

/** @returns false when it could not be written; whoever waits for it then has to do without */
export function overwrite(path: string, value: unknown): boolean {
  try {
    write(path, "r+", JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

function write(path: string, flags: "wx" | "r+", text: string): void {
  const content = Buffer.from(text);
  // A value that is longer would be read as half of one.
  if (content.length >= BYTES) throw new Error(`${content.length} bytes do not fit`);
  const bytes = Buffer.alloc(BYTES, " ");
  content.copy(bytes);
  bytes[BYTES - 1] = 10;
  const file = openSync(path, flags);
  try {
    writeSync(file, bytes, 0, BYTES, 0);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The value; null when none was written yet, the file is not there, or is read while it is written. */
export function readReserved<T>(path: string): T | null {
  try {
    const text = readFileSync(path, "utf8").trim();
    return text === "" ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}
