/**
 * Histograms of f over active tokens, one a unit, in one pass and without knowing the maximum beforehand.
 *
 * Bins are linear from 0, and their range is the smallest power of two above everything seen. When a value exceeds it, the range
 * doubles and neighbouring bins are added in pairs, so counts are exact, and the outcome does not depend on the order of values:
 * the index ⌊f · BINS / range⌋ is exact in double precision, and ⌊⌊2y⌋ / 2⌋ = ⌊y⌋.
 */

import type { Histogram } from "../records.ts";

/** Of one unit. Between half of them and all are in use. */
export const BINS = 96;

export class AdaptiveHistograms {
  /** [units, BINS] */
  readonly counts: Uint32Array;
  /** 0 for a unit that never fired. */
  readonly ranges: Float64Array;

  constructor(units: number) {
    this.counts = new Uint32Array(units * BINS);
    this.ranges = new Float64Array(units);
  }

  /** Makes room for values up to `max`. @returns how often the range of a unit that had one was doubled */
  include(unit: number, max: number): number {
    const range = this.ranges[unit]!;
    if (range === 0) {
      this.ranges[unit] = powerAbove(max);
      return 0;
    }
    let doublings = 0;
    while (this.ranges[unit]! <= max) {
      this.ranges[unit]! *= 2;
      this.#fold(unit);
      doublings++;
    }
    return doublings;
  }

  /** Bins from 0 to the one that holds `max`. */
  of(unit: number, max: number): Histogram {
    const range = this.ranges[unit]!;
    if (range === 0) return { start: 0, width: 0, counts: [] };
    const used = Math.floor((max * BINS) / range) + 1;
    return {
      start: 0,
      width: range / BINS,
      counts: Array.from(this.counts.subarray(unit * BINS, unit * BINS + used)),
    };
  }

  #fold(unit: number): void {
    const counts = this.counts.subarray(unit * BINS, (unit + 1) * BINS);
    for (let i = 0; i < BINS / 2; i++) counts[i] = counts[2 * i]! + counts[2 * i + 1]!;
    counts.fill(0, BINS / 2);
  }
}

function powerAbove(value: number): number {
  const power = 2 ** Math.floor(Math.log2(value));
  // The logarithm may be off by a rounding at powers of two.
  return power <= value ? (2 * power <= value ? 4 * power : 2 * power) : power;
}
