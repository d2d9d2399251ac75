/**
 * Files that are either whole or absent: written to a temporary name beside the target, flushed to the disk, renamed.
 * A reader, or a run resumed after `kill -9`, never sees half a file.
 */

import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Failure } from "../errors.ts";

/**
 * Replaces `path` by the concatenation of `parts`.
 * @throws Failure naming the path when the disk is full or the place cannot be written; the old file then still stands.
 */
export function writeAtomic(path: string, ...parts: (string | Uint8Array)[]): void {
  // Its form is that of TEMPORARY.
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`;
  try {
    refuseDevice(path);
    makeFolder(dirname(path));
    const file = openSync(temporary, "wx");
    try {
      for (const part of parts) writeAll(file, typeof part === "string" ? Buffer.from(part) : part);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) {
    removeQuietly(temporary);
    throw writeFailure(path, error);
  }
}

const TEMPORARY = /\.\d+-[0-9a-f]{8}\.tmp$/;

/** Removes what killed processes left half written below a folder that nobody else is at work in. */
export function removeTemporaries(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (TEMPORARY.test(name)) removeQuietly(join(folder, name));
  }
}

/** The rename would put a plain file in the place of /dev/null, or of whatever /dev/stdout stands for. */
function refuseDevice(path: string): void {
  const there = existsSync(path) ? statSync(path) : undefined;
  if (there !== undefined && !there.isFile() && !there.isDirectory()) {
    throw new Error("it is a device or a pipe, and only files are written: give the name of a file");
  }
}

/** The failure that led here is the one to tell, whatever removing the remains may say. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Nothing was made there, or it cannot be removed.
  }
}

/**
 * Makes a folder and those above it. Not `mkdirSync` with `recursive`: that one never returns for a path under a folder
 * which exists and refuses new entries with ENOENT, such as /proc.
 */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

export function writeJson(path: string, value: unknown): void {
  writeAtomic(path, JSON.stringify(value, null, 2) + "\n");
}

const AGAIN = "give the same command again (to go on with a run, add --resume)";

/** The sentence for a write that failed, by the reason the system gave. */
export function writeFailure(path: string, error: unknown): Failure {
  const code = (error as NodeJS.ErrnoException).code;
  const reasons: Record<string, string> = {
    ENOSPC: `the disk is full: free some space and ${AGAIN}`,
    EDQUOT: `the disk quota is used up: free some space and ${AGAIN}`,
    EFBIG: `a file may not be that large here (ulimit -f, or the file system): allow it, and ${AGAIN}`,
    EIO: "the disk reports an error: choose a folder on another one",
    EACCES: "permission denied: choose a folder you can write to",
    EPERM: "permission denied: choose a folder you can write to",
    EROFS: "the file system is read-only: choose another folder",
    ENOENT: "no folder can be made there: choose another place",
    ENOTDIR: "a part of the path is a file, not a folder",
    EISDIR: "a folder of that name is in the way",
  };
  const reason = reasons[code ?? ""] ?? (error instanceof Error ? error.message : String(error));
  return new Failure(`cannot write ${path}: ${reason}`, { cause: error });
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.byteLength;) {
    offset += writeSync(file, bytes, offset, Math.min(bytes.byteLength - offset, 1 << 30));
  }
}

/** Makes the rename itself durable. Some file systems refuse to open a folder for this; the data is safe regardless. */
function syncFolder(path: string): void {
  try {
    const folder = openSync(path, "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch {
    // See above.
  }
}
