/**
 * Scaling laws with intervals.
 *
 *     y = a + b · N^(−c)                      one variable: tokens, or width
 *     y = a + b · N^(−α) + c · D^(−β)         two, as Hoffmann et al. 2022
 *
 * Intervals: wild bootstrap over groups. Each replicate is the fitted curve plus its residuals, those of one group (runs that share
 * what is random about them) times one of Webb's six weights ±√½, ±1, ±√1½, and fitted anew. All sizes stay in every replicate; drawing
 * points would leave out the smallest in a third of them, and with it what the exponent is known from. Residuals are widened by
 * 1/(1 − leverage), as points that pull the curve to themselves have residuals that are too small, and by t₀.₉₇₅/1.96 for the few
 * degrees of freedom that there are.
 *
 * A fit always gives numbers. `doubts` says in words when they are not to be believed.
 */

import { Random } from "../random.ts";
import { clustersOf } from "./cluster-bootstrap.ts";
import { quantileT } from "./distributions.ts";
import type { Estimate } from "./estimate.ts";
import { leastSquares, sumOfSquaresAboutMean } from "./least-squares.ts";
import { EXPONENTS, type PowerLaw, PowerLawFitter, valueOf } from "./power-law-fit.ts";
import { percentiles } from "./quantiles.ts";

export interface ScalingOptions {
  readonly seed: number;
  /** Of each observation: which share a run, a stream or whatever else is random about them. Default: none do. */
  readonly groups?: readonly (string | number)[];
  /** Default 500. */
  readonly replicates?: number;
}

export interface ScalingVariable {
  readonly name: string;
  /** Positive. */
  readonly values: ArrayLike<number>;
}

export interface ScalingTerm {
  readonly name: string;
  /** b in b · N^(−c). Negative where the outcome rises with N. */
  readonly scale: Estimate;
  /** c, between 0.02 and 8. */
  readonly exponent: Estimate;
  /** How much the term changes from the smallest value there is to the largest. */
  readonly change: Estimate;
}

export interface ScalingLaw {
  readonly observations: number;
  readonly groups: number;
  /** a: what is left with an endless N. */
  readonly floor: Estimate;
  readonly terms: readonly ScalingTerm[];
  readonly rSquared: number | null;
  /** Of a residual; null without degrees of freedom. */
  readonly deviation: number | null;
  /** Whether nothing speaks against the exponents and the floor. */
  readonly identifiable: boolean;
  /** What does, a sentence each. */
  readonly doubts: readonly string[];
  /** Of the curve, not of a single run, at values in the order of the terms. */
  predict(at: readonly number[]): Estimate;
}

/** A share of the range of log c: estimates this near its ends are at them. */
const NEAR_END = 0.01;

/** Null where a variable has fewer than three different values, or there are fewer observations than unknowns. */
export function fitScalingLaw(
  variables: readonly [ScalingVariable] | readonly [ScalingVariable, ScalingVariable],
  outcome: ArrayLike<number>,
  options: ScalingOptions,
): ScalingLaw | null {
  const unknowns = 1 + 2 * variables.length;
  for (const { name, values } of variables) {
    if (values.length !== outcome.length)
      throw new Error(`${name}: ${values.length} values, not ${outcome.length}`);
    if (Array.from(values).some((value) => !(value > 0)))
      throw new Error(`${name} has values that are not positive`);
  }
  const distinct = variables.map(({ values }) => [...new Set(Array.from(values))].sort((x, y) => x - y));
  if (outcome.length < unknowns || distinct.some((values) => values.length < 3)) return null;
  const fitter = new PowerLawFitter(variables.map(({ values }) => values));
  const law = fitter.fit(outcome);
  const groups = clustersOf(outcome.length, options.groups);
  const replicates = wildReplicates(fitter, law, variables, outcome, groups, options);
  const estimate = (of: (law: PowerLaw) => number): Estimate => ({
    value: of(law),
    interval: replicates === null ? null : percentiles(replicates.map(of)),
  });
  const terms = variables.map(({ name }, v): ScalingTerm => {
    const [first, last] = [distinct[v]![0]!, distinct[v]!.at(-1)!];
    return {
      name,
      scale: estimate(({ scales }) => scales[v]!),
      exponent: estimate(({ exponents }) => exponents[v]!),
      change: estimate(({ scales, exponents: c }) => scales[v]! * (last ** -c[v]! - first ** -c[v]!)),
    };
  });
  const doubts = doubtsAbout(terms, distinct, replicates === null);
  const total = sumOfSquaresAboutMean(outcome);
  const degrees = outcome.length - unknowns;
  return {
    observations: outcome.length,
    groups: groups.length,
    floor: estimate(({ floor }) => floor),
    terms,
    rSquared: total > 0 ? 1 - law.residualSumOfSquares / total : null,
    deviation: degrees > 0 ? Math.sqrt(law.residualSumOfSquares / degrees) : null,
    identifiable: doubts.length === 0,
    doubts,
    predict: (at) => estimate((one) => valueOf(one, at)),
  };
}

/** Null without degrees of freedom. */
function wildReplicates(
  fitter: PowerLawFitter,
  law: PowerLaw,
  variables: readonly ScalingVariable[],
  outcome: ArrayLike<number>,
  groups: readonly (readonly number[])[],
  { seed, replicates = 500 }: ScalingOptions,
): PowerLaw[] | null {
  const degrees = Math.min(outcome.length, groups.length) - (1 + 2 * variables.length);
  if (degrees < 1) return null;
  const fitted = Float64Array.from(outcome, (_, i) =>
    valueOf(
      law,
      variables.map(({ values }) => values[i]!),
    ),
  );
  const near = fitter.derivatives(law).map((values, k) => ({ name: String(k), values }));
  const { leverages } = leastSquares(near, fitted);
  const widening = quantileT(0.975, degrees) / 1.959963984540054;
  const residuals = fitted.map((value, i) => {
    const free = Math.max(0.05, 1 - leverages[i]!);
    return ((outcome[i]! - value) / free) * widening;
  });
  const random = Random.of(seed, "scaling law");
  return Array.from({ length: replicates }, () => {
    const y = fitted.slice();
    for (const members of groups) {
      const weight = (random.bits() & 1 ? 1 : -1) * Math.sqrt((1 + random.integer(3)) / 2);
      for (const i of members) y[i]! += weight * residuals[i]!;
    }
    return fitter.fit(y);
  });
}

function doubtsAbout(
  terms: readonly ScalingTerm[],
  distinct: readonly (readonly number[])[],
  withoutIntervals: boolean,
): string[] {
  const doubts: string[] = [];
  if (withoutIntervals)
    doubts.push("there are no more groups of runs than unknowns, so nothing is left to judge the fit by");
  const margin = (EXPONENTS.most / EXPONENTS.least) ** NEAR_END;
  const [least, most] = [EXPONENTS.least * margin, EXPONENTS.most / margin];
  terms.forEach(({ name, exponent, change }, v) => {
    if (distinct[v]!.length === 3) doubts.push(`${name} has three values, which any such curve goes through`);
    if (change.interval !== null && change.interval[0] <= 0 && change.interval[1] >= 0) {
      doubts.push(`there may be no change with ${name}, so its exponent means nothing`);
    }
    const [low, high] = exponent.interval ?? [exponent.value, exponent.value];
    if (low < least) doubts.push(`with ${name} the outcome may go on as a logarithm, with no floor in sight`);
    if (high > most) doubts.push(`all change with ${name} may be at its smallest value`);
  });
  return doubts;
}
