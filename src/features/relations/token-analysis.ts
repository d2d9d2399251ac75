/**
 * Which tokens a unit fires on, in a sample: a table of those with the largest total activation, and how many kinds there are,
 *
 *     H = −Σ_t p_t log₂ p_t,   p_t = share of token t among the tokens at which the unit was active.
 *
 * H is the token-distribution entropy with which Heap et al. 2025 (2501.17727) tell trained from random transformers: 0 bits for a unit
 * that fires on one token only. Every active token counts once, whatever f was there. H cannot exceed log₂ of the number of active tokens, so
 * that of a rare unit is bounded by its sample.
 */

import type { SampledRows } from "./activation-sample.ts";
import type { TokenAnalysis } from "../records.ts";
import { columnsOf } from "./unit-columns.ts";

export const LISTED_TOKENS = 20;

/** One for each unit, in order. */
export function analyseTokens(sample: SampledRows, listed = LISTED_TOKENS): TokenAnalysis[] {
  const { units, tokens, values } = sample;
  const { columnOffsets, entries, rows } = columnsOf(sample, units);
  const vocabulary = tokens.reduce((most, token) => Math.max(most, token), -1) + 1;
  const occurred = new Uint32Array(vocabulary);
  for (const token of tokens) occurred[token]!++;
  const active = new Uint32Array(vocabulary);
  const sums = new Float64Array(vocabulary);
  return Array.from({ length: units }, (_, unit) => {
    const [begin, end] = [columnOffsets[unit]!, columnOffsets[unit + 1]!];
    if (begin === end) return { tokens: [], entropy: null };
    const met: number[] = [];
    for (let at = begin; at < end; at++) {
      const token = tokens[rows[at]!]!;
      if (active[token]!++ === 0) met.push(token);
      sums[token]! += values[entries[at]!]!;
    }
    const shares = met
      .sort((a, b) => sums[b]! - sums[a]! || a - b)
      .slice(0, listed)
      .map((token) => ({
        token,
        active: active[token]!,
        occurred: occurred[token]!,
        mean: sums[token]! / active[token]!,
      }));
    const entropy = entropyOf(met.map((token) => active[token]!));
    for (const token of met) active[token] = sums[token] = 0;
    return { tokens: shares, entropy };
  });
}

/** Of the distribution with these counts, bits. */
function entropyOf(counts: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce((sum, count) => sum + (count / total) * Math.log2(total / count), 0);
}
