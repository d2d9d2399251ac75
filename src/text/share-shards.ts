/**
 * The same token shards in a second folder, for a run on the text of another one. The text itself may be gone or changed by then,
 * and reading it again would not give the same tokens.
 *
 * Shards never change once they are written, so the second folder gets hard links: no byte is copied, and either folder can be moved
 * or deleted without the other (a symbolic link would break). Where there are none, as on another disk or on FAT, files are copied.
 */

import { constants, copyFileSync, existsSync, linkSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Failure } from "../errors.ts";
import { makeFolder, writeFailure } from "../files/atomic.ts";
import { documentStartsName } from "./document-starts.ts";
import { manifestName, readManifest } from "./manifest.ts";
import { heldoutKindsName } from "./shards.ts";

/**
 * Puts the finished shards of `from` into `to`, which they may be in already.
 * @throws Failure when there are none, `to` holds others, or cannot be written
 */
export function shareShards(from: string, to: string): void {
  const manifest = readManifest(from);
  if (manifest === undefined) {
    throw new Failure(`${from} holds no finished token shards (no ${manifestName}): tokenise a text into it`);
  }
  const present = readManifest(to);
  if (present !== undefined) {
    if (isDeepStrictEqual(present, manifest)) return;
    throw new Failure(`${to} holds other tokens than ${from}: choose another folder, or delete this one`);
  }
  const shards = [...manifest.train.shards, ...manifest.heldout.shards].map(({ file }) => file);
  const beside = [heldoutKindsName, documentStartsName].filter((name) => existsSync(join(from, name)));
  try {
    makeFolder(to);
    // The manifest comes last: without it a folder counts as unfinished.
    for (const name of [...shards, ...beside, manifestName]) linkOrCopy(join(from, name), join(to, name));
  } catch (error) {
    throw error instanceof Failure ? error : writeFailure(to, error);
  }
}

/** A file under a second name: a hard link, or where there are none a copy, which appears whole. */
export function linkOrCopy(from: string, to: string): void {
  rmSync(to, { force: true });
  try {
    linkSync(from, to);
  } catch {
    const temporary = `${to}.copy`;
    copyFileSync(from, temporary, constants.COPYFILE_FICLONE);
    renameSync(temporary, to);
  }
}
