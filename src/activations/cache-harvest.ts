/** Filling a cache: what is there is checked, what is missing is harvested, shard by shard. */

import { join } from "node:path";
import { sharedFloats } from "../engine/tensor.ts";
import { Failure } from "../errors.ts";
import type { ActivationSource } from "./activation-source.ts";
import { type CacheManifest, writeCacheManifest } from "./cache-manifest.ts";
import {
  damagedShard,
  inGigabytes,
  type PlannedShard,
  plannedShards,
  refuseWithoutRoom,
} from "./cache-shards.ts";
import type { CacheThreads } from "./cache-threads.ts";

export interface CacheHooks {
  readonly onPhase?: (name: string, total?: number, unit?: string) => void;
  readonly onProgress?: (done: number) => void;
  readonly onNote?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

function total(shards: readonly PlannedShard[], key: "bytes" | "contexts"): number {
  return shards.reduce((sum, shard) => sum + shard[key], 0);
}

/** @throws Failure naming the first damaged shard */
export async function checkShards(
  folder: string,
  { identity: { context } }: CacheManifest,
  shards: readonly PlannedShard[],
  threads: CacheThreads,
  { onPhase, onProgress, signal }: CacheHooks,
): Promise<void> {
  if (shards.length === 0) return;
  onPhase?.("checking the cache", total(shards, "contexts") * context, "tokens");
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

/**
 * Makes every shard that is missing; the caller holds the folder's lock.
 * @returns the manifest of the finished cache
 * @throws Failure when there is no room, a shard is damaged, or it is told to stop
 */
export async function fillCache(
  source: ActivationSource,
  folder: string,
  begun: CacheManifest,
  threads: CacheThreads,
  hooks: CacheHooks,
): Promise<CacheManifest> {
  const { context, dIn } = source;
  const planned = plannedShards(folder, begun);
  const found = planned.filter(({ finished }) => finished);
  const missing = planned.filter(({ finished }) => !finished);
  hooks.onNote?.(
    `the cache in ${folder} takes ${inGigabytes(total(planned, "bytes"))}: ${begun.rows} activations of ${dIn} numbers ` +
      `as ${begun.dtype} in ${planned.length} shards, ${found.length} of them finished`,
  );
  refuseWithoutRoom(folder, total(missing, "bytes"), begun.dtype);
  await checkShards(folder, begun, found, threads, hooks);
  let manifest: CacheManifest = { ...begun, shards: found.map(({ finished }) => finished!) };
  writeCacheManifest(folder, manifest);

  hooks.onPhase?.("harvesting into the cache", total(missing, "contexts") * context, "tokens");
  const save = async ({ file, contexts }: PlannedShard, rows: Float32Array) => {
    const written = await threads.run({ kind: "write", path: join(folder, file), rows, dtype: begun.dtype });
    const shard = { file, rows: contexts * context, bytes: written.bytes!, sha256: written.sha256! };
    const shards = [...manifest.shards, shard].sort((a, b) => (a.file < b.file ? -1 : 1));
    manifest = { ...manifest, shards };
    writeCacheManifest(folder, manifest);
  };
  await harvest(source, missing, save, hooks);
  return manifest;
}

/** The next shard is harvested while one is written: two buffers take turns. */
async function harvest(
  source: ActivationSource,
  shards: readonly PlannedShard[],
  save: (shard: PlannedShard, rows: Float32Array) => Promise<void>,
  { onProgress, signal }: CacheHooks,
): Promise<void> {
  const values = source.context * source.dIn;
  const largest = Math.max(0, ...shards.map(({ contexts }) => contexts));
  const buffers = shards.slice(0, 2).map(() => sharedFloats(largest * values));
  let done = 0;
  const onRead = (contexts: number) => {
    onProgress?.((done += contexts * source.context));
    if (!signal?.aborted) return;
    throw new Failure(
      `stopped while the cache was being filled: the same command with --resume goes on behind its last finished shard`,
    );
  };
  let writing: Promise<void> = Promise.resolve();
  try {
    for (const [i, shard] of shards.entries()) {
      const rows = buffers[i % 2]!.subarray(0, shard.contexts * values);
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
}
