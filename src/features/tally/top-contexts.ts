/**
 * The contexts on which each unit is highest, each at its maximum; of contexts that look the same around it the highest.
 *
 * Duplicates are removed on the way in. That is exact: what is pushed out has as many higher ones of other windows before it as are
 * kept, and those only get higher. Among equal values the earlier context stays.
 */

import type { ReadTensors } from "../../files/checkpoints.ts";
import type { WritableTensor } from "../../files/safetensors-write.ts";
import { bitsOf, setBits } from "../pass/bits.ts";
import type { SnippetArena } from "./snippet-arena.ts";

/** A record that a higher one pushed out. */
export interface PushedOut {
  record: number;
  key: number;
  value: number;
}

/** What `enter` answers when the context has no place among the highest. */
export const TOO_LOW = -1;
/** …or looks the same as a higher one. */
export const DUPLICATE = -2;

export class TopContexts {
  readonly perUnit: number;
  /** Address of each slot's record in the arena; 0 is an empty slot. Filled from a unit's first slot on. */
  readonly records: Uint32Array;
  readonly keys: Uint32Array;
  readonly #values: Float32Array;
  /** What a value must exceed. */
  readonly #least: Float32Array;
  readonly #arena: SnippetArena;
  readonly #pushedOut: PushedOut = { record: 0, key: 0, value: 0 };

  constructor(units: number, perUnit: number, arena: SnippetArena) {
    this.perUnit = perUnit;
    this.records = new Uint32Array(units * perUnit);
    this.keys = new Uint32Array(units * perUnit);
    this.#values = new Float32Array(units * perUnit);
    this.#least = new Float32Array(units);
    this.#arena = arena;
  }

  /**
   * Finds the slot for a context's maximum `value`, whose window has `key`. The caller puts its record there.
   * What it pushes out is in `pushedOut`, unless it was the same window lower: that is freed.
   */
  enter(unit: number, value: number, key: number): number {
    this.#pushedOut.record = 0;
    if (value <= this.#least[unit]!) return TOO_LOW;
    const slot = this.#slotFor(unit, value, key);
    if (slot < 0) return slot;
    this.#values[slot] = value;
    this.keys[slot] = key;
    this.#least[unit] = this.#lowest(unit, slot);
    return slot;
  }

  /** Of the last `enter`; its record is 0 when there was none. */
  get pushedOut(): Readonly<PushedOut> {
    return this.#pushedOut;
  }

  value(slot: number): number {
    return this.#values[slot]!;
  }

  save(): Record<string, WritableTensor> {
    return {
      "top.records": bitsOf(this.records),
      "top.keys": bitsOf(this.keys),
      "top.values": bitsOf(this.#values),
      "top.least": bitsOf(this.#least),
    };
  }

  restore(tensors: ReadTensors): void {
    setBits(this.records, tensors["top.records"]);
    setBits(this.keys, tensors["top.keys"]);
    setBits(this.#values, tensors["top.values"]);
    setBits(this.#least, tensors["top.least"]);
  }

  #slotFor(unit: number, value: number, key: number): number {
    const first = unit * this.perUnit;
    const end = first + this.perUnit;
    let lowest = first;
    for (let slot = first; slot < end; slot++) {
      const record = this.records[slot]!;
      // Places behind an empty slot are empty too, so no duplicate follows.
      if (record === 0) return slot;
      if (this.keys[slot] === key) {
        if (value <= this.#values[slot]!) return DUPLICATE;
        this.#arena.release(record);
        return slot;
      }
      if (this.#below(slot, lowest)) lowest = slot;
    }
    this.#pushedOut.record = this.records[lowest]!;
    this.#pushedOut.key = this.keys[lowest]!;
    this.#pushedOut.value = this.#values[lowest]!;
    return lowest;
  }

  /** Whether slot `a` goes before slot `b`: it is lower, or equal and from a later context. */
  #below(a: number, b: number): boolean {
    const difference = this.#values[a]! - this.#values[b]!;
    if (difference !== 0) return difference < 0;
    return this.#arena.place(this.records[a]!) > this.#arena.place(this.records[b]!);
  }

  /** The lowest value of a unit whose slots are all taken, `entered` among them; 0 of another. */
  #lowest(unit: number, entered: number): number {
    let least = Infinity;
    for (let slot = unit * this.perUnit, end = slot + this.perUnit; slot < end; slot++) {
      if (slot !== entered && this.records[slot] === 0) return 0;
      if (this.#values[slot]! < least) least = this.#values[slot]!;
    }
    return least;
  }
}
