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

import { makeFolder, writeFailure } from "../files/atomic.ts";
import { lockFolder } from "../files/folder-lock.ts";
import { versions } from "../version.ts";
import type { ActivationSource } from "./activation-source.ts";
import { type CacheHooks, checkShards, fillCache } from "./cache-harvest.ts";
import { type CacheIdentity, type CacheManifest, readCacheManifest, refuseOther } from "./cache-manifest.ts";
import { plannedShards, refuseForeignFolder, removeTemporaries } from "./cache-shards.ts";
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

/** Beyond these a disk is not read faster. */
const MOST_THREADS = 4;

export interface CacheOptions {
  readonly folder: string;
  readonly identity: CacheIdentity;
  /** Default: that of the cache if there is one, else f32. */
  readonly dtype?: RowDtype | undefined;
  /** Threads for reading and writing. */
  readonly threads: number;
  readonly shardBytes?: number;
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
  const known = knownManifest(options);
  const planned = known ? plannedShards(folder, known) : [];
  const threads = new CacheThreads(Math.min(options.threads, MOST_THREADS));
  try {
    const isComplete = known !== undefined && planned.every(({ finished }) => finished);
    const manifest = isComplete ? known : await fillLocked(source, options, threads, hooks);
    if (isComplete) await checkShards(folder, known, planned, threads, hooks);
    return new CachedActivations(folder, manifest, source.batch, threads);
  } catch (error) {
    await threads.close();
    throw error;
  }
}

/** The manifest if there is one, of the activations that are wanted. */
function knownManifest({ folder, identity, dtype }: CacheOptions): CacheManifest | undefined {
  const manifest = readCacheManifest(folder);
  if (manifest) refuseOther(folder, manifest, identity, dtype);
  return manifest;
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
    return await fillCache(source, folder, manifest, threads, hooks);
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
