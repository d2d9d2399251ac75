/**
 * What share of the truth predictions explain, by Bills et al. 2023: against a prediction of 0, not of the mean.
 *
 *     r_squared                       1 − Σ(y − x)² / Σy²
 *     absolute_deviation_explained    1 − Σ|y − x| / Σ|y|
 */

import { sameLength } from "../../statistics/correlation.ts";

type Numbers = ArrayLike<number>;

/** Null when the truth is 0 throughout. */
export function rSquared(predicted: Numbers, real: Numbers): number | null {
  sameLength(predicted, real);
  let missed = 0;
  let all = 0;
  for (let i = 0; i < real.length; i++) {
    missed += (real[i]! - predicted[i]!) ** 2;
    all += real[i]! ** 2;
  }
  return all > 0 ? 1 - missed / all : null;
}

/** Null when the truth is 0 throughout. */
export function absoluteDeviationExplained(predicted: Numbers, real: Numbers): number | null {
  sameLength(predicted, real);
  let missed = 0;
  let all = 0;
  for (let i = 0; i < real.length; i++) {
    missed += Math.abs(real[i]! - predicted[i]!);
    all += Math.abs(real[i]!);
  }
  return all > 0 ? 1 - missed / all : null;
}
