/**
 * Where an outcome's variation comes from: what was set, what was drawn, and what it was measured on.
 *
 *     y = mean + configuration + seed + tokens
 *
 *     configurations   variance between settings, of which those at hand are taken for a sample; by restricted likelihood
 *     seeds            variance between runs of one setting, less what the tokens account for
 *     tokens           variance of a value over other text of the same kind, as the bootstrap over documents has it: given, not estimated
 *
 * When all trials are evaluated on the same text, their errors by that text go together: a hard document is hard for all. Only
 * (1 − correlation) of the token variance then shows between runs, so only that much is taken off for seeds; the rest moves all values
 * alike. Intervals are the generalised ones of random-intercept.ts.
 */

import { clustersOf } from "./cluster-bootstrap.ts";
import type { Estimate } from "./estimate.ts";
import type { Interval } from "./quantiles.ts";
import {
  fromDraws,
  isSeparable,
  remlVariances,
  varianceDraws,
  varianceEvidence,
  type Variances,
} from "./random-intercept.ts";

export interface VarianceComponentsOptions {
  readonly seed: number;
  /** Default: values without an error of their own; "seeds" then has what tokens do to them. */
  readonly tokens?: {
    /** Of the value of every trial; null where it is not known: then the mean of the others. */
    readonly variances: readonly (number | null)[];
    /** Of the errors of two trials: 0 when each is measured on text of its own, near 1 when all are on the same. */
    readonly correlation: number;
  };
}

export interface VarianceComponent {
  readonly variance: Estimate;
  /** Of the sum of the components. */
  readonly share: Estimate;
}

export interface VarianceComponents {
  /** With a value. */
  readonly trials: number;
  readonly configurations: number;
  /** Null when no configuration was repeated, or there is only one: then nothing tells seeds from settings. */
  readonly components: {
    readonly configurations: VarianceComponent;
    readonly seeds: VarianceComponent;
    /** Null where it was not given. */
    readonly tokens: VarianceComponent | null;
  } | null;
}

/**
 * @param outcome of every trial; those with null are left out
 * @param configurations of every trial: the same for trials that differ in their seed alone
 */
export function varianceComponents(
  outcome: readonly (number | null)[],
  configurations: readonly (string | number)[],
  { seed, tokens }: VarianceComponentsOptions,
): VarianceComponents {
  const kept = outcome.flatMap((value, i) => (value !== null && Number.isFinite(value) ? [i] : []));
  const y = Float64Array.from(kept, (i) => outcome[i]!);
  const members = clustersOf(
    y.length,
    kept.map((i) => configurations[i]!),
  );
  const groupOf = new Uint32Array(y.length);
  members.forEach((trials, group) => {
    for (const i of trials) groupOf[i] = group;
  });
  const counts = { trials: y.length, configurations: members.length };
  if (y.length < 2) return { ...counts, components: null };
  const evidence = varianceEvidence([new Float64Array(y.length).fill(1)], y, groupOf, members.length);
  if (!isSeparable(evidence)) return { ...counts, components: null };

  const known = tokens === undefined ? [] : kept.flatMap((i) => tokens.variances[i] ?? []);
  const byTokens = known.length === 0 ? 0 : known.reduce((sum, value) => sum + value, 0) / known.length;
  const between = byTokens * (1 - (tokens?.correlation ?? 0));
  const estimate = remlVariances(evidence);
  const draws = varianceDraws(evidence, seed);
  const component = (of: (parts: Parts) => number): VarianceComponent => {
    const parts = (variances: Variances) => partsOf(variances, between, byTokens);
    return {
      variance: fromDraws(of(parts(estimate)), draws, (drawn) => of(parts(drawn))),
      share: fromDraws(shareOf(parts(estimate), of), draws, (drawn) => shareOf(parts(drawn), of)),
    };
  };
  return {
    ...counts,
    components: {
      configurations: component((parts) => parts.configurations),
      seeds: component((parts) => parts.seeds),
      tokens: known.length === 0 ? null : component((parts) => parts.tokens),
    },
  };
}

interface Parts {
  readonly configurations: number;
  readonly seeds: number;
  readonly tokens: number;
}

function partsOf(variances: Variances, betweenRuns: number, tokens: number): Parts {
  return {
    configurations: variances.between,
    seeds: Math.max(0, variances.within - betweenRuns),
    tokens,
  };
}

function shareOf(parts: Parts, of: (parts: Parts) => number): number {
  const total = parts.configurations + parts.seeds + parts.tokens;
  return total > 0 ? of(parts) / total : 0;
}

/** Of an error whose 95 % interval this is, were it normal. */
export function varianceOfInterval([low, high]: Readonly<Interval>): number {
  return ((high - low) / (2 * 1.959963984540054)) ** 2;
}
