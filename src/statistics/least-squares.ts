/**
 * Ordinary least squares.
 *
 *     β = argmin |y − Xβ|²        cov β = s² (XᵀX)⁻¹        s² = |y − Xβ|² / (n − rank)        β_k ± t₀.₉₇₅ · s_k
 *
 * Columns that are sums of columns before them are named, and get no coefficient. What can still be said, can be asked as a
 * combination: a sum of coefficients that comes out the same however the aliased ones are chosen.
 */

import { quantileT, twoSidedT } from "./distributions.ts";
import type { TestedEstimate } from "./estimate.ts";
import { decompose, dot, norm, solveLower, solveUpper, subtract } from "./linear-algebra.ts";
import type { Interval } from "./quantiles.ts";

export interface Column {
  readonly name: string;
  readonly values: ArrayLike<number>;
}

export interface Coefficient extends TestedEstimate {
  readonly name: string;
}

export interface LeastSquares {
  /** Of the columns that are not aliased, in their order. */
  readonly coefficients: readonly Coefficient[];
  /** Which columns these are. */
  readonly kept: readonly number[];
  /** Names of the columns that are sums of those before them. */
  readonly aliased: readonly string[];
  /** Of the coefficients [k][k]; null without degrees of freedom. */
  readonly covariance: readonly Float64Array[] | null;
  readonly observations: number;
  readonly rank: number;
  readonly degreesOfFreedom: number;
  readonly residualSumOfSquares: number;
  /** s²; null without degrees of freedom. */
  readonly residualVariance: number | null;
  /** 1 − residual / total sum of squares about the mean; null where the outcome is constant. */
  readonly rSquared: number | null;
  readonly fitted: Float64Array;
  readonly residuals: Float64Array;
  /** Of each observation: the share of its own value in its fitted one. */
  readonly leverages: Float64Array;
  /** Of Σ weights_k β_k, weights over all columns; null where aliasing leaves it open. */
  combination(weights: ArrayLike<number>): TestedEstimate | null;
}

/** Include a column of ones for an intercept. Throws where lengths differ. */
export function leastSquares(columns: readonly Column[], outcome: ArrayLike<number>): LeastSquares {
  const observations = outcome.length;
  for (const { name, values } of columns) {
    if (values.length !== observations) {
      throw new Error(`column ${name} has ${values.length} values, the outcome ${observations}`);
    }
  }
  const { kept, aliased, q, r, relations } = decompose(columns.map(({ values }) => values));
  const residuals = Float64Array.from(outcome);
  const along = new Float64Array(q.length);
  for (let pass = 0; pass < 2; pass++) {
    q.forEach((direction, k) => {
      const share = dot(direction, residuals);
      along[k]! += share;
      subtract(residuals, direction, share);
    });
  }
  const beta = solveUpper(r, along);
  const degreesOfFreedom = observations - q.length;
  const residualSumOfSquares = degreesOfFreedom > 0 ? dot(residuals, residuals) : 0;
  const residualVariance = degreesOfFreedom > 0 ? residualSumOfSquares / degreesOfFreedom : null;

  /** Of Σ c_k β_k over kept columns: √(c (XᵀX)⁻¹ cᵀ) = |R⁻ᵀ c|. */
  const judge = (value: number, over: ArrayLike<number>): TestedEstimate =>
    tested(
      value,
      residualVariance === null ? null : Math.sqrt(residualVariance) * norm(solveLower(r, over)),
      degreesOfFreedom,
    );
  const unit = (k: number) => Float64Array.from(kept, (_, j) => (j === k ? 1 : 0));

  return {
    coefficients: kept.map((column, k) => ({ name: columns[column]!.name, ...judge(beta[k]!, unit(k)) })),
    kept,
    aliased: aliased.map((column) => columns[column]!.name),
    get covariance() {
      if (residualVariance === null) return null;
      const roots = kept.map((_, k) => solveLower(r, unit(k)));
      return roots.map((a) => Float64Array.from(roots, (b) => residualVariance * dot(a, b)));
    },
    observations,
    rank: q.length,
    degreesOfFreedom,
    residualSumOfSquares,
    residualVariance,
    rSquared: shareExplained(outcome, residualSumOfSquares),
    fitted: residuals.map((residual, i) => outcome[i]! - residual),
    residuals,
    get leverages() {
      return Float64Array.from(outcome, (_, i) => q.reduce((sum, direction) => sum + direction[i]! ** 2, 0));
    },
    combination(weights) {
      const over = Float64Array.from(kept, (column) => weights[column]!);
      const scale = 1 + norm(Float64Array.from(weights));
      const isOpen = aliased.some(
        (column, i) => Math.abs(weights[column]! - dot(relations[i]!, over)) > 1e-6 * scale,
      );
      return isOpen ? null : judge(dot(beta, over), over);
    },
  };
}

/** With the t distribution; a standard error of null or no degrees of freedom gives neither interval nor test. */
export function tested(
  value: number,
  standardError: number | null,
  degreesOfFreedom: number,
): TestedEstimate {
  if (standardError === null || !(degreesOfFreedom > 0)) {
    return { value, interval: null, standardError: null, p: null };
  }
  const half = quantileT(0.975, degreesOfFreedom) * standardError;
  const interval: Interval = [value - half, value + half];
  const p = standardError > 0 ? twoSidedT(value / standardError, degreesOfFreedom) : value === 0 ? 1 : 0;
  return { value, interval, standardError, p };
}

export function sumOfSquaresAboutMean(values: ArrayLike<number>): number {
  let mean = 0;
  for (let i = 0; i < values.length; i++) mean += values[i]! / values.length;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i]! - mean) ** 2;
  return sum;
}

function shareExplained(outcome: ArrayLike<number>, residual: number): number | null {
  const total = sumOfSquaresAboutMean(outcome);
  return total > 0 ? 1 - residual / total : null;
}
