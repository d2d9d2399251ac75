/**
 * What an analysis hands to whoever counts something in its one pass over the text: whole contexts with the active units of
 * every token.
 *
 * Batches come in one order that follows from the request alone, and one at a time. So a collector needs no locks, and what it
 * holds after N contexts is the same however the work was spread over threads or interrupted.
 */

import type { ReadTensors } from "../../files/checkpoints.ts";
import type { WritableTensor } from "../../files/safetensors-write.ts";
import type { SparseActivations } from "../../sae/forward.ts";
import type { SplitName } from "../records.ts";

/** Some contexts of one split, n of them, `context` tokens each. Arrays are reused for later batches: copy what is kept. */
export interface ContextBatch {
  readonly split: SplitName;
  /** Length of every context. */
  readonly context: number;
  /** Number of each context in its split [n], ascending. */
  readonly contexts: Int32Array;
  /** [n, context] */
  readonly tokens: Int32Array;
  /** Separators before each token since the start of the split [n, context]: see `Example.document`. */
  readonly documents: Int32Array;
}

export interface TallyBatch extends ContextBatch {
  /**
   * Active units of the n · context tokens, one for each set of units that is analysed, in the order of the request. Undefined where
   * the set is not read on this batch: see `ReadUnits.every`.
   */
  readonly activations: readonly (SparseActivations | undefined)[];
}

/** All of a collector's state. */
export interface SavedCollector {
  /** Float32Array and Int32Array come back as they are; other types do not: store their bits (bits.ts). */
  readonly tensors: Readonly<Record<string, WritableTensor>>;
  /** JSON. */
  readonly state: unknown;
}

export interface Collector {
  /** Its files in a checkpoint: lower-case letters, digits and hyphens, another for each collector. */
  readonly name: string;
  add(batch: TallyBatch): void | Promise<void>;
  /** Everything that later batches or results depend on. Arrays may be views: they are written before the next `add`. */
  save(): SavedCollector;
  /** @throws Failure when it belongs to another request */
  restore(saved: { readonly tensors: ReadTensors; readonly state: unknown }): void;
}
