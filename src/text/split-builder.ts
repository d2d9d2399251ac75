/** One side of the split while it is being made: packing, counting, writing, and its limit. */

import { Packer, type PackerState } from "./packing.ts";
import type { KindCounts, ShardSummary, SplitSummary } from "./manifest.ts";
import { type ShardLayout, ShardWriter } from "./shard-writer.ts";
import type { HeldoutKinds } from "./shards.ts";

export interface SplitBuilderOptions {
  readonly layout: ShardLayout;
  readonly bosId: number;
  /** Contexts after which nothing more is taken. */
  readonly limit: number;
  /** UTF-8 bytes of each token: given where kind and bytes of every context are to be kept. */
  readonly tokenBytes?: Int32Array;
}

/** Everything but the contexts not yet in a shard, as JSON. */
export interface SplitBuilderState {
  readonly packer: PackerState;
  readonly shards: readonly ShardSummary[];
  readonly documents: number;
  readonly bytes: number;
  readonly kinds: readonly KindCounts[];
  readonly contextKinds: readonly number[];
  readonly contextBytes: readonly number[];
  readonly starts?: readonly number[];
}

export class SplitBuilder {
  readonly writer: ShardWriter;
  readonly #options: SplitBuilderOptions;
  readonly #packer: Packer;
  readonly #kinds: KindCounts[];
  readonly #kindIndex: Map<string, number>;
  readonly #contextKinds: number[];
  readonly #contextBytes: number[];
  readonly #starts: number[];
  #documents: number;
  #bytes: number;

  constructor(options: SplitBuilderOptions, state?: SplitBuilderState) {
    this.#options = options;
    this.writer = new ShardWriter(options.layout, state?.shards);
    this.#packer = new Packer(options.layout.context, options.bosId, state?.packer);
    this.#kinds = structuredClone([...(state?.kinds ?? [])]);
    this.#kindIndex = new Map(this.#kinds.map(({ kind }, i) => [kind, i]));
    this.#contextKinds = [...(state?.contextKinds ?? [])];
    this.#contextBytes = [...(state?.contextBytes ?? [])];
    this.#starts = [...(state?.starts ?? [])];
    this.#documents = state?.documents ?? 0;
    this.#bytes = state?.bytes ?? 0;
  }

  get isFull(): boolean {
    return this.writer.contexts >= this.#options.limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get tokens(): number {
    return this.writer.contexts * this.#options.layout.context;
  }

  /** Adds a document of at least one token; what goes beyond the limit is left out. */
  add(ids: Int32Array, kind: string, bytes: number): void {
    this.#documents++;
    this.#bytes += bytes;
    let index = this.#kindIndex.get(kind);
    if (index === undefined) {
      this.#kindIndex.set(kind, (index = this.#kinds.length));
      this.#kinds.push({ kind, documents: 0, bytes: 0, tokens: 0 });
    }
    const counts = this.#kinds[index]!;
    counts.documents++;
    counts.bytes += bytes;
    counts.tokens += ids.length;
    this.#packer.push(ids, index, (context, majority, begins) => {
      if (this.isFull) return;
      if (begins) this.#starts.push(this.writer.contexts);
      this.writer.add(context);
      const lengths = this.#options.tokenBytes;
      if (lengths === undefined) return;
      this.#contextKinds.push(majority);
      this.#contextBytes.push(context.subarray(1).reduce((sum, id) => sum + lengths[id]!, 0));
    });
  }

  state(): SplitBuilderState {
    return {
      packer: this.#packer.state,
      shards: this.writer.shards,
      documents: this.#documents,
      bytes: this.#bytes,
      kinds: this.#kinds,
      contextKinds: this.#contextKinds,
      contextBytes: this.#contextBytes,
      starts: this.#starts,
    };
  }

  /** Writes the last shard and says what there is. */
  finish(): SplitSummary {
    this.writer.flush();
    return {
      documents: this.#documents,
      bytes: this.#bytes,
      contexts: this.writer.contexts,
      tokens: this.tokens,
      dropped_tokens: this.isFull ? 0 : this.#packer.pending,
      kinds: this.#kinds,
      shards: [...this.writer.shards],
    };
  }

  /** Contexts that begin with a document, ascending. */
  get starts(): readonly number[] {
    return this.#starts;
  }

  heldoutKinds(): HeldoutKinds {
    return { kinds: [...this.#kindIndex.keys()], kind: this.#contextKinds, bytes: this.#contextBytes };
  }
}
