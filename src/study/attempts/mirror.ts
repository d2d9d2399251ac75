/**
 * A folder as a copy that can be worked on while the original stands: what is only ever replaced whole is a hard link, which costs
 * nothing; what is written in place or appended to is copied. Where there are no hard links everything is copied.
 */

import { constants, copyFileSync, linkSync, lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, writeFailure } from "../../files/atomic.ts";
import { LOCK } from "../../files/folder-lock.ts";
import { copyStore } from "../../store/copy-store.ts";

/** Tensors and token shards: written beside and renamed, never changed. */
const IMMUTABLE = /\.(safetensors|u16|u32|tail)$/;
/** Of the moment, or of the one who works there. */
const PASSING = /\.tmp$|\.stale$|\.copy$|-journal$|-wal$|-shm$/;

/**
 * @returns false when something vanished on the way: someone is still at work in `from`, and the copy may be of two moments
 * @throws Failure when `to` cannot be written
 */
export async function mirror(from: string, to: string): Promise<boolean> {
  let whole = true;
  makeFolderOrFail(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const { name } = entry;
    if (name === LOCK || name.startsWith(`${LOCK}.`) || PASSING.test(name)) continue;
    const [source, target] = [join(from, name), join(to, name)];
    try {
      if (entry.isDirectory()) whole = (await mirror(source, target)) && whole;
      else if (name.endsWith(".sqlite")) await copyStore(source, target);
      else if (entry.isFile()) copyFile(source, target, IMMUTABLE.test(name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || isThere(source)) throw error;
      rmSync(target, { recursive: true, force: true });
      whole = false;
    }
  }
  return whole;
}

function copyFile(source: string, target: string, immutable: boolean): void {
  if (immutable) {
    try {
      linkSync(source, target);
      return;
    } catch {
      // Another file system, or one without hard links.
    }
  }
  try {
    copyFileSync(source, target, constants.COPYFILE_FICLONE);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "ENOENT" ? error : writeFailure(target, error);
  }
}

function makeFolderOrFail(path: string): void {
  try {
    makeFolder(path);
  } catch (error) {
    throw writeFailure(path, error);
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
