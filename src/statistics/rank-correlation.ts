/**
 * Rank correlations with intervals: percentile bootstrap over clusters, ranked anew in each replicate.
 *
 *     spearman    r of the ranks
 *     kendall     τ-b
 *     partial     r of what is left of the ranks of x and y after least squares on the ranks of others
 *     difference  ρ(x, a) − ρ(x, b) on the same observations: both are taken of the same draws, so what they share cancels
 *
 * A replicate in which one side is constant counts as 0, as the correlation itself would. The p value is the bootstrap's own: twice the
 * smaller share of replicates on either side of 0, and never below 2/(replicates + 1).
 */

import { clusterDraws, clustersOf } from "./cluster-bootstrap.ts";
import { midranks, pearson, spearman } from "./correlation.ts";
import type { Estimate } from "./estimate.ts";
import { kendall } from "./kendall.ts";
import { leastSquares } from "./least-squares.ts";
import { percentiles } from "./quantiles.ts";

/** Observations without a number are left out, with all that belongs to them. */
export type Values = ArrayLike<number | null>;

export interface BootstrapOptions {
  readonly seed: number;
  /** Of each observation: which belong together, such as the seeds of one configuration. Default: each is its own. */
  readonly clusters?: ArrayLike<string | number>;
  /** Default 2000. */
  readonly replicates?: number;
}

export interface CorrelationEstimate extends Estimate {
  readonly p: number | null;
}

export interface RankCorrelation {
  readonly observations: number;
  readonly clusters: number;
  readonly spearman: CorrelationEstimate;
  readonly kendall: CorrelationEstimate;
  /** Whether one side was constant; both are 0 then. */
  readonly degenerate: boolean;
}

/** Intervals are null for fewer than three clusters. */
export function rankCorrelation(x: Values, y: Values, options: BootstrapOptions): RankCorrelation {
  const { columns, clusters, observations } = complete([x, y], options);
  const [rho, tau] = bootstrapped(columns, clusters, options, "rank correlation", ([a, b]) => [
    spearman(a!, b!).value,
    kendall(a!, b!).value,
  ]);
  return {
    observations,
    clusters: clusters.length,
    spearman: rho!,
    kendall: tau!,
    degenerate: spearman(columns[0]!, columns[1]!).degenerate,
  };
}

/** Spearman's ρ of x and y with the ranks of `given` held fixed. */
export function partialSpearman(
  x: Values,
  y: Values,
  given: readonly Values[],
  options: BootstrapOptions,
): CorrelationEstimate & { readonly observations: number } {
  const { columns, clusters, observations } = complete([x, y, ...given], options);
  const [estimate] = bootstrapped(columns, clusters, options, "partial correlation", (drawn) => [
    partial(drawn.map((column) => midranks(column))),
  ]);
  return { ...estimate!, observations };
}

/** Of columns of ranks: the first two, given the others. */
function partial(ranks: readonly Float64Array[]): number {
  const [x, y, ...others] = ranks as [Float64Array, Float64Array, ...Float64Array[]];
  const given = [
    { name: "1", values: new Float64Array(x.length).fill(1) },
    ...others.map((values, i) => ({ name: `given ${i}`, values })),
  ];
  const [restX, restY] = [x, y].map((column) => {
    const { residuals } = leastSquares(given, column);
    // What rounding leaves of a column that the others determine is no signal.
    const scale = column.length * Math.sqrt(column.length) * 1e-10;
    return Math.hypot(...residuals) > scale ? residuals : residuals.fill(0);
  });
  return pearson(restX!, restY!).value;
}

function complete(columns: readonly Values[], { clusters }: BootstrapOptions) {
  const count = columns[0]!.length;
  for (const column of columns) {
    if (column.length !== count) throw new Error(`columns of ${count} and ${column.length} values`);
  }
  const kept: number[] = [];
  for (let i = 0; i < count; i++) {
    if (columns.every((column) => column[i] !== null && Number.isFinite(column[i]))) kept.push(i);
  }
  return {
    observations: kept.length,
    columns: columns.map((column) => Float64Array.from(kept, (i) => column[i]!)),
    clusters: clustersOf(kept.length, clusters && kept.map((i) => clusters[i]!)),
  };
}

function bootstrapped(
  columns: readonly Float64Array[],
  clusters: readonly (readonly number[])[],
  { seed, replicates = 2000 }: BootstrapOptions,
  purpose: string,
  statistics: (columns: readonly Float64Array[]) => readonly number[],
): CorrelationEstimate[] {
  const values = statistics(columns);
  if (clusters.length < 3) return values.map((value) => ({ value, interval: null, p: null }));
  const drawn = values.map(() => new Float64Array(replicates));
  let replicate = 0;
  for (const draw of clusterDraws(clusters, replicates, seed, purpose)) {
    const found = statistics(columns.map((column) => Float64Array.from(draw, (i) => column[i]!)));
    found.forEach((value, k) => (drawn[k]![replicate] = value));
    replicate++;
  }
  return values.map((value, k) => ({
    value,
    interval: percentiles(drawn[k]!),
    p: twoSided(drawn[k]!),
  }));
}

function twoSided(replicates: Float64Array): number {
  let [below, above] = [1, 1];
  for (const value of replicates) {
    if (value <= 0) below++;
    if (value >= 0) above++;
  }
  return Math.min(1, (2 * Math.min(below, above)) / (replicates.length + 1));
}
