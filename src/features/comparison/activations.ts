/** Two sets of units compared by what they do on the same tokens: best matches each way, how sure they are, and the graph of splitting. */

import { median } from "../../statistics/quantiles.ts";
import {
  blockOf,
  blockSums,
  matchedProducts,
  medianInterval,
  weightedCorrelations,
} from "./pair-intervals.ts";
import { type ComparedRows, comparePairs, type PairFindings, type PairOptions, unitSums } from "./pairs.ts";

export interface ComparisonOptions extends PairOptions {
  readonly seed: number;
}

/** The best-match correlations of one side's units, those active on too few tokens left out. */
export interface MatchSummary {
  readonly counted: number;
  readonly median: number | null;
  /** Over contexts, 95 %, matches held fixed. */
  readonly interval: readonly [low: number, high: number] | null;
  /** Matches chosen on one half of the contexts, measured on the other. */
  readonly heldOutMedian: number | null;
}

export interface ActivationComparison {
  readonly pairs: PairFindings;
  /** Tokens on which each unit is active. */
  readonly active: { readonly a: Uint32Array; readonly b: Uint32Array };
  readonly matches: { readonly a: MatchSummary; readonly b: MatchSummary };
}

/** @param context length of the contexts that both have the rows of, in one order */
export function compareActivations(
  a: ComparedRows,
  b: ComparedRows,
  context: number,
  options: ComparisonOptions,
): ActivationComparison {
  const pairs = comparePairs(a, b, options);
  const active = { a: unitSums(a).active, b: unitSums(b).active };
  const counted = {
    a: countedUnits(active.a, options.minActive),
    b: countedUnits(active.b, options.minActive),
  };
  const sums = { a: blockSums(a, context), b: blockSums(b, context) };
  const half = { ...options, minActive: Math.ceil(options.minActive / 2), maxEdges: 0 };
  const chosen = comparePairs(evenBlocks(a, context), evenBlocks(b, context), half).correlation;
  const { blocks } = sums.a;
  const others = Float64Array.from({ length: blocks }, (_, block) => block % 2);

  const summary = (side: "a" | "b"): MatchSummary => {
    const [own, other] = side === "a" ? [a, b] : [b, a];
    const [ownSums, otherSums] = side === "a" ? [sums.a, sums.b] : [sums.b, sums.a];
    const units = counted[side];
    const matched = (match: Int32Array) => ({
      a: ownSums,
      b: otherSums,
      match,
      products: matchedProducts(own, other, match, context),
    });
    const { index, value } = pairs.correlation[side];
    const heldOut = blocks < 2 ? [] : weightedCorrelations(matched(chosen[side].index), units, others);
    return {
      counted: units.length,
      median: median(units.map((unit) => value[unit]!)),
      interval: medianInterval(matched(index), units, options.seed),
      heldOutMedian: median(heldOut),
    };
  };
  return { pairs, active, matches: { a: summary("a"), b: summary("b") } };
}

/** Units active often enough, ascending. */
export function countedUnits(active: Uint32Array, minActive: number): number[] {
  return [...active.keys()].filter((unit) => active[unit]! >= minActive);
}

/** The rows of every other block of contexts. */
function evenBlocks({ units, rowOffsets, indices, values }: ComparedRows, context: number): ComparedRows {
  const contexts = (rowOffsets.length - 1) / context;
  const block = blockOf(contexts);
  const taken = Array.from({ length: contexts }, (_, c) => c).filter((c) => block(c) % 2 === 0);
  const sizeOf = (c: number) => rowOffsets[(c + 1) * context]! - rowOffsets[c * context]!;
  const size = taken.reduce((sum, c) => sum + sizeOf(c), 0);
  const rows = {
    units,
    rowOffsets: new Uint32Array(taken.length * context + 1),
    indices: new Uint32Array(size),
    values: new Float32Array(size),
  };
  for (const [place, c] of taken.entries()) {
    const begin = rowOffsets[c * context]!;
    const at = rows.rowOffsets[place * context]!;
    rows.indices.set(indices.subarray(begin, begin + sizeOf(c)), at);
    rows.values.set(values.subarray(begin, begin + sizeOf(c)), at);
    for (let t = 1; t <= context; t++) {
      rows.rowOffsets[place * context + t] = at + rowOffsets[c * context + t]! - begin;
    }
  }
  return rows;
}
