/** Activations read back from a folder of finished shards: what a second grid of dictionaries trains on. */

import { join } from "node:path";
import type { ActivationSource } from "./activation-source.ts";
import type { CacheManifest } from "./cache-manifest.ts";
import type { CacheThreads } from "./cache-threads.ts";
import { shardFile } from "./cache-shards.ts";
import { bytesPerValue, type RowDtype } from "./row-format.ts";

/** Contexts that one task reads: enough that handing it over costs nothing beside it. */
const TASK_CONTEXTS = 16;

export class CachedActivations implements ActivationSource {
  readonly dIn: number;
  readonly contexts: number;
  readonly context: number;
  readonly batch: number;
  readonly dtype: RowDtype;
  readonly #folder: string;
  readonly #manifest: CacheManifest;
  readonly #threads: CacheThreads;

  /** @param batch contexts in one pass of the model that filled it: the stream's order depends on it */
  constructor(folder: string, manifest: CacheManifest, batch: number, threads: CacheThreads) {
    this.dIn = manifest.d_in;
    this.contexts = manifest.identity.text.contexts;
    this.context = manifest.identity.context;
    this.batch = batch;
    this.dtype = manifest.dtype;
    this.#folder = folder;
    this.#manifest = manifest;
    this.#threads = threads;
  }

  async read(
    contexts: readonly number[],
    into: Float32Array,
    onRead?: (contexts: number) => void,
  ): Promise<void> {
    const { dtype } = this;
    const { shard_contexts } = this.#manifest;
    const values = this.context * this.dIn;
    const contextBytes = values * bytesPerValue(dtype);
    const place = (context: number) => ({
      path: join(this.#folder, shardFile(Math.floor(context / shard_contexts), dtype)),
      offset: (context % shard_contexts) * contextBytes,
    });
    let next = 0;
    const lane = async () => {
      while (next < contexts.length) {
        const first = next;
        const some = contexts.slice(first, (next += TASK_CONTEXTS));
        await this.#threads.run({
          kind: "read",
          dtype,
          contextBytes,
          places: some.map(place),
          into: into.subarray(first * values, (first + some.length) * values),
        });
        onRead?.(some.length);
      }
    };
    await Promise.all(Array.from({ length: this.#threads.count }, lane));
  }

  /** Ends the threads. */
  close(): Promise<void> {
    return this.#threads.close();
  }
}
