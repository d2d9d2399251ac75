/**
 * How many of a unit's active tokens were accepted at each level of its activation, without knowing its maximum beforehand.
 *
 * Every unit has LEVELS bins of equal width from 0; the width is a power of two and doubles, neighbours joining, when a larger value
 * comes. So the maximum lies in the upper half of the bins, and a bin is at most a 32nd of it wide. At the end bins go to the
 * INTERVALS equal intervals of (0, max] by their middle. Counts of accepted tokens exist only for units that had one.
 */

import type { ReadTensors } from "../../files/checkpoints.ts";
import type { WritableTensor } from "../../files/safetensors-write.ts";
import { bitsOf, setBits } from "../pass/bits.ts";
import { INTERVALS } from "../records.ts";

export const LEVELS = 64;
const NONE = -1;

export class LevelCounts {
  readonly #proxies: number;
  readonly #max: Float32Array;
  /** 1 / width of each unit's bins. */
  readonly #scale: Float64Array;
  readonly #active: Uint32Array;
  /** Row of #accepted that belongs to [unit, proxy]; NONE until one was accepted. */
  readonly #rows: Int32Array;
  #accepted = new Uint32Array(64 * LEVELS);
  #used = 0;

  constructor(units: number, proxies: number) {
    this.#proxies = proxies;
    this.#max = new Float32Array(units);
    this.#scale = new Float64Array(units);
    this.#active = new Uint32Array(units * LEVELS);
    this.#rows = new Int32Array(units * proxies).fill(NONE);
  }

  /** Counts an active token. @returns its bin, for `accept` */
  add(unit: number, value: number): number {
    if (value > this.#max[unit]!) this.#widen(unit, value);
    const level = Math.min(LEVELS - 1, Math.floor(value * this.#scale[unit]!));
    this.#active[unit * LEVELS + level]!++;
    return level;
  }

  /** Says that a proxy accepts the token that was just added. */
  accept(unit: number, proxy: number, level: number): void {
    const at = unit * this.#proxies + proxy;
    if (this.#rows[at] === NONE) this.#rows[at] = this.#newRow();
    this.#accepted[this.#rows[at]! * LEVELS + level]!++;
  }

  /** Of the active tokens in each interval of (0, max] the share that was accepted; null where there are none. */
  shares(unit: number, proxy: number): (number | null)[] {
    const accepted = new Float64Array(INTERVALS);
    const active = new Float64Array(INTERVALS);
    const row = this.#rows[unit * this.#proxies + proxy]!;
    const width = this.#scale[unit]! === 0 ? 0 : 1 / this.#scale[unit]!;
    for (let level = 0; level < LEVELS; level++) {
      const middle = Math.min(this.#max[unit]!, (level + 0.5) * width);
      const interval = Math.min(INTERVALS - 1, Math.floor((INTERVALS * middle) / this.#max[unit]!));
      const count = this.#active[unit * LEVELS + level]!;
      if (count === 0) continue;
      active[interval]! += count;
      if (row !== NONE) accepted[interval]! += this.#accepted[row * LEVELS + level]!;
    }
    return Array.from(active, (count, interval) => (count === 0 ? null : accepted[interval]! / count));
  }

  /** Active tokens, and accepted ones among them. */
  counts(unit: number, proxy: number): { active: number; accepted: number } {
    const row = this.#rows[unit * this.#proxies + proxy]!;
    return {
      active: total(this.#active, unit),
      accepted: row === NONE ? 0 : total(this.#accepted, row),
    };
  }

  save(prefix: string): Record<string, WritableTensor> {
    return {
      [`${prefix}.max`]: bitsOf(this.#max),
      [`${prefix}.active`]: bitsOf(this.#active),
      [`${prefix}.rows`]: bitsOf(this.#rows),
      [`${prefix}.accepted`]: bitsOf(this.#accepted.subarray(0, this.#used * LEVELS)),
    };
  }

  restore(prefix: string, tensors: ReadTensors): void {
    setBits(this.#max, tensors[`${prefix}.max`]);
    setBits(this.#active, tensors[`${prefix}.active`]);
    setBits(this.#rows, tensors[`${prefix}.rows`]);
    const accepted = tensors[`${prefix}.accepted`];
    this.#used = (accepted?.data.length ?? 0) / LEVELS;
    this.#accepted = new Uint32Array(Math.max(64, this.#used) * LEVELS);
    setBits(this.#accepted.subarray(0, this.#used * LEVELS), accepted);
    for (const [unit, max] of this.#max.entries()) this.#scale[unit] = max > 0 ? scaleFor(max) : 0;
  }

  #widen(unit: number, value: number): void {
    const before = this.#scale[unit]!;
    const after = scaleFor(value);
    this.#max[unit] = value;
    this.#scale[unit] = after;
    if (before === 0 || before === after) return;
    this.#join(this.#active, unit, after / before);
    for (let proxy = 0; proxy < this.#proxies; proxy++) {
      const row = this.#rows[unit * this.#proxies + proxy]!;
      if (row !== NONE) this.#join(this.#accepted, row, after / before);
    }
  }

  /** Moves the counts of a row to bins `1 / ratio` times as wide. */
  #join(counts: Uint32Array, row: number, ratio: number): void {
    for (let level = 1; level < LEVELS; level++) {
      const to = Math.floor(level * ratio);
      if (to === level) continue;
      counts[row * LEVELS + to]! += counts[row * LEVELS + level]!;
      counts[row * LEVELS + level] = 0;
    }
  }

  #newRow(): number {
    if ((this.#used + 1) * LEVELS > this.#accepted.length) {
      const larger = new Uint32Array(2 * this.#accepted.length);
      larger.set(this.#accepted);
      this.#accepted = larger;
    }
    return this.#used++;
  }
}

/** The power of two for which LEVELS/2 ≤ value · scale < LEVELS. */
function scaleFor(value: number): number {
  let exponent = Math.floor(Math.log2(value));
  // The logarithm of a number just below a power of two is rounded to that power's.
  if (2 ** exponent > value) exponent--;
  return 2 ** (Math.log2(LEVELS) - 1 - exponent);
}

function total(counts: Uint32Array, row: number): number {
  let sum = 0;
  for (let level = 0; level < LEVELS; level++) sum += counts[row * LEVELS + level]!;
  return sum;
}
