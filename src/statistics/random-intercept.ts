/**
 * How much of a variation lies between groups, and how much within them: y = Xβ + u_group + e.
 *
 *     K = ZᵀMZ = U Λ Uᵀ        M takes off what X explains, Z says which group an observation is in
 *     t_i = u_iᵀZᵀMy / √λ_i    independent of each other and of the rest, with variance σ² + λ_i τ²
 *     rest = yᵀMy − Σ t_i²     σ² χ² with n − rank(X) − rank(K) degrees of freedom
 *
 * τ² is the variance between groups, σ² that within them. Restricted likelihood (REML, Patterson & Thompson 1971) is that of the t_i
 * and the rest, so no matrix is as large as the data.
 *
 * Intervals are generalised ones (Weerahandi 1993; for unbalanced groups Park & Burdick 2003): a draw of σ² is rest/χ², and one of τ² then
 * solves Σ t_i²/(σ² + λ_i τ²) = χ². For σ² that is the exact χ² interval, for τ²/σ² with groups of one size the exact F interval.
 * Percentiles of a bootstrap would be far too narrow with the few groups or few repeats that studies have.
 */

import { Random } from "../random.ts";
import { drawChiSquare } from "./draws.ts";
import type { Estimate } from "./estimate.ts";
import { decompose, dot, subtract, symmetricEigen } from "./linear-algebra.ts";
import { percentiles } from "./quantiles.ts";

/** All that the data say of the two variances. */
export interface VarianceEvidence {
  /** λ_i and t_i², one entry for each dimension between groups. */
  readonly loadings: Float64Array;
  readonly squares: Float64Array;
  readonly rest: number;
  readonly restDegrees: number;
}

export interface Variances {
  readonly between: number;
  readonly within: number;
}

const DRAWS = 4000;
/** A share of the largest loading below which one is rounding. */
const NO_LOADING = 1e-9;

/** @param groups of each observation: 0, 1, … */
export function varianceEvidence(
  columns: readonly ArrayLike<number>[],
  outcome: ArrayLike<number>,
  groups: ArrayLike<number>,
  groupCount: number,
): VarianceEvidence {
  const { q } = decompose(columns);
  const residuals = Float64Array.from(outcome);
  for (let pass = 0; pass < 2; pass++) {
    for (const direction of q) subtract(residuals, direction, dot(direction, residuals));
  }
  const summed = (values: ArrayLike<number>) => {
    const sums = new Float64Array(groupCount);
    for (let i = 0; i < values.length; i++) sums[groups[i]!]! += values[i]!;
    return sums;
  };
  const explained = q.map(summed);
  const sizes = summed(new Float64Array(outcome.length).fill(1));
  const k = Array.from({ length: groupCount }, (_, i) =>
    Float64Array.from({ length: groupCount }, (_unused, j) => {
      const shared = explained.reduce((sum, direction) => sum + direction[i]! * direction[j]!, 0);
      return (i === j ? sizes[i]! : 0) - shared;
    }),
  );
  const { values, vectors } = symmetricEigen(k);
  const least = NO_LOADING * Math.max(0, ...sizes);
  const sums = summed(residuals);
  const found = [...values].flatMap((loading, i) =>
    loading > least ? [{ loading, square: dot(vectors[i]!, sums) ** 2 / loading }] : [],
  );
  const restDegrees = outcome.length - q.length - found.length;
  const explainedByGroups = found.reduce((sum, { square }) => sum + square, 0);
  return {
    loadings: Float64Array.from(found, ({ loading }) => loading),
    squares: Float64Array.from(found, ({ square }) => square),
    rest: restDegrees > 0 ? Math.max(0, dot(residuals, residuals) - explainedByGroups) : 0,
    restDegrees,
  };
}

/** Whether the two variances can be told apart: there are groups with repeats, and more than one that X leaves free. */
export function isSeparable({ loadings, rest, restDegrees }: VarianceEvidence): boolean {
  return loadings.length > 0 && restDegrees > 0 && rest > 0;
}

/** Where the restricted likelihood is highest; τ² may be 0. The evidence must be separable. */
export function remlVariances(evidence: VarianceEvidence): Variances {
  const deviance = (ratio: number) => profiledDeviance(evidence, ratio);
  let best = { at: -Infinity, value: deviance(0) };
  for (let at = -20; at <= 20; at += 0.5) {
    const value = deviance(Math.exp(at));
    if (value < best.value) best = { at, value };
  }
  const ratio = best.at === -Infinity ? 0 : Math.exp(refined(evidence, best.at));
  const within = profiledWithin(evidence, ratio);
  return { between: ratio * within, within };
}

function profiledWithin({ loadings, squares, rest, restDegrees }: VarianceEvidence, ratio: number): number {
  let sum = rest;
  for (let i = 0; i < loadings.length; i++) sum += squares[i]! / (1 + ratio * loadings[i]!);
  return sum / (loadings.length + restDegrees);
}

/** −2 log restricted likelihood with the best σ² for τ²/σ² = ratio, less what does not depend on the variances. */
function profiledDeviance(evidence: VarianceEvidence, ratio: number): number {
  const { loadings, restDegrees } = evidence;
  let value = (loadings.length + restDegrees) * Math.log(profiledWithin(evidence, ratio));
  for (const loading of loadings) value += Math.log1p(ratio * loading);
  return value;
}

/** The root of the slope in the logarithm of the ratio, by halving, around the best of the grid; the slope, as the value is flat there. */
function refined({ loadings, squares, rest, restDegrees }: VarianceEvidence, around: number): number {
  const slope = (at: number) => {
    const ratio = Math.exp(at);
    let [sum, fall, growth] = [rest, 0, 0];
    for (let i = 0; i < loadings.length; i++) {
      const scale = 1 + ratio * loadings[i]!;
      sum += squares[i]! / scale;
      fall += (squares[i]! * loadings[i]!) / scale ** 2;
      growth += loadings[i]! / scale;
    }
    return growth - ((loadings.length + restDegrees) * fall) / sum;
  };
  let [low, high] = [around - 0.5, around + 0.5];
  if (!(slope(low) < 0 && slope(high) > 0)) return around;
  for (let i = 0; i < 100 && high > low; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (slope(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Covariance of the estimates (τ², σ²), from the curvature of the restricted likelihood; null at the edge, where there is none. */
export function varianceCovariance(
  evidence: VarianceEvidence,
  { between, within }: Variances,
): { readonly between: number; readonly both: number; readonly within: number } | null {
  if (!(between > 0)) return null;
  const { loadings, squares, rest, restDegrees } = evidence;
  // Second derivatives of the deviance; 1/a² and 1/a³ would overflow for small variances, so in units of σ².
  let [bb, bw] = [0, 0];
  let ww = restDegrees * -1 + (2 * rest) / within;
  const ratio = between / within;
  for (let i = 0; i < loadings.length; i++) {
    const scale = 1 + ratio * loadings[i]!;
    const curvature = (-1 + (2 * squares[i]!) / (within * scale)) / scale ** 2;
    bb += loadings[i]! ** 2 * curvature;
    bw += loadings[i]! * curvature;
    ww += curvature;
  }
  const determinant = bb * ww - bw * bw;
  if (!(determinant > 0) || !(bb > 0)) return null;
  const unit = (2 * within ** 2) / determinant;
  return { between: ww * unit, both: -bw * unit, within: bb * unit };
}

/** Pairs of variances that the data leave possible, for intervals of anything made of them. */
export function varianceDraws(evidence: VarianceEvidence, seed: number, draws = DRAWS): Variances[] {
  const random = Random.of(seed, "variance components");
  const { loadings, squares } = merged(evidence);
  const degrees = evidence.loadings.length;
  return Array.from({ length: draws }, () => {
    const within = evidence.rest / drawChiSquare(random, evidence.restDegrees);
    const target = drawChiSquare(random, degrees);
    // Falls ever more slowly, so Newton's steps from 0 come to the root from below and never pass it.
    let between = 0;
    for (let step = 0; step < 200; step++) {
      let [excess, slope] = [-target, 0];
      for (let i = 0; i < loadings.length; i++) {
        const variance = within + between * loadings[i]!;
        excess += squares[i]! / variance;
        slope += (squares[i]! * loadings[i]!) / variance ** 2;
      }
      if (!(excess > 1e-10 * target)) break;
      between += excess / slope;
    }
    return { between, within };
  });
}

/** Dimensions with one loading as one: groups of one size then take one term, and not one each. */
function merged({ loadings, squares }: VarianceEvidence) {
  const order = Uint32Array.from(loadings, (_, i) => i).sort((i, j) => loadings[i]! - loadings[j]!);
  const terms: { loading: number; square: number }[] = [];
  for (const i of order) {
    const last = terms.at(-1);
    if (last !== undefined && loadings[i]! - last.loading < 1e-9 * loadings[i]!) last.square += squares[i]!;
    else terms.push({ loading: loadings[i]!, square: squares[i]! });
  }
  return { loadings: terms.map(({ loading }) => loading), squares: terms.map(({ square }) => square) };
}

/** With the interval of what `of` makes of the draws. */
export function fromDraws(
  value: number,
  draws: readonly Variances[],
  of: (variances: Variances) => number,
): Estimate {
  return { value, interval: percentiles(draws.map(of)) };
}
