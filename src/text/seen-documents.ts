/**
 * Which documents have been met, by the first 52 bits of their hash: exact copies are used once. Eight bytes a document
 * in memory and on disk, so the Pile's two hundred million fit. (Among n documents a collision, which drops one document
 * for nothing, has a chance of about n²/2⁵³: one in a thousand for three million.)
 */

import { closeSync, ftruncateSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { Failure, messageOf } from "../errors.ts";
import { writeFailure } from "../files/atomic.ts";

/** One Set holds at most 2²⁴ entries, so they are spread over several. */
const setCount = 256;

/** The number by which a document with this SHA-256 (hexadecimal) is known. */
export function documentKey(hash: string): number {
  return Number.parseInt(hash.slice(0, 13), 16);
}

export class SeenDocuments {
  readonly #sets = Array.from({ length: setCount }, () => new Set<number>());

  /** Whether the document is new; it is remembered. */
  add(key: number): boolean {
    const set = this.#sets[key % setCount]!;
    if (set.has(key)) return false;
    set.add(key);
    return true;
  }
}

/** Overwrites `path` from key number `first` on; keys before it stay. */
export function appendKeys(path: string, first: number, keys: readonly number[]): void {
  try {
    const file = openSync(path, first === 0 ? "w" : "r+");
    try {
      ftruncateSync(file, first * 8);
      const bytes = new Uint8Array(Float64Array.from(keys).buffer);
      for (let done = 0; done < bytes.length;) {
        done += writeSync(file, bytes, done, bytes.length - done, first * 8 + done);
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw writeFailure(path, error);
  }
}

/** The first `count` keys in `path`. */
export function readKeys(path: string, count: number): Float64Array {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new Failure(`cannot go on with tokenising: ${messageOf(error)}; delete the folder and begin again`);
  }
  if (bytes.length < count * 8) {
    throw new Failure(
      `cannot go on with tokenising: ${path} is too short; delete the folder and begin again`,
    );
  }
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + count * 8));
}
