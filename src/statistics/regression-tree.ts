/**
 * A regression tree on numbers and categories (Breiman et al. 1984): splits that take most off the sum of squares.
 *
 *     number     up to a value, or above
 *     category   levels in the order of their mean outcome, cut in two: for squares the best of all divisions (Fisher 1958)
 *
 * Categories that no trial of a node has go where most of its trials go. Of splits that are equally good the first is taken, factors in
 * their order and cuts from below, so a tree is a function of its data and of the factors drawn for each node.
 */

import type { Random } from "../random.ts";
import type { Factor } from "./factor.ts";

export interface TreeOptions {
  /** The fewest trials at an end of the tree. */
  readonly minLeaf: number;
  /** How many factors are drawn for each split. */
  readonly tried: number;
}

interface Split {
  readonly factor: number;
  /** Whether a level goes left. */
  readonly left: Uint8Array;
  readonly gain: number;
}

/** The gain below which a split is rounding, as a share of the node's sum of squares. */
const NO_GAIN = 1e-12;

export class RegressionTree {
  readonly #factors: readonly Factor[];
  readonly #splits: (Split | null)[] = [];
  readonly #children: (readonly [number, number])[] = [];
  readonly #values: number[] = [];

  /** @param rows which trials it is grown on, some of them more than once */
  constructor(
    factors: readonly Factor[],
    outcome: Float64Array,
    rows: readonly number[],
    options: TreeOptions,
    random: Random,
  ) {
    this.#factors = factors;
    this.#grow(outcome, Uint32Array.from(rows), options, random);
  }

  /** What it says of a trial whose levels are these. */
  predict(codeOf: (factor: number) => number): number {
    let node = 0;
    for (let split = this.#splits[0]!; split !== null; split = this.#splits[node]!) {
      node = this.#children[node]![split.left[codeOf(split.factor)] === 1 ? 0 : 1];
    }
    return this.#values[node]!;
  }

  #grow(outcome: Float64Array, rows: Uint32Array, options: TreeOptions, random: Random): number {
    const node = this.#values.length;
    let sum = 0;
    for (const row of rows) sum += outcome[row]!;
    const mean = sum / rows.length;
    this.#values.push(mean);
    this.#splits.push(null);
    this.#children.push([0, 0]);
    let squares = 0;
    for (const row of rows) squares += (outcome[row]! - mean) ** 2;
    if (rows.length < 2 * options.minLeaf || !(squares > NO_GAIN * mean * mean)) return node;
    let best: Split | null = null;
    for (const factor of drawn(this.#factors.length, options.tried, random)) {
      const split = bestSplit(this.#factors[factor]!, factor, outcome, mean, rows, options.minLeaf);
      if (split !== null && split.gain > (best?.gain ?? NO_GAIN * squares)) best = split;
    }
    if (best === null) return node;
    const { codes } = this.#factors[best.factor]!;
    const { left } = best;
    this.#splits[node] = best;
    this.#children[node] = [1, 0].map((side) =>
      this.#grow(
        outcome,
        rows.filter((row) => left[codes[row]!] === side),
        options,
        random,
      ),
    ) as [number, number];
    return node;
  }
}

function drawn(count: number, tried: number, random: Random): Uint32Array {
  if (tried >= count) return Uint32Array.from({ length: count }, (_, i) => i);
  return random.permutation(count).subarray(0, tried).sort();
}

/** The best cut of one factor; null where none leaves enough on both sides. */
function bestSplit(
  { codes, levels, isNumeric }: Factor,
  factor: number,
  outcome: Float64Array,
  mean: number,
  rows: Uint32Array,
  minLeaf: number,
): Split | null {
  const counts = new Uint32Array(levels.length);
  // About the mean of the node, so that the gain is not a difference of large numbers.
  const sums = new Float64Array(levels.length);
  for (const row of rows) {
    counts[codes[row]!]!++;
    sums[codes[row]!]! += outcome[row]! - mean;
  }
  const ordered = levels.map((_, code) => code).filter((code) => counts[code]! > 0);
  if (!isNumeric) ordered.sort((a, b) => sums[a]! / counts[a]! - sums[b]! / counts[b]! || a - b);
  let best: { at: number; gain: number; count: number } | null = null;
  let [count, sum] = [0, 0];
  for (let at = 0; at < ordered.length - 1; at++) {
    count += counts[ordered[at]!]!;
    sum += sums[ordered[at]!]!;
    const others = rows.length - count;
    if (count < minLeaf || others < minLeaf) continue;
    const gain = (sum * sum) / count + (sum * sum) / others;
    if (best === null || gain > best.gain) best = { at, gain, count };
  }
  if (best === null) return null;
  const { at, gain } = best;
  const left = new Uint8Array(levels.length);
  // A number that no trial here has goes by its place among those that some have.
  if (isNumeric) left.fill(1, 0, Math.floor((ordered[at]! + ordered[at + 1]!) / 2) + 1);
  else {
    left.fill(best.count * 2 > rows.length ? 1 : 0);
    ordered.forEach((code, i) => (left[code] = i <= at ? 1 : 0));
  }
  return { factor, left, gain };
}
