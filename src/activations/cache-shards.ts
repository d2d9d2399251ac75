/** How the contexts of a text are spread over a cache's shards, and what is already there. */

import { readdirSync, rmSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../errors.ts";
import { LOCK } from "../files/folder-lock.ts";
import { CACHE_MANIFEST, type CacheManifest, type CacheShard } from "./cache-manifest.ts";
import { bytesPerValue, type RowDtype } from "./row-format.ts";

export interface PlannedShard {
  readonly file: string;
  /** First context, and how many. */
  readonly first: number;
  readonly contexts: number;
  readonly bytes: number;
  /** What the manifest says of it; undefined when it is to be made. */
  readonly finished: CacheShard | undefined;
}

/**
 * Every shard of a cache, in order. One that the manifest lists and that was deleted since counts as one to be made.
 * @throws Failure when one is not as long as the manifest says
 */
export function plannedShards(folder: string, manifest: CacheManifest): PlannedShard[] {
  const { shard_contexts, dtype, identity, d_in } = manifest;
  const contextBytes = identity.context * d_in * bytesPerValue(dtype);
  const listed = new Map(manifest.shards.map((shard) => [shard.file, shard]));
  return Array.from({ length: Math.ceil(identity.text.contexts / shard_contexts) }, (_, i) => {
    const first = i * shard_contexts;
    const contexts = Math.min(shard_contexts, identity.text.contexts - first);
    const file = shardFile(i, dtype);
    const record = listed.get(file);
    const size = statSync(join(folder, file), { throwIfNoEntry: false })?.size;
    const finished = record !== undefined && size !== undefined ? record : undefined;
    const bytes = contexts * contextBytes;
    if (finished !== undefined && (size !== bytes || finished.bytes !== bytes)) {
      throw damagedShard(join(folder, file), `it has ${size} bytes, not ${bytes}`);
    }
    return { file, first, contexts, bytes, finished };
  });
}

export function shardFile(index: number, dtype: RowDtype): string {
  return `activations-${String(index).padStart(5, "0")}.${dtype}`;
}

export function damagedShard(path: string, how: string): Failure {
  return new Failure(
    `activation shard ${path} is damaged (${how}): delete that file, and the same command makes it again`,
  );
}

/**
 * Makes sure that a folder without manifest is nobody else's.
 * @throws Failure when it holds other files
 */
export function refuseForeignFolder(folder: string): void {
  const foreign = readdirSync(folder).find(
    (name) => !name.startsWith(LOCK) && name !== CACHE_MANIFEST && !isTemporary(name),
  );
  if (foreign === undefined) return;
  throw new Failure(
    `${folder} holds files (${foreign}) but no cache: give a new or empty folder with --cache, so that nothing is mixed`,
  );
}

/** Removes what a process that was killed in the middle of writing has left. Only for the holder of the lock. */
export function removeTemporaries(folder: string): void {
  for (const name of readdirSync(folder)) if (isTemporary(name)) rmSync(join(folder, name), { force: true });
}

function isTemporary(name: string): boolean {
  return /^(activations-\d+\.(f32|bf16|f16)|manifest\.json)\.[0-9a-f-]+\.tmp$/.test(name);
}

/** @throws Failure when the file system of `folder` has no room for `bytes` more of this kind */
export function refuseWithoutRoom(folder: string, bytes: number, dtype: RowDtype): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bytes <= bavail * bsize) return;
  const smaller = dtype === "f32" ? "halve it with --cache-dtype f16 in a new folder, " : "";
  throw new Failure(
    `the cache needs ${inGigabytes(bytes)} more and the disk of ${folder} has ${inGigabytes(bavail * bsize)} left: give ` +
      `a folder on another disk with --cache, ${smaller}or train on fewer --tokens`,
  );
}

/** Three digits in GB or, below a tenth of one, MB. */
export function inGigabytes(bytes: number): string {
  return bytes < 1e8
    ? `${Number((bytes / 1e6).toPrecision(3))} MB`
    : `${Number((bytes / 1e9).toPrecision(3))} GB`;
}
