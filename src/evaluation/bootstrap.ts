/**
 * Confidence intervals of ratios of means, by resampling whole documents.
 *
 *   θ = g(Σ_u a_u, Σ_u b_u, …);  each replicate draws as many documents u as there are, with replacement;  interval = 2.5 % … 97.5 %
 *
 * The unit is the document (resampling-units.ts), not the token: losses within one document move together, so a bootstrap over tokens
 * would give an interval several times too narrow. Documents differ in length, so a mean is a ratio of two sums, tokens being one
 * of them. Percentile method, Efron & Tibshirani (1993).
 */

import { Random } from "../random.ts";
import { type Interval, percentiles } from "../statistics/quantiles.ts";

/** Sums over the tokens of each unit, by name. All arrays have one entry a unit. */
export type PerUnit<Name extends string> = Readonly<Record<Name, Float64Array>>;

/** A number made of the sums over all drawn units; null where it is not defined. */
export type Statistic<Name extends string> = (sums: Readonly<Record<Name, number>>) => number | null;

/**
 * The 95 % interval of every statistic, all on the same draws. The draws depend on `seed` and the number of units
 * alone, so SAEs evaluated on the same text are resampled alike.
 * @returns null for a statistic that some replicate leaves undefined, and for all when there are fewer than two units.
 */
export function bootstrapIntervals<Name extends string, Key extends string>(
  perUnit: PerUnit<Name>,
  statistics: Readonly<Record<Key, Statistic<Name>>>,
  seed: number,
  replicates = 1000,
): Record<Key, Interval | null> {
  const names = Object.keys(perUnit) as Name[];
  const keys = Object.keys(statistics) as Key[];
  const columns = names.map((name) => perUnit[name]);
  const units = columns[0]?.length ?? 0;
  const draws = Object.fromEntries(keys.map((key) => [key, [] as (number | null)[]])) as Record<
    Key,
    (number | null)[]
  >;
  const random = Random.of(seed, "evaluation bootstrap");
  const totals = new Float64Array(columns.length);
  for (let replicate = 0; units > 1 && replicate < replicates; replicate++) {
    totals.fill(0);
    for (let draw = 0; draw < units; draw++) {
      const unit = random.integer(units);
      for (let c = 0; c < columns.length; c++) totals[c]! += columns[c]![unit]!;
    }
    const sums = Object.fromEntries(names.map((name, c) => [name, totals[c]!])) as Record<Name, number>;
    for (const key of keys) draws[key].push(statistics[key](sums));
  }
  return Object.fromEntries(keys.map((key) => [key, interval(draws[key])])) as Record<Key, Interval | null>;
}

function interval(values: readonly (number | null)[]): Interval | null {
  if (values.length === 0 || values.some((value) => value === null || !Number.isFinite(value))) return null;
  return percentiles(values as readonly number[]);
}
