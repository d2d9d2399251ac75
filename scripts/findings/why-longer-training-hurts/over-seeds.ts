/**
 * Means over seeds, with t intervals. Where trials share their stream, a seed draws the first dictionary and what restarts put into it,
 * nothing else.
 */

import { meanEstimate } from "../../../src/statistics/mean-estimate.ts";
import { fixed } from "../markdown.ts";
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
  const { value, interval } = meanEstimate(each);
  return { each, value, half: interval && (interval[1] - interval[0]) / 2 };
}

/** In points or per cent: mean ± half the interval. */
export function percent(found: OverSeeds | null, digits = 2): string {
  if (found === null) return "";
  const half = found.half === null ? "" : ` ± ${fixed(100 * found.half, digits)}`;
  return `${fixed(100 * found.value, digits)}${half}`;
}

/** Each seed's value. */
export function each(found: OverSeeds | null, scale = 100, digits = 2): string {
  return found === null ? "" : found.each.map((value) => fixed(scale * value, digits)).join(", ");
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
