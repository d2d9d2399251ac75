/** Quantiles, linear between neighbours (type 7 of Hyndman & Fan 1996, numpy's default), and the 95 % interval of replicates. */

export type Interval = [low: number, high: number];

/** The q-quantile of ascending `sorted`. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}

/** The median; null of nothing. */
export function median(values: ArrayLike<number>): number | null {
  return values.length === 0 ? null : quantile(Float64Array.from(values).sort(), 0.5);
}

/** The 2.5 % and 97.5 % quantiles, of values in any order. */
export function percentiles(values: ArrayLike<number>): Interval {
  const sorted = Float64Array.from(values).sort();
  return [quantile(sorted, 0.025), quantile(sorted, 0.975)];
}
