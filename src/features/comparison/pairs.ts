/**
 * Every feature f of one dictionary beside every feature g of another, on the same tokens:
 *
 *   correlation     r = (E[fg] − E[f]E[g]) / (s_f s_g)                                 Pearson, zeros included
 *   masked cosine   max( Σfg / (‖f‖ ‖g where f > 0‖),  Σfg / (‖f where g > 0‖ ‖g‖) )   Bricken et al. 2023: a feature that splits into
 *                   several others goes with each of them where that one fires, though not elsewhere
 *
 * Pairs that are never active together have a masked cosine of 0 and r ≤ 0, and are not looked at: for each entry of f's column the
 * rest of that token's row in the other dictionary. Time is Σ_tokens L0_a · L0_b, memory a few numbers a feature, whatever the product
 * of the widths.
 */

import type { SparseActivations } from "../../sae/forward.ts";
import { columnsOf } from "../relations/unit-columns.ts";

/** Of a feature that has no partner. */
export const NO_MATCH = -1;

/** Active units of the tokens compared. */
export interface ComparedRows extends SparseActivations {
  readonly units: number;
}

/** The partner of each feature with the largest value, and that value; NO_MATCH and 0 where there is none above 0. */
export interface Best {
  readonly index: Int32Array;
  readonly value: Float32Array;
}

export interface PairFindings {
  /** By correlation: of each feature of a among those of b, and the other way. */
  readonly correlation: { readonly a: Best; readonly b: Best };
  readonly masked: { readonly a: Best; readonly b: Best };
  /** Pairs with a masked cosine above the threshold. */
  readonly edges: Edges;
}

export interface Edges {
  /** Of all such pairs, those that are listed are the first so many found. */
  readonly count: number;
  readonly a: Uint32Array;
  readonly b: Uint32Array;
  readonly cosine: Float32Array;
  readonly correlation: Float32Array;
  /** Edges of each feature, listed or not. */
  readonly degreeA: Uint32Array;
  readonly degreeB: Uint32Array;
  /** Of these, edges between features that also correlate. */
  readonly correlatedA: Uint32Array;
  readonly correlatedB: Uint32Array;
}

export interface PairOptions {
  /** Features active on fewer tokens take no part: on a few tokens anything correlates with anything. */
  readonly minActive: number;
  readonly threshold: number;
  /** Correlation above which an edge counts as one between correlated features. */
  readonly correlated: number;
  /** Edges listed at most. */
  readonly maxEdges: number;
}

export function comparePairs(a: ComparedRows, b: ComparedRows, options: PairOptions): PairFindings {
  const tokens = a.rowOffsets.length - 1;
  if (b.rowOffsets.length - 1 !== tokens) throw new Error("rows of different tokens cannot be compared");
  const [statsA, statsB] = [unitSums(a), unitSums(b)];
  const { columnOffsets, entries, rows } = columnsOf(a, a.units);
  const correlation = { a: noMatches(a.units), b: noMatches(b.units) };
  const masked = { a: noMatches(a.units), b: noMatches(b.units) };
  const edges = new EdgeList(a.units, b.units, options);
  // Of the feature of a at hand with each of b: Σ fg, Σ g² where f > 0, Σ f² where g > 0, side by side since they are used together;
  // and which of b it met.
  const sums = new Float64Array(3 * b.units);
  const met = new Uint32Array(b.units);

  for (let i = 0; i < a.units; i++) {
    if (statsA.active[i]! < options.minActive) continue;
    let count = 0;
    for (let at = columnOffsets[i]!; at < columnOffsets[i + 1]!; at++) {
      const f = a.values[entries[at]!]!;
      const ff = f * f;
      const row = rows[at]!;
      for (let e = b.rowOffsets[row]!; e < b.rowOffsets[row + 1]!; e++) {
        const j = b.indices[e]!;
        const g = b.values[e]!;
        const at = 3 * j;
        if (sums[at] === 0) met[count++] = j;
        sums[at]! += f * g;
        sums[at + 1]! += g * g;
        sums[at + 2]! += ff;
      }
    }
    for (let m = 0; m < count; m++) {
      const j = met[m]!;
      if (statsB.active[j]! >= options.minActive) {
        const fg = sums[3 * j]!;
        const r = pearson(tokens, fg, statsA.sum[i]!, statsA.squares[i]!, statsB.sum[j]!, statsB.squares[j]!);
        improve(correlation.a, i, j, r);
        improve(correlation.b, j, i, r);
        const cosine = Math.max(
          fg / Math.sqrt(statsA.squares[i]! * sums[3 * j + 1]!),
          fg / Math.sqrt(sums[3 * j + 2]! * statsB.squares[j]!),
        );
        improve(masked.a, i, j, Math.min(1, cosine));
        improve(masked.b, j, i, Math.min(1, cosine));
        if (cosine > options.threshold) edges.add(i, j, Math.min(1, cosine), r);
      }
      sums[3 * j] = 0;
      sums[3 * j + 1] = 0;
      sums[3 * j + 2] = 0;
    }
  }
  return { correlation, masked, edges: edges.list() };
}

/** A share of n Σf² below which the variance is rounding. */
const NO_VARIANCE = 1e-12;

/** Pearson correlation of n pairs by their sums; 0 where one of them does not vary. */
export function pearson(n: number, fg: number, f: number, ff: number, g: number, gg: number): number {
  const varianceF = n * ff - f * f;
  const varianceG = n * gg - g * g;
  if (!(varianceF > NO_VARIANCE * n * ff) || !(varianceG > NO_VARIANCE * n * gg)) return 0;
  return Math.max(-1, Math.min(1, (n * fg - f * g) / Math.sqrt(varianceF * varianceG)));
}

/** Σ f, Σ f² and the number of active tokens of each unit. */
export function unitSums({ indices, values, units }: ComparedRows) {
  const sum = new Float64Array(units);
  const squares = new Float64Array(units);
  const active = new Uint32Array(units);
  for (let e = 0; e < indices.length; e++) {
    const unit = indices[e]!;
    const value = values[e]!;
    sum[unit]! += value;
    squares[unit]! += value * value;
    active[unit]!++;
  }
  return { sum, squares, active };
}

export function noMatches(units: number): Best {
  return { index: new Int32Array(units).fill(NO_MATCH), value: new Float32Array(units) };
}

/** Of equal values that of the lowest partner stands, in whatever order they come. */
export function improve({ index, value }: Best, unit: number, partner: number, found: number): void {
  const rounded = Math.fround(found);
  const best = value[unit]!;
  if (rounded < best || rounded <= 0) return;
  if (rounded === best && index[unit]! < partner) return;
  index[unit] = partner;
  value[unit] = rounded;
}

class EdgeList {
  readonly #options: PairOptions;
  readonly #degreeA: Uint32Array;
  readonly #degreeB: Uint32Array;
  readonly #correlatedA: Uint32Array;
  readonly #correlatedB: Uint32Array;
  readonly #a: number[] = [];
  readonly #b: number[] = [];
  readonly #cosine: number[] = [];
  readonly #correlation: number[] = [];
  #count = 0;

  constructor(a: number, b: number, options: PairOptions) {
    this.#options = options;
    this.#correlatedA = new Uint32Array(a);
    this.#correlatedB = new Uint32Array(b);
    this.#degreeA = new Uint32Array(a);
    this.#degreeB = new Uint32Array(b);
  }

  add(i: number, j: number, cosine: number, correlation: number): void {
    this.#degreeA[i]!++;
    this.#degreeB[j]!++;
    if (correlation > this.#options.correlated) {
      this.#correlatedA[i]!++;
      this.#correlatedB[j]!++;
    }
    if (this.#count++ >= this.#options.maxEdges) return;
    this.#a.push(i);
    this.#b.push(j);
    this.#cosine.push(cosine);
    this.#correlation.push(correlation);
  }

  list(): Edges {
    return {
      count: this.#count,
      a: Uint32Array.from(this.#a),
      b: Uint32Array.from(this.#b),
      cosine: Float32Array.from(this.#cosine),
      correlation: Float32Array.from(this.#correlation),
      degreeA: this.#degreeA,
      degreeB: this.#degreeB,
      correlatedA: this.#correlatedA,
      correlatedB: this.#correlatedB,
    };
  }
}
