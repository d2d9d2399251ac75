/**
 * Bagged regression trees (Breiman 1996) of an outcome on the factors of a study: what the factors do together, without a formula.
 *
 *     a tree          grown on as many configurations as there are, drawn with replacement, with all their seeds
 *     out of bag      a trial is predicted by the trees that have seen no trial of its configuration
 *     R²              1 − Σ (y − ŷ_oob)² / Σ (y − ȳ)²: near 0, or below it, when the forest knows nothing, whatever it says
 *     importance      how much worse trees predict what they have not seen when one factor is shuffled there; in units of the outcome's
 *                     variance, 0 on average for a factor without effect
 *
 * Drawing trials one by one would let a tree see a seed of the configuration it is to predict, and R² would be praise for remembering.
 */

import { Random } from "../random.ts";
import { clustersOf } from "./cluster-bootstrap.ts";
import { type Factor, factorsWhereKnown, type FactorTable } from "./factor.ts";
import { sumOfSquaresAboutMean } from "./least-squares.ts";
import { RegressionTree, type TreeOptions } from "./regression-tree.ts";

export interface ForestOptions {
  readonly seed: number;
  /** Default 200. */
  readonly trees?: number;
  /** The fewest trials at an end of a tree. Default 2. */
  readonly minLeaf?: number;
  /** Factors drawn for each split. Default: all of them. */
  readonly tried?: number;
}

/** Trials with a value. */
export interface ForestData {
  readonly factors: readonly Factor[];
  readonly outcome: Float64Array;
  /** Trials of each configuration. */
  readonly clusters: readonly (readonly number[])[];
}

export interface Forest {
  readonly data: ForestData;
  readonly trees: readonly RegressionTree[];
  /** Of each trial; null where every tree has seen it. */
  readonly outOfBag: readonly (number | null)[];
  /** Null where the outcome is constant, or no trial is out of any bag. */
  readonly rSquared: number | null;
  readonly importances: readonly { readonly name: string; readonly importance: number | null }[];
}

/**
 * @param outcome of every trial; those with null are left out
 * @param configurations of every trial: the same for trials that differ in their seed alone; by default each is its own
 * Factors with one level are left out.
 */
export function forestData(
  table: FactorTable,
  outcome: readonly (number | null)[],
  configurations?: readonly (string | number)[],
): ForestData {
  const { kept, factors } = factorsWhereKnown(table, outcome);
  return {
    factors,
    outcome: Float64Array.from(kept, (i) => outcome[i]!),
    clusters: clustersOf(kept.length, configurations && kept.map((i) => configurations[i]!)),
  };
}

/** Throws without trials. */
export function growForest(data: ForestData, options: ForestOptions): Forest {
  const { factors, outcome, clusters } = data;
  if (outcome.length === 0) throw new Error("a forest needs trials");
  const random = Random.of(options.seed, "forest");
  const trees: RegressionTree[] = [];
  const sums = new Float64Array(outcome.length);
  const votes = new Uint32Array(outcome.length);
  const worse = factors.map(() => 0);
  let unseen = 0;
  for (let t = 0; t < (options.trees ?? 200); t++) {
    const { rows, isSeen } = drawBag(clusters, random);
    const tree = new RegressionTree(factors, outcome, rows, treeOptions(options, factors.length), random);
    trees.push(tree);
    const out = clusters.flatMap((members, i) => (isSeen[i] ? [] : members));
    unseen += out.length;
    for (const row of out) {
      sums[row]! += tree.predict((factor) => factors[factor]!.codes[row]!);
      votes[row]!++;
    }
    factors.forEach(
      (_, shuffled) => (worse[shuffled]! += lossOfShuffling(tree, data, out, shuffled, random)),
    );
  }
  const outOfBag = Array.from(outcome, (_, i) => (votes[i]! > 0 ? sums[i]! / votes[i]! : null));
  const variance = sumOfSquaresAboutMean(outcome) / outcome.length;
  return {
    data,
    trees,
    outOfBag,
    rSquared: rSquaredOf(outcome, outOfBag),
    importances: factors.map(({ name }, f) => ({
      name,
      importance: unseen > 0 && variance > 0 ? worse[f]! / unseen / variance : null,
    })),
  };
}

export function treeOptions({ minLeaf = 2, tried }: ForestOptions, factors: number): TreeOptions {
  return { minLeaf, tried: Math.max(1, tried ?? factors) };
}

/** Whole configurations, with replacement. */
export function drawBag(
  clusters: readonly (readonly number[])[],
  random: Random,
): { rows: number[]; isSeen: Uint8Array } {
  const rows: number[] = [];
  const isSeen = new Uint8Array(clusters.length);
  for (let i = 0; i < clusters.length; i++) {
    const drawn = random.integer(clusters.length);
    isSeen[drawn] = 1;
    rows.push(...clusters[drawn]!);
  }
  return { rows, isSeen };
}

/** By how much the sum of squared errors over `rows` grows when one factor is shuffled among them. */
function lossOfShuffling(
  tree: RegressionTree,
  { factors, outcome }: ForestData,
  rows: readonly number[],
  shuffled: number,
  random: Random,
): number {
  const order = random.permutation(rows.length);
  let growth = 0;
  rows.forEach((row, i) => {
    const other = rows[order[i]!]!;
    const before = tree.predict((factor) => factors[factor]!.codes[row]!);
    const after = tree.predict((factor) => factors[factor]!.codes[factor === shuffled ? other : row]!);
    growth += (outcome[row]! - after) ** 2 - (outcome[row]! - before) ** 2;
  });
  return growth;
}

function rSquaredOf(outcome: Float64Array, predicted: readonly (number | null)[]): number | null {
  const known = [...outcome.keys()].filter((i) => predicted[i] !== null);
  const total = sumOfSquaresAboutMean(known.map((i) => outcome[i]!));
  const missed = known.reduce((sum, i) => sum + (outcome[i]! - predicted[i]!) ** 2, 0);
  return total > 0 ? 1 - missed / total : null;
}
