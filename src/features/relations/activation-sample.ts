/**
 * The active units of a bounded, evenly strided sample of the analysed contexts, for what cannot be counted in one pass: correlations
 * of all pairs, and which tokens a unit fires on.
 *
 * Every `stride`-th context is kept. When tokens or entries exceed their bound, the stride doubles and every other context that was
 * kept is dropped. Samples of several sets of units over one text are therefore nested: the contexts of the one with the larger stride are
 * among those of the other, when both began with strides of the same power-of-two family (`commonContexts`).
 */

import { sharedFloats, sharedInts } from "../../engine/tensor.ts";
import { Failure } from "../../errors.ts";
import type { ReadTensors } from "../../files/checkpoints.ts";
import type { SparseActivations } from "../../sae/forward.ts";
import type { Collector, SavedCollector, TallyBatch } from "../pass/batch.ts";
import { bitsOf, setBits } from "../pass/bits.ts";

export const SAMPLE_TOKENS = 250_000;
/** Eight bytes each. */
export const SAMPLE_ENTRIES = 20_000_000;

/** Active units of whole contexts, on shared memory: row j's are entries [rowOffsets[j], rowOffsets[j+1]). */
export interface SampledRows extends SparseActivations {
  /** How many units there are. */
  readonly units: number;
  /** Length of a context; the sample has numbers.length · context rows. */
  readonly context: number;
  /** Which contexts these are, counted from 0 over all that were chosen from, in the order of the analysis. */
  readonly numbers: Int32Array;
  /** [contexts · context] */
  readonly tokens: Int32Array;
}

export interface ActivationSampleOptions {
  /** Position of the set of units among those of the analysis. */
  readonly set: number;
  readonly units: number;
  readonly context: number;
  /** Contexts to choose from, when it is known: the first stride then leaves no more than fits. */
  readonly contexts?: number;
  /**
   * Choose from those contexts only on which this set is read. A set that is read on every tenth batch has few contexts in common
   * with every fortieth of all.
   */
  readonly whereRead?: number | undefined;
  readonly maxTokens?: number;
  readonly maxEntries?: number;
}

interface SavedState {
  readonly units: number;
  readonly context: number;
  readonly seen: number;
  readonly stride: number;
  readonly kept: number;
  readonly entries: number;
}

export class ActivationSample implements Collector {
  readonly name: string;
  readonly #set: number;
  readonly #whereRead: number | undefined;
  readonly #units: number;
  readonly #context: number;
  readonly #numbers: Int32Array;
  readonly #tokens: Int32Array;
  readonly #rowOffsets: Uint32Array;
  // Memory that was never written costs nothing, so the bounds are allocated at once.
  readonly #indices: Uint32Array;
  readonly #values: Float32Array;
  #stride: number;
  #seen = 0;
  #kept = 0;

  constructor(options: ActivationSampleOptions) {
    const { set, whereRead, units, context, contexts = 0 } = options;
    const { maxTokens = SAMPLE_TOKENS, maxEntries = SAMPLE_ENTRIES } = options;
    const capacity = Math.max(1, Math.floor(maxTokens / context));
    this.name = `sample-${set}`;
    this.#set = set;
    this.#whereRead = whereRead;
    this.#units = units;
    this.#context = context;
    this.#stride = Math.max(1, Math.ceil(contexts / capacity));
    this.#numbers = sharedInts(capacity);
    this.#tokens = sharedInts(capacity * context);
    this.#rowOffsets = sharedCounts(capacity * context + 1);
    this.#indices = sharedCounts(maxEntries);
    this.#values = sharedFloats(maxEntries);
  }

  add({ context, contexts, tokens, activations: sets }: TallyBatch): void {
    if (context !== this.#context) throw new Error(`contexts of ${context} tokens, not ${this.#context}`);
    if (this.#whereRead !== undefined && sets[this.#whereRead] === undefined) return;
    const activations = sets[this.#set];
    if (activations === undefined) {
      this.#seen += contexts.length;
      return;
    }
    for (let i = 0; i < contexts.length; i++) {
      const number = this.#seen++;
      if (number % this.#stride === 0) this.#keep(number, tokens, activations, i);
    }
  }

  /** What was kept, as views. */
  rows(): SampledRows {
    const count = this.#kept * this.#context;
    const entries = this.#rowOffsets[count]!;
    return {
      units: this.#units,
      context: this.#context,
      numbers: this.#numbers.subarray(0, this.#kept),
      tokens: this.#tokens.subarray(0, count),
      rowOffsets: this.#rowOffsets.subarray(0, count + 1),
      indices: this.#indices.subarray(0, entries),
      values: this.#values.subarray(0, entries),
    };
  }

  save(): SavedCollector {
    const { numbers, tokens, rowOffsets, indices, values, units, context } = this.rows();
    const state: SavedState = {
      units,
      context,
      seen: this.#seen,
      stride: this.#stride,
      kept: this.#kept,
      entries: values.length,
    };
    return {
      tensors: {
        numbers: bitsOf(numbers),
        tokens: bitsOf(tokens),
        rowOffsets: bitsOf(rowOffsets),
        indices: bitsOf(indices),
        values: bitsOf(values),
      },
      state,
    };
  }

  restore({ tensors, state }: { readonly tensors: ReadTensors; readonly state: unknown }): void {
    const saved = state as SavedState;
    const rows = saved.kept * saved.context;
    if (
      saved.units !== this.#units ||
      saved.context !== this.#context ||
      saved.kept > this.#numbers.length ||
      saved.entries > this.#values.length
    ) {
      throw new Failure(
        `the checkpoint holds a sample of ${saved.units} units in contexts of ${saved.context} tokens, expected ` +
          `${this.#units} units and ${this.#context} tokens: delete the checkpoint to begin anew`,
      );
    }
    setBits(this.#numbers.subarray(0, saved.kept), tensors["numbers"]);
    setBits(this.#tokens.subarray(0, rows), tensors["tokens"]);
    setBits(this.#rowOffsets.subarray(0, rows + 1), tensors["rowOffsets"]);
    setBits(this.#indices.subarray(0, saved.entries), tensors["indices"]);
    setBits(this.#values.subarray(0, saved.entries), tensors["values"]);
    this.#seen = saved.seen;
    this.#stride = saved.stride;
    this.#kept = saved.kept;
  }

  /** Keeps the batch's i-th context, after making room. */
  #keep(number: number, tokens: Int32Array, rows: SparseActivations, i: number): void {
    const context = this.#context;
    const begin = rows.rowOffsets[i * context]!;
    const end = rows.rowOffsets[(i + 1) * context]!;
    if (end - begin > this.#values.length) {
      throw new Error(`a context has ${end - begin} active units, a sample holds ${this.#values.length}`);
    }
    while (this.#kept === this.#numbers.length || this.#entries + end - begin > this.#values.length) {
      this.#halve();
      if (number % this.#stride !== 0) return;
    }
    const row = this.#kept * context;
    const at = this.#entries;
    for (let j = 1; j <= context; j++) {
      this.#rowOffsets[row + j] = at + rows.rowOffsets[i * context + j]! - begin;
    }
    this.#indices.set(rows.indices.subarray(begin, end), at);
    this.#values.set(rows.values.subarray(begin, end), at);
    this.#tokens.set(tokens.subarray(i * context, (i + 1) * context), row);
    this.#numbers[this.#kept++] = number;
  }

  get #entries(): number {
    return this.#rowOffsets[this.#kept * this.#context]!;
  }

  /** Doubles the stride and drops what no longer lies on it. */
  #halve(): void {
    this.#stride *= 2;
    const kept = this.#kept;
    this.#kept = 0;
    const { numbers, tokens, rowOffsets, indices, values } = {
      numbers: this.#numbers.slice(0, kept),
      tokens: this.#tokens,
      rowOffsets: this.#rowOffsets.slice(0, kept * this.#context + 1),
      indices: this.#indices,
      values: this.#values,
    };
    for (let i = 0; i < kept; i++) {
      // Moves towards the front only, so nothing is overwritten before it is read.
      if (numbers[i]! % this.#stride === 0)
        this.#keep(numbers[i]!, tokens, { rowOffsets, indices, values }, i);
    }
  }
}

/** The rows of those contexts that both samples have. */
export function commonContexts(a: SampledRows, b: SampledRows): [SampledRows, SampledRows] {
  const ofB = new Set(b.numbers);
  const both = new Set(a.numbers.filter((number) => ofB.has(number)));
  return [onlyContexts(a, both), onlyContexts(b, both)];
}

function onlyContexts(rows: SampledRows, wanted: ReadonlySet<number>): SampledRows {
  const { units, context, numbers, rowOffsets } = rows;
  if (numbers.length === wanted.size) return rows;
  const places = [...numbers.keys()].filter((i) => wanted.has(numbers[i]!));
  const sizeOf = (i: number) => rowOffsets[(i + 1) * context]! - rowOffsets[i * context]!;
  const entries = places.reduce((sum, i) => sum + sizeOf(i), 0);
  const taken = {
    units,
    context,
    numbers: sharedInts(places.length),
    tokens: sharedInts(places.length * context),
    rowOffsets: sharedCounts(places.length * context + 1),
    indices: sharedCounts(entries),
    values: sharedFloats(entries),
  };
  places.forEach((place, i) => {
    const begin = rowOffsets[place * context]!;
    const at = taken.rowOffsets[i * context]!;
    for (let j = 1; j <= context; j++) {
      taken.rowOffsets[i * context + j] = at + rowOffsets[place * context + j]! - begin;
    }
    taken.indices.set(rows.indices.subarray(begin, begin + sizeOf(place)), at);
    taken.values.set(rows.values.subarray(begin, begin + sizeOf(place)), at);
    taken.tokens.set(rows.tokens.subarray(place * context, (place + 1) * context), i * context);
    taken.numbers[i] = numbers[place]!;
  });
  return taken;
}

function sharedCounts(length: number): Uint32Array<SharedArrayBuffer> {
  return new Uint32Array(new SharedArrayBuffer(length * 4));
}
