/**
 * How sure the median of best-match correlations is, in two ways.
 *
 * Which contexts happened to be read: a bootstrap over blocks of contexts, matches held fixed. Tokens of one context, and of
 * neighbouring contexts, move together; so what is drawn is a stretch of the text.
 *
 * The best of thousands of partners is partly the luckiest: matches chosen on every other block are measured on the blocks between,
 * which had no part in the choice.
 */

import { median, quantile } from "../../statistics/quantiles.ts";
import { Random } from "../../random.ts";
import { type ComparedRows, NO_MATCH, pearson } from "./pairs.ts";

export const BLOCKS = 32;
const REPLICATES = 200;

/** Sums of each unit over each block [units, blocks]. */
export interface BlockSums {
  readonly blocks: number;
  /** Tokens in each block. */
  readonly tokens: Float64Array;
  readonly sum: Float64Array;
  readonly squares: Float64Array;
}

/** Blocks of whole contexts, as equal as they can be. */
export function blockOf(contexts: number): (context: number) => number {
  const blocks = Math.min(BLOCKS, contexts);
  return (context) => Math.floor((context * blocks) / contexts);
}

export function blockSums(rows: ComparedRows, context: number): BlockSums {
  const contexts = (rows.rowOffsets.length - 1) / context;
  const blocks = Math.min(BLOCKS, contexts);
  const block = blockOf(contexts);
  const tokens = new Float64Array(blocks);
  const sum = new Float64Array(rows.units * blocks);
  const squares = new Float64Array(rows.units * blocks);
  for (let c = 0; c < contexts; c++) {
    const b = block(c);
    tokens[b]! += context;
    for (let e = rows.rowOffsets[c * context]!; e < rows.rowOffsets[(c + 1) * context]!; e++) {
      const at = rows.indices[e]! * blocks + b;
      sum[at]! += rows.values[e]!;
      squares[at]! += rows.values[e]! ** 2;
    }
  }
  return { blocks, tokens, sum, squares };
}

/** Σ f_i g_{match(i)} over each block [units of a, blocks]. */
export function matchedProducts(
  a: ComparedRows,
  b: ComparedRows,
  match: Int32Array,
  context: number,
): Float64Array {
  const contexts = (a.rowOffsets.length - 1) / context;
  const blocks = Math.min(BLOCKS, contexts);
  const block = blockOf(contexts);
  const products = new Float64Array(a.units * blocks);
  const g = new Float64Array(b.units);
  for (let row = 0; row < contexts * context; row++) {
    for (let e = b.rowOffsets[row]!; e < b.rowOffsets[row + 1]!; e++) g[b.indices[e]!] = b.values[e]!;
    const at = block(Math.floor(row / context));
    for (let e = a.rowOffsets[row]!; e < a.rowOffsets[row + 1]!; e++) {
      const i = a.indices[e]!;
      if (match[i] !== NO_MATCH) products[i * blocks + at]! += a.values[e]! * g[match[i]!]!;
    }
    for (let e = b.rowOffsets[row]!; e < b.rowOffsets[row + 1]!; e++) g[b.indices[e]!] = 0;
  }
  return products;
}

/** A set of matched features with their sums, ready to be weighed by block. */
export interface MatchedSums {
  readonly a: BlockSums;
  readonly b: BlockSums;
  readonly match: Int32Array;
  readonly products: Float64Array;
}

/** The correlation of each of `units` with its match over blocks taken `weights` times each; 0 without a match. */
export function weightedCorrelations(
  { a, b, match, products }: MatchedSums,
  units: ArrayLike<number>,
  weights: ArrayLike<number>,
): Float64Array {
  const { blocks } = a;
  const used = Array.from({ length: blocks }, (_, block) => block).filter((block) => weights[block]! > 0);
  const n = used.reduce((sum, block) => sum + weights[block]! * a.tokens[block]!, 0);
  return Float64Array.from(units, (i) => {
    const j = match[i]!;
    if (j === NO_MATCH) return 0;
    let [fg, f, ff, g, gg] = [0, 0, 0, 0, 0];
    for (const block of used) {
      const weight = weights[block]!;
      const [atA, atB] = [i * blocks + block, j * blocks + block];
      fg += weight * products[atA]!;
      f += weight * a.sum[atA]!;
      ff += weight * a.squares[atA]!;
      g += weight * b.sum[atB]!;
      gg += weight * b.squares[atB]!;
    }
    return pearson(n, fg, f, ff, g, gg);
  });
}

/** The 95 % interval of the median over `units`; null with fewer than two blocks. */
export function medianInterval(
  sums: MatchedSums,
  units: ArrayLike<number>,
  seed: number,
): [low: number, high: number] | null {
  const { blocks } = sums.a;
  if (blocks < 2 || units.length === 0) return null;
  const random = Random.of(seed, "comparison bootstrap");
  const medians = Array.from({ length: REPLICATES }, () => {
    const weights = new Uint32Array(blocks);
    for (let draw = 0; draw < blocks; draw++) weights[random.integer(blocks)]!++;
    return median(weightedCorrelations(sums, units, weights))!;
  });
  medians.sort((a, b) => a - b);
  return [quantile(medians, 0.025), quantile(medians, 0.975)];
}
