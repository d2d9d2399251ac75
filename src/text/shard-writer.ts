/**
 * Writes one side of the split: contexts are gathered in memory and leave as shards of a fixed number of contexts, so
 * memory and file size are bounded. What is not yet a shard can be set aside and taken up again after an interruption.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, messageOf } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";
import type { ShardSummary } from "./manifest.ts";
import { type TokenWidth, tokenArray } from "./shards.ts";

export interface ShardLayout {
  readonly folder: string;
  /** First part of the shards' names. */
  readonly prefix: string;
  readonly dtype: TokenWidth;
  readonly context: number;
  /** Contexts a shard. */
  readonly shardContexts: number;
}

export class ShardWriter {
  readonly #layout: ShardLayout;
  readonly #shards: ShardSummary[];
  readonly #rows: Uint16Array | Uint32Array;
  #count = 0;

  /** @param shards those already written, in order; the next one follows them */
  constructor(layout: ShardLayout, shards: readonly ShardSummary[] = []) {
    this.#layout = layout;
    this.#shards = [...shards];
    const bytes = layout.shardContexts * layout.context * (layout.dtype === "u16" ? 2 : 4);
    this.#rows = tokenArray(layout.dtype, new ArrayBuffer(bytes));
  }

  get shards(): readonly ShardSummary[] {
    return this.#shards;
  }

  /** Contexts so far, written or not. */
  get contexts(): number {
    return this.#shards.reduce((sum, shard) => sum + shard.contexts, this.#count);
  }

  /** Adds one context; writes a shard when it is full. */
  add(context: Int32Array): void {
    this.#rows.set(context, this.#count++ * this.#layout.context);
    if (this.#count === this.#layout.shardContexts) this.flush();
  }

  /** Writes what is there as a shard, if anything is. */
  flush(): void {
    if (this.#count === 0) return;
    const { folder, prefix, dtype } = this.#layout;
    const file = `${prefix}-${String(this.#shards.length).padStart(5, "0")}.${dtype}`;
    const bytes = this.#unwritten();
    writeAtomic(join(folder, file), bytes);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    this.#shards.push({ file, contexts: this.#count, sha256 });
    this.#count = 0;
  }

  /** Sets the contexts that are not yet in a shard aside in `path`. */
  saveTail(path: string): void {
    writeAtomic(path, this.#unwritten());
  }

  /** @throws Failure when `path` does not hold whole contexts of this layout */
  loadTail(path: string): void {
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(path);
    } catch (error) {
      throw new Failure(
        `cannot go on with tokenising: ${messageOf(error)}; delete the folder and begin again`,
      );
    }
    const rowBytes = this.#rows.BYTES_PER_ELEMENT * this.#layout.context;
    if (bytes.length % rowBytes !== 0 || bytes.length >= this.#rows.byteLength) {
      throw new Failure(
        `cannot go on with tokenising: ${path} is damaged; delete the folder and begin again`,
      );
    }
    new Uint8Array(this.#rows.buffer).set(bytes);
    this.#count = bytes.length / rowBytes;
  }

  #unwritten(): Uint8Array {
    const length = this.#count * this.#layout.context * this.#rows.BYTES_PER_ELEMENT;
    return new Uint8Array(this.#rows.buffer, 0, length);
  }
}
