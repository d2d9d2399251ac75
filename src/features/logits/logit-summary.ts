/**
 * What is kept of one unit's logit weights: the median is shifted to 0, the k tokens at either end, a histogram.
 *
 * One sort of 50,257 numbers for each of 24,576 units would take an hour. Instead every number is put into one of several thousand
 * equal bins between the smallest and the largest; the ends and the median are then found by sorting the few bins that hold them, and
 * the histogram's bars are groups of bins.
 */

import type { LogitWeights, TokenWeight } from "../records.ts";

export const BARS = 50;
const BINS = BARS * 64;

/** What a bin may hold. */
const TOP = 1;
const BOTTOM = 2;
const MIDDLE = 4;

export class LogitSummary {
  readonly #tokens: Uint32Array;
  readonly #k: number;
  readonly #bins: Uint16Array;
  readonly #counts = new Uint32Array(BINS);
  /** TOP, BOTTOM and MIDDLE of each bin. Most bins have none, so one look decides about most numbers. */
  readonly #parts = new Uint8Array(BINS);

  /** @param tokens the token of each column, ascending */
  constructor(tokens: Uint32Array, k: number) {
    this.#tokens = tokens;
    this.#k = Math.min(k, tokens.length);
    this.#bins = new Uint16Array(tokens.length);
  }

  /** @param weights of one unit, one for each column, finite */
  of(weights: Float32Array): Omit<LogitWeights, "path"> {
    const { least, greatest } = this.#bin(weights);
    const [low, high] = [(weights.length - 1) >> 1, weights.length >> 1];
    const [first, last] = [this.#binOfRank(low), this.#binOfRank(high)];
    this.#parts.fill(0);
    this.#mark(this.#binOfRank(weights.length - this.#k), BINS - 1, TOP);
    this.#mark(0, this.#binOfRank(this.#k - 1), BOTTOM);
    this.#mark(first, last, MIDDLE);
    const top: number[] = [];
    const bottom: number[] = [];
    const middle: number[] = [];
    const [bins, parts] = [this.#bins, this.#parts];
    for (let column = 0; column < bins.length; column++) {
      const part = parts[bins[column]!]!;
      if (part === 0) continue;
      if (part & TOP) top.push(column);
      if (part & BOTTOM) bottom.push(column);
      if (part & MIDDLE) middle.push(weights[column]!);
    }
    // Of an even number of weights the median is the mean of the two in the middle.
    const sorted = Float32Array.from(middle).sort();
    const below = this.#below(first);
    const median = (sorted[low - below]! + sorted[high - below]!) / 2;
    const listed = (columns: number[], sign: number): TokenWeight[] =>
      columns
        .sort((a, b) => sign * (weights[b]! - weights[a]!) || a - b)
        .slice(0, this.#k)
        .map((column) => ({ token: this.#tokens[column]!, value: weights[column]! - median }));
    return {
      top: listed(top, 1),
      bottom: listed(bottom, -1),
      histogram: {
        start: least - median,
        width: greatest > least ? (greatest - least) / BARS : 1,
        counts: this.#bars(),
      },
    };
  }

  #bin(weights: Float32Array): { least: number; greatest: number } {
    let least = Infinity;
    let greatest = -Infinity;
    for (let i = 0; i < weights.length; i++) {
      const value = weights[i]!;
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
    const counts = this.#counts.fill(0);
    const bins = this.#bins;
    const perUnit = greatest > least ? BINS / (greatest - least) : 0;
    for (let i = 0; i < weights.length; i++) {
      const bin = Math.min(BINS - 1, ((weights[i]! - least) * perUnit) | 0);
      bins[i] = bin;
      counts[bin]!++;
    }
    return { least, greatest };
  }

  /** The bin that holds the number of this rank, from 0 for the smallest. */
  #binOfRank(rank: number): number {
    let below = 0;
    let bin = 0;
    while (below + this.#counts[bin]! <= rank) below += this.#counts[bin++]!;
    return bin;
  }

  /** How many numbers lie in lower bins. */
  #below(bin: number): number {
    let below = 0;
    for (let i = 0; i < bin; i++) below += this.#counts[i]!;
    return below;
  }

  #mark(first: number, last: number, part: number): void {
    for (let bin = first; bin <= last; bin++) this.#parts[bin]! |= part;
  }

  #bars(): number[] {
    const bars = Array.from({ length: BARS }, () => 0);
    this.#counts.forEach((count, bin) => (bars[Math.floor(bin / (BINS / BARS))]! += count));
    return bars;
  }
}
