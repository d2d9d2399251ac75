/**
 * A folder as a copy that can be worked on while the original stands: what is only ever replaced whole is a hard link, which costs
 * nothing; what is written in place or appended to is copied. Where there are no hard links everything is copied.
 */

import { constants, copyFileSync, linkSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, writeFailure } from "../../files/atomic.ts";
import { LOCK } from "../../files/folder-lock.ts";
import { copyStore } from "../../store/copy-store.ts";

/** Tensors and token shards: written beside and renamed, never changed. */
const IMMUTABLE = /\.(safetensors|u16|u32|tail)$/;
/** Of the moment, or of the one who works there. */
const PASSING = /\.tmp$|\.stale$|\.copy$|-journal$|-wal$|-shm$/;

/**
 * @returns false when something changed or vanished on the way: someone is still at work in `from`, and the copy is of two moments
 * @throws Failure when `to` cannot be written
 */
export async function mirror(from: string, to: string): Promise<boolean> {
  const copied = new Map<string, number | undefined>();
  const whole = await mirrorInto(from, to, copied);
  return whole && [...copied].every(([path, modified]) => modifiedAt(path) === modified);
}

/** @param copied when each file that was not linked had last been written, before it was read */
async function mirrorInto(
  from: string,
  to: string,
  copied: Map<string, number | undefined>,
): Promise<boolean> {
  let whole = true;
  makeFolderOrFail(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const { name } = entry;
    if (name === LOCK || name.startsWith(`${LOCK}.`) || PASSING.test(name)) continue;
    const [source, target] = [join(from, name), join(to, name)];
    try {
      if (entry.isDirectory()) whole = (await mirrorInto(source, target, copied)) && whole;
      else if (name.endsWith(".sqlite")) await copyStore(source, target);
      else if (entry.isFile() && !(IMMUTABLE.test(name) && linked(source, target))) {
        copied.set(source, modifiedAt(source));
        copyFile(source, target);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || modifiedAt(source) !== undefined) throw error;
      rmSync(target, { recursive: true, force: true });
      whole = false;
    }
  }
  return whole;
}

/** False on another file system, or one without hard links. */
function linked(source: string, target: string): boolean {
  try {
    linkSync(source, target);
    return true;
  } catch {
    return false;
  }
}

function copyFile(source: string, target: string): void {
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

function modifiedAt(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
