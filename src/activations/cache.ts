/**
 * Activations on disk, so that another grid of dictionaries on the same model, hook and text trains without running the
 * model again.
 *
 *     manifest.json  activations-00000.f32  activations-00001.f32  …
 *
 * The rows of every context of the text, in the order of the text: shuffling stays where it was, in the order in which
 * contexts and rows are read. With f32 a dictionary trained from the cache is the same to the bit as without it.
 *
 * A shard is written whole and then listed in the manifest, so a harvest that was killed goes on behind the last one that
 * is listed; what was found on disk is checked against its checksum before anything trains on it.
 */

import { join } from "node:path";
import { sharedFloats } from "../engine/tensor.ts";
import { Failure } from "../errors.ts";
import { makeFolder, writeFailure } from "../files/atomic.ts";
import { lockFolder } from "../files/folder-lock.ts";
import { versions } from "../version.ts";
import type { ActivationSource } from "./activation-source.ts";
import {
  type CacheIdentity,
  type CacheManifest,
  readCacheManifest,
  refuseOther,
  writeCacheManifest,
} from "./cache-manifest.ts";
import {
  damagedShard,
  inGigabytes,
  type PlannedShard,
  plannedShards,
  refuseForeignFolder,
  refuseWithoutRoom,
  removeTemporaries,
} from "./cache-shards.ts";
import { CacheThreads } from "./cache-threads.ts";
import { CachedActivations } from "./cached-activations.ts";
import type { RowDtype } from "./row-format.ts";

/**
 * float32 unless asked otherwise: where activations are kept should not change what is trained on them. Half precision
 * halves the disk; its rounding is far below what any dictionary leaves unexplained, but it is a choice to be made.
 */
const DEFAULT_DTYPE: RowDtype = "f32";

/** Size of a shard's rows as float32: two of them are in memory while the cache is filled. */
const SHARD_BYTES = 128 * 2 ** 20;

export interface CacheOptions {
  readonly folder: string;
  readonly identity: CacheIdentity;
  /** Default: that of the cache if there is one, else f32. */
  readonly dtype?: RowDtype | undefined;
  /** Threads for reading and writing. */
  readonly threads: number;
  readonly shardBytes?: number;
}

export interface CacheHooks {
  readonly onPhase?: (name: string, total?: number, unit?: string) => void;
  readonly onProgress?: (done: number) => void;
  readonly onNote?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a cache of everything that `source` can give, and fills it where it is not complete.
 * @throws Failure when the folder holds something else, another process fills it, a shard is damaged, or there is no room
 */
export async function openCache(
  source: ActivationSource,
  options: CacheOptions,
  hooks: CacheHooks = {},
): Promise<CachedActivations> {
  const { folder } = options;
  let manifest = knownManifest(options);
  const found = manifest ? plannedShards(folder, manifest).filter(({ finished }) => finished) : [];
  const threads = new CacheThreads(options.threads);
  try {
    await checkShards(folder, found, threads, source.context, hooks);
    if (manifest === undefined || found.length < plannedShards(folder, manifest).length) {
      manifest = await fillLocked(source, options, threads, hooks);
    }
  } catch (error) {
    await threads.close();
    throw error;
  }
  return new CachedActivations(folder, manifest, source.batch, threads);
}

/** The manifest if there is one, of the activations that are wanted. */
function knownManifest({ folder, identity, dtype }: CacheOptions): CacheManifest | undefined {
  const manifest = readCacheManifest(folder);
  if (manifest) refuseOther(folder, manifest, identity, dtype);
  return manifest;
}

/** @throws Failure naming the first damaged shard */
async function checkShards(
  folder: string,
  shards: readonly PlannedShard[],
  threads: CacheThreads,
  context: number,
  { onPhase, onProgress, signal }: CacheHooks,
): Promise<void> {
  if (shards.length === 0) return;
  onPhase?.(
    "checking the cache",
    shards.reduce((sum, { contexts }) => sum + contexts, 0) * context,
    "tokens",
  );
  let [next, done] = [0, 0];
  const lane = async () => {
    for (let shard; (shard = shards[next++]) !== undefined;) {
      signal?.throwIfAborted();
      const path = join(folder, shard.file);
      const { sha256 } = await threads.run({ kind: "check", path });
      if (sha256 !== shard.finished!.sha256) throw damagedShard(path, "its checksum is not the manifest's");
      onProgress?.((done += shard.contexts * context));
    }
  };
  await Promise.all(Array.from({ length: threads.count }, lane));
}

/** Fills the cache as the only process that does. */
async function fillLocked(
  source: ActivationSource,
  options: CacheOptions,
  threads: CacheThreads,
  hooks: CacheHooks,
): Promise<CacheManifest> {
  const { folder } = options;
  try {
    makeFolder(folder);
  } catch (error) {
    throw writeFailure(folder, error);
  }
  const lock = lockFolder(folder, "--cache");
  try {
    // Another process may have gone on with it since this one has looked.
    const manifest = knownManifest(options) ?? begin(source, options);
    removeTemporaries(folder);
    return await fill(source, folder, manifest, threads, hooks);
  } finally {
    lock.release();
  }
}

/** The manifest of a cache without shards. */
function begin(source: ActivationSource, options: CacheOptions): CacheManifest {
  const { folder, identity, dtype, shardBytes } = options;
  const { contexts, context, batch, dIn } = source;
  refuseForeignFolder(folder);
  const passBytes = batch * context * dIn * 4;
  return {
    format: 1,
    version: versions.monosemantic,
    identity,
    d_in: dIn,
    dtype: dtype ?? DEFAULT_DTYPE,
    rows: contexts * context,
    shard_contexts: Math.max(1, Math.floor((shardBytes ?? SHARD_BYTES) / passBytes)) * batch,
    shards: [],
  };
}

/** Makes every shard that is missing. The next one is harvested while one is written, on two buffers in turn. */
async function fill(
  source: ActivationSource,
  folder: string,
  begun: CacheManifest,
  threads: CacheThreads,
  { onPhase, onProgress, onNote, signal }: CacheHooks,
): Promise<CacheManifest> {
  const { context, dIn } = source;
  const planned = plannedShards(folder, begun);
  const missing = planned.filter(({ finished }) => !finished);
  const total = (shards: readonly PlannedShard[], key: "bytes" | "contexts") =>
    shards.reduce((sum, shard) => sum + shard[key], 0);
  onNote?.(
    `the cache in ${folder} takes ${inGigabytes(total(planned, "bytes"))}: ${begun.rows} activations of ${dIn} numbers ` +
      `as ${begun.dtype} in ${planned.length} shards, ${planned.length - missing.length} of them finished`,
  );
  refuseWithoutRoom(folder, total(missing, "bytes"));
  let manifest: CacheManifest = {
    ...begun,
    shards: planned.flatMap(({ finished }) => (finished ? [finished] : [])),
  };
  writeCacheManifest(folder, manifest);
  onPhase?.("harvesting into the cache", total(missing, "contexts") * context, "tokens");

  const save = async ({ file, contexts }: PlannedShard, rows: Float32Array) => {
    const written = await threads.run({ kind: "write", path: join(folder, file), rows, dtype: begun.dtype });
    const shard = { file, rows: contexts * context, bytes: written.bytes!, sha256: written.sha256! };
    const shards = [...manifest.shards, shard].sort((a, b) => (a.file < b.file ? -1 : 1));
    manifest = { ...manifest, shards };
    writeCacheManifest(folder, manifest);
  };
  const largest = Math.max(0, ...missing.map(({ contexts }) => contexts));
  const buffers = missing.slice(0, 2).map(() => sharedFloats(largest * context * dIn));
  let done = 0;
  const onRead = (contexts: number) => {
    onProgress?.((done += contexts * context));
    if (!signal?.aborted) return;
    throw new Failure(
      `stopped while the cache was being filled: the same command with --resume goes on behind its last finished shard`,
    );
  };
  let writing: Promise<void> = Promise.resolve();
  try {
    for (const [i, shard] of missing.entries()) {
      const rows = buffers[i % 2]!.subarray(0, shard.contexts * context * dIn);
      const contexts = Array.from({ length: shard.contexts }, (_, j) => shard.first + j);
      await source.read(contexts, rows, onRead);
      await writing;
      writing = save(shard, rows);
      // Its error is told at the next turn; until then it must not count as one that nobody hears.
      writing.catch(() => {});
    }
    await writing;
  } finally {
    // A shard that is being written is worth finishing, and the lock must outlive it.
    await Promise.allSettled([writing]);
  }
  return manifest;
}
