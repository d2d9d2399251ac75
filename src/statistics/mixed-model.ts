/**
 * A linear mixed model with one random intercept: y = Xβ + u_group + e.
 *
 *     θ = τ²/σ² by restricted likelihood; then β by least squares of y_ij − s_i ȳ_i on x_ij − s_i x̄_i,  s_i = 1 − 1/√(1 + n_i θ)
 *
 * Fixed effects have t intervals with Satterthwaite's degrees of freedom, 2 v²/var(v) for the variance v of each effect, as lmerTest has
 * them (Kuznetsova et al. 2017); n − rank(X) where the estimate of τ² is 0. Taking repeats of a configuration for news would make the
 * intervals of what is constant within it too narrow; that is what the groups are for.
 */

import { clustersOf } from "./cluster-bootstrap.ts";
import type { Estimate } from "./estimate.ts";
import { type Coefficient, type Column, leastSquares, tested } from "./least-squares.ts";
import { dot } from "./linear-algebra.ts";
import {
  fromDraws,
  isSeparable,
  remlVariances,
  varianceCovariance,
  varianceDraws,
  varianceEvidence,
  type VarianceEvidence,
  type Variances,
} from "./random-intercept.ts";

export interface FixedEffect extends Coefficient {
  /** Satterthwaite's; null without any. */
  readonly degreesOfFreedom: number | null;
}

export interface MixedModel {
  readonly observations: number;
  readonly groups: number;
  readonly fixed: readonly FixedEffect[];
  /** Columns that are sums of those before them. */
  readonly aliased: readonly string[];
  /** Null where groups have no repeats, or the fixed effects leave nothing between them: plain least squares is what is left. */
  readonly variance: {
    readonly between: Estimate;
    readonly within: Estimate;
    /** between / (between + within), the intraclass correlation. */
    readonly share: Estimate;
  } | null;
}

export interface MixedModelOptions {
  /** Of the intervals of the variances. */
  readonly seed: number;
}

/**
 * @param columns of fixed effects, with one of ones for an intercept
 * @param groups of each observation, such as its configuration, or its seed
 */
export function mixedModel(
  columns: readonly Column[],
  outcome: ArrayLike<number>,
  groups: readonly (string | number)[],
  { seed }: MixedModelOptions,
): MixedModel {
  const members = clustersOf(outcome.length, groups);
  const groupOf = new Uint32Array(outcome.length);
  members.forEach((observations, group) => {
    for (const i of observations) groupOf[i] = group;
  });
  const evidence = varianceEvidence(
    columns.map(({ values }) => values),
    outcome,
    groupOf,
    members.length,
  );
  const counts = { observations: outcome.length, groups: members.length };
  if (!isSeparable(evidence)) {
    const { coefficients, aliased, degreesOfFreedom } = leastSquares(columns, outcome);
    const degrees = degreesOfFreedom > 0 ? degreesOfFreedom : null;
    const fixed = coefficients.map((coefficient) => ({ ...coefficient, degreesOfFreedom: degrees }));
    return { ...counts, fixed, aliased, variance: null };
  }
  const variances = remlVariances(evidence);
  const draws = varianceDraws(evidence, seed);
  const total = variances.between + variances.within;
  return {
    ...counts,
    ...fixedEffects(columns, outcome, members, evidence, variances),
    variance: {
      between: fromDraws(variances.between, draws, ({ between }) => between),
      within: fromDraws(variances.within, draws, ({ within }) => within),
      share: fromDraws(
        variances.between / total,
        draws,
        ({ between, within }) => between / (between + within),
      ),
    },
  };
}

function fixedEffects(
  columns: readonly Column[],
  outcome: ArrayLike<number>,
  members: readonly (readonly number[])[],
  evidence: VarianceEvidence,
  variances: Variances,
): Pick<MixedModel, "fixed" | "aliased"> {
  const ratio = variances.between / variances.within;
  const shrunk = (values: ArrayLike<number>) => {
    const out = Float64Array.from(values);
    for (const observations of members) {
      const mean = observations.reduce((sum, i) => sum + values[i]!, 0) / observations.length;
      const taken = mean * (1 - 1 / Math.sqrt(1 + observations.length * ratio));
      for (const i of observations) out[i]! -= taken;
    }
    return out;
  };
  const fit = leastSquares(
    columns.map(({ name, values }) => ({ name, values: shrunk(values) })),
    shrunk(outcome),
  );
  const covariance = fit.covariance!;
  const kept = fit.kept.map((column) => columns[column]!);
  const uncertainty = varianceCovariance(evidence, variances);
  // X_iᵀ V_i⁻¹ 1 of every group: the derivative of (XᵀV⁻¹X)⁻¹ in τ² is what they make of it.
  const pulls = members.map((observations) =>
    kept.map(({ values }) => {
      const sum = observations.reduce((total, i) => total + values[i]!, 0);
      return sum / (variances.within + observations.length * variances.between);
    }),
  );
  const fixed = fit.coefficients.map((coefficient, k): FixedEffect => {
    const variance = covariance[k]![k]!;
    let degrees = fit.degreesOfFreedom;
    if (uncertainty !== null) {
      const inBetween = pulls.reduce((sum, pull) => sum + dot(covariance[k]!, pull) ** 2, 0);
      const inWithin = (variance - variances.between * inBetween) / variances.within;
      const spread =
        inBetween ** 2 * uncertainty.between +
        2 * inBetween * inWithin * uncertainty.both +
        inWithin ** 2 * uncertainty.within;
      degrees = (2 * variance ** 2) / spread;
    }
    const { name, value } = coefficient;
    return { name, ...tested(value, Math.sqrt(variance), degrees), degreesOfFreedom: degrees };
  });
  return { fixed, aliased: fit.aliased };
}
