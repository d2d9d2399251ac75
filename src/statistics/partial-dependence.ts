/**
 * What a forest says of an outcome when one factor is set and all others are as they were (Friedman 2001).
 *
 *     curve    PD(v) = mean over trials of forest(trial with the factor set to v)
 *     share    variance of PD over the trials / variance of the forest's predictions: on a full grid the first-order share of a
 *              functional analysis of variance (Hutter et al. 2014). What the shares leave to 1 is the factors' working together
 *
 * Intervals: percentiles over forests grown anew on configurations drawn with replacement; the trials averaged over stay. They say how
 * sure the forest's curve is, and not whether it is right: a forest flattens what it cannot tell, and its out-of-bag R² stands beside.
 */

import { Random } from "../random.ts";
import type { Estimate } from "./estimate.ts";
import type { FactorValue } from "./factor.ts";
import { drawBag, type Forest, type ForestData, type ForestOptions, treeOptions } from "./forest.ts";
import { sumOfSquaresAboutMean } from "./least-squares.ts";
import { percentiles } from "./quantiles.ts";
import { RegressionTree } from "./regression-tree.ts";

export interface PartialDependence {
  readonly name: string;
  readonly points: readonly { readonly level: FactorValue; readonly mean: Estimate }[];
  /** Null where the forest says the same of all trials. */
  readonly share: Estimate | null;
}

export interface DependenceOptions extends ForestOptions {
  /** Forests for the intervals. Default 50. */
  readonly replicates?: number;
  /** Trees of each of these. Default 50. */
  readonly replicateTrees?: number;
  /** The most points of a curve. Default 20: of more numbers, those at even steps of their order. */
  readonly points?: number;
}

/** Of every factor. Intervals are null for fewer than three configurations. */
export function partialDependence(forest: Forest, options: DependenceOptions): PartialDependence[] {
  const { data, trees } = forest;
  const levels = data.factors.map((factor) =>
    chosen(factor.levels.length, factor.isNumeric ? (options.points ?? 20) : Infinity),
  );
  const own = curvesOf(data, trees, levels);
  const replicates =
    data.clusters.length < 3
      ? null
      : replicateForests(data, options).map((grown) => curvesOf(data, grown, levels));
  return data.factors.map((factor, f) => ({
    name: factor.name,
    points: levels[f]!.map((code, k) => ({
      level: factor.levels[code]!,
      mean: {
        value: own.curves[f]![k]!,
        interval: replicates && percentiles(replicates.map(({ curves }) => curves[f]![k]!)),
      },
    })),
    share:
      own.shares === null
        ? null
        : {
            value: own.shares[f]!,
            interval: replicates && percentiles(replicates.map(({ shares }) => shares?.[f] ?? 0)),
          },
  }));
}

function replicateForests(data: ForestData, options: DependenceOptions): RegressionTree[][] {
  const random = Random.of(options.seed, "partial dependence");
  return Array.from({ length: options.replicates ?? 50 }, () => {
    const drawn = drawBag(data.clusters, random).rows;
    // Copies of a configuration are one cluster each, as a forest on these data would have them.
    const clusters = clustersWithin(drawn, data.clusters);
    return Array.from(
      { length: options.replicateTrees ?? 50 },
      () =>
        new RegressionTree(
          data.factors,
          data.outcome,
          drawBag(clusters, random).rows,
          treeOptions(options, data.factors.length),
          random,
        ),
    );
  });
}

/** Of rows drawn cluster by cluster: the clusters again. */
function clustersWithin(rows: readonly number[], clusters: readonly (readonly number[])[]): number[][] {
  const sizeOf = new Map(clusters.map((members) => [members[0]!, members.length]));
  const found: number[][] = [];
  for (let at = 0; at < rows.length; at += found.at(-1)!.length) {
    found.push(rows.slice(at, at + sizeOf.get(rows[at]!)!));
  }
  return found;
}

function curvesOf(
  data: ForestData,
  trees: readonly RegressionTree[],
  levels: readonly (readonly number[])[],
): { curves: number[][]; shares: number[] | null } {
  const total = sumOfSquaresAboutMean(predictions(data, trees, new Map()));
  const curves = levels.map((codes, f) =>
    codes.map((code) => meanOf(predictions(data, trees, new Map([[f, code]])))),
  );
  if (!(total > 0)) return { curves, shares: null };
  const shares = levels.map((codes, f) => {
    // A trial between two chosen levels counts as the one below.
    const place = Uint32Array.from(data.factors[f]!.levels, (_, code) =>
      codes.findLastIndex((at) => at <= code),
    );
    const along = Float64Array.from(data.factors[f]!.codes, (code) => curves[f]![place[code]!]!);
    return sumOfSquaresAboutMean(along) / total;
  });
  return { curves, shares };
}

/** What the trees say of every trial, some factors set to other levels. */
function predictions(
  { factors, outcome }: ForestData,
  trees: readonly RegressionTree[],
  settings: ReadonlyMap<number, number>,
): Float64Array {
  const codes = factors.map((factor, f) => {
    const set = settings.get(f);
    return set === undefined ? factor.codes : new Uint32Array(outcome.length).fill(set);
  });
  const said = new Map<string, number>();
  return Float64Array.from(outcome, (_, row) => {
    const combination = codes.map((column) => column[row]).join();
    let value = said.get(combination);
    if (value === undefined) {
      const codeOf = (factor: number) => codes[factor]![row]!;
      value = trees.reduce((sum, tree) => sum + tree.predict(codeOf), 0) / trees.length;
      said.set(combination, value);
    }
    return value;
  });
}

/** 0 … count − 1, or `most` of them with both ends. */
function chosen(count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.round((i * (count - 1)) / (most - 1)));
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
