/**
 * The thread that touches a cache's shards: it encodes, hashes and writes them, checks them, and reads contexts out of
 * them into shared memory. The main thread, which keeps the model and the dictionaries at work, is never held up by a disk.
 */

import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { Failure, messageOf } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";
import { bytesOf, decodeRows, encodeRows, type RowDtype } from "./row-format.ts";

export type CacheTask =
  /** Writes rows as a shard and answers with its bytes and checksum. */
  | { kind: "write"; path: string; rows: Float32Array; dtype: RowDtype }
  /** Answers with the checksum of what is on the disk. */
  | { kind: "check"; path: string }
  /** Reads the contexts at these byte offsets, one after the other, into `into`. */
  | {
      kind: "read";
      dtype: RowDtype;
      contextBytes: number;
      places: { path: string; offset: number }[];
      into: Float32Array;
    };

export interface CacheAnswer {
  readonly bytes?: number;
  readonly sha256?: string;
  readonly error?: { readonly message: string; readonly isExpected: boolean };
}

const CHECK_BYTES = 8 * 2 ** 20;

parentPort!.on("message", (task: CacheTask) => {
  parentPort!.postMessage(answer(task) satisfies CacheAnswer);
});

function answer(task: CacheTask): CacheAnswer {
  try {
    switch (task.kind) {
      case "write":
        return write(task);
      case "check":
        return { sha256: checksum(task.path) };
      case "read":
        readContexts(task);
        return {};
    }
  } catch (error) {
    return { error: { message: messageOf(error), isExpected: error instanceof Failure } };
  }
}

function write({ path, rows, dtype }: CacheTask & { kind: "write" }): CacheAnswer {
  const bytes = encodeRows(rows, dtype);
  writeAtomic(path, bytes);
  return { bytes: bytes.byteLength, sha256: createHash("sha256").update(bytes).digest("hex") };
}

function checksum(path: string): string {
  return opened(path, (file) => {
    const hash = createHash("sha256");
    const piece = new Uint8Array(CHECK_BYTES);
    for (let read: number; (read = readSync(file, piece)) > 0;) hash.update(piece.subarray(0, read));
    return hash.digest("hex");
  });
}

/**
 * Positioned reads of whole contexts, each a few hundred kB: Node has no memory maps. Open files are not kept, so the
 * number of shards is not bounded by how many a process may have open.
 */
function readContexts({ dtype, contextBytes, places, into }: CacheTask & { kind: "read" }): void {
  const values = into.length / places.length;
  const halves = dtype === "f32" ? undefined : new Uint8Array(contextBytes);
  places.forEach(({ path, offset }, i) => {
    const rows = into.subarray(i * values, (i + 1) * values);
    readFully(path, offset, halves ?? bytesOf(rows));
    if (halves) decodeRows(halves, dtype, rows);
  });
}

function readFully(path: string, offset: number, bytes: Uint8Array): void {
  opened(path, (file) => {
    for (let done = 0; done < bytes.length;) {
      const read = readSync(file, bytes, done, bytes.length - done, offset + done);
      if (read === 0) throw new Failure(`activation shard ${path} got shorter while it was being read`);
      done += read;
    }
  });
}

function opened<T>(path: string, use: (file: number) => T): T {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    return use(file);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`activation shard ${path} cannot be read: ${messageOf(error)}`, { cause: error });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
