/**
 * Means over seeds: t intervals, mean ± t(n − 1) · s / √n. With two seeds t is 12.7, so that only what both seeds say very nearly alike has
 * an interval without 0. Where trials share their stream, a seed draws the first dictionary and what restarts put into it, nothing else.
 */

import { mean } from "../../../src/statistics/correlation.ts";
import { quantileT } from "../../../src/statistics/distributions.ts";
import type { Trial } from "./trials.ts";

export interface OverSeeds {
  readonly each: readonly number[];
  readonly value: number;
  /** Null with a single seed. */
  readonly half: number | null;
}

export function overSeeds(values: readonly (number | null)[]): OverSeeds | null {
  const each = values.filter((value) => value !== null);
  if (each.length === 0) return null;
  const value = mean(each);
  const n = each.length;
  const squares = each.reduce((sum, one) => sum + (one - value) ** 2, 0);
  const half = n === 1 ? null : quantileT(0.975, n - 1) * Math.sqrt(squares / (n - 1) / n);
  return { each, value, half };
}

/** One less the other, seed by seed, of the seeds that both have. */
export function paired(
  some: readonly Trial[],
  others: readonly Trial[],
  of: (trial: Trial) => number | null,
): OverSeeds | null {
  return overSeeds(
    some.flatMap((trial) => {
      const other = others.find(({ seed }) => seed === trial.seed);
      const [a, b] = [of(trial), other === undefined ? null : of(other)];
      return a === null || b === null ? [] : [a - b];
    }),
  );
}
