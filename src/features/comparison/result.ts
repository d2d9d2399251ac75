/** `compare.json`: what a comparison of two dictionaries found, each number with its definition. */

import type { Histogram } from "../records.ts";
import type { ActivationComparison, MatchSummary } from "./activations.ts";
import { hasTwin, meanMaxCosine, type NearestDirections, TWIN_COSINE } from "./directions.ts";
import { type Best, NO_MATCH } from "./pairs.ts";

/** Bricken et al. 2023: an edge of the splitting graph. */
export const EDGE_COSINE = 0.4;

/** Each of 25 equal parts of a feature that never fire together has this correlation with it. */
export const PART_CORRELATION = 0.2;

/** More pairs than a drawing could show; 100,000 are 2 MB. */
export const MAX_EDGES = 100_000;

const BINS = 20;

export const DEFINITIONS = {
  correlation:
    "Pearson correlation of the activations of a feature of one side and a feature of the other over all tokens, zeros included",
  match: "the feature of the other side with the largest correlation; null where none is above 0",
  median: "over the features active on at least min_active tokens, of the correlation with their match",
  interval: "of that median, 95 %: bootstrap over blocks of contexts, matches held fixed",
  held_out_median:
    "the same median with matches chosen on every other block of contexts and measured on the blocks between: the best of many partners " +
    "is partly the luckiest, and this has no share of the luck",
  masked_cosine:
    "cosine of the two features' activations over the tokens on which one of them is active, the larger of both ways",
  edge: `a pair with a masked cosine above ${EDGE_COSINE}, both active on at least min_active tokens`,
  correlated:
    `edges of pairs with a correlation above ${PART_CORRELATION}: activations are never negative, so a feature that is often active has a ` +
    "large masked cosine with much that it has nothing to do with",
  mmcs: "mean over features of the largest cosine of their decoder direction with any of the other side's, over all features and over those active on at least min_active tokens",
  twin: `one feature of the other side is nearest by decoder and by encoder direction, each with a cosine above ${TWIN_COSINE}`,
  neurons:
    "best-match correlation of the models' own neurons, max(0, x), at the same layers: what two models have in common without a dictionary",
} as const;

export interface ComparedSide {
  readonly name: string;
  readonly folder: string;
  readonly model: string;
  readonly model_sha256: string;
  readonly hook: string;
  readonly d_in: number;
  readonly d_sae: number;
}

export interface MatchStatistics {
  readonly counted: number;
  readonly median: number | null;
  readonly interval: readonly [low: number, high: number] | null;
  readonly held_out_median: number | null;
  readonly histogram: Histogram;
}

export interface BothWays<T> {
  readonly a_in_b: T;
  readonly b_in_a: T;
}

export interface DegreeStatistics {
  /** Features with no edge, with one, with several; and the most that one has. */
  readonly none: number;
  readonly one: number;
  readonly several: number;
  readonly most: number;
}

export interface SplittingStatistics extends DegreeStatistics {
  readonly correlated: DegreeStatistics;
}

export interface DirectionStatistics {
  readonly mmcs: number | null;
  readonly mmcs_active: number | null;
  readonly twins: number;
  /** Over all features, and over those active on at least min_active tokens. */
  readonly twin_share: number;
  readonly twin_share_active: number | null;
}

export interface ComparisonResult {
  readonly format: 1;
  readonly version: string;
  readonly finished: string;
  readonly definitions: typeof DEFINITIONS;
  readonly a: ComparedSide;
  readonly b: ComparedSide;
  readonly text: {
    readonly source: string;
    readonly tokens: number;
    readonly contexts: number;
    readonly context: number;
  };
  readonly min_active: number;
  readonly activation: BothWays<MatchStatistics>;
  /** Null for one model: its neurons are the same. */
  readonly neurons: BothWays<MatchStatistics> | null;
  readonly splitting: BothWays<SplittingStatistics> & {
    readonly threshold: number;
    readonly edges: number;
    readonly listed: number;
  };
  /** Null where the two read different activations: their directions have nothing in common. */
  readonly directions: BothWays<DirectionStatistics> | null;
  readonly features: {
    readonly columns: typeof COLUMNS;
    readonly a: readonly FeatureRow[];
    readonly b: readonly FeatureRow[];
  };
  /** [feature of a, feature of b, masked cosine, correlation] */
  readonly edges: readonly (readonly [number, number, number, number])[];
}

const COLUMNS = [
  "feature",
  "active_tokens",
  "match",
  "correlation",
  "masked_match",
  "masked_cosine",
  "edges",
  "correlated_edges",
  "decoder_nearest",
  "decoder_cosine",
  "encoder_nearest",
  "encoder_cosine",
] as const;

export type FeatureRow = readonly (number | null)[];

/** What was found, beside what it was found on. */
export function findings(
  { pairs, active, matches }: ActivationComparison,
  directions: NearestDirections | undefined,
  neurons: { a: MatchSummary; b: MatchSummary; best: { a: Best; b: Best } } | undefined,
  minActive: number,
): Pick<
  ComparisonResult,
  "definitions" | "min_active" | "activation" | "neurons" | "splitting" | "directions" | "features" | "edges"
> {
  const { edges } = pairs;
  const isCounted = (side: "a" | "b") => (unit: number) => active[side][unit]! >= minActive;
  const both = <T>(of: (side: "a" | "b") => T): BothWays<T> => ({ a_in_b: of("a"), b_in_a: of("b") });
  return {
    definitions: DEFINITIONS,
    min_active: minActive,
    activation: both((side) => matchStatistics(matches[side], pairs.correlation[side])),
    neurons:
      neurons === undefined ? null : both((side) => matchStatistics(neurons[side], neurons.best[side])),
    splitting: {
      threshold: EDGE_COSINE,
      edges: edges.count,
      listed: edges.a.length,
      ...both((side) => ({
        ...degrees(side === "a" ? edges.degreeA : edges.degreeB, isCounted(side)),
        correlated: degrees(side === "a" ? edges.correlatedA : edges.correlatedB, isCounted(side)),
      })),
    },
    directions:
      directions === undefined
        ? null
        : both((side) => directionStatistics(directions, side, isCounted(side))),
    features: {
      columns: COLUMNS,
      a: featureRows("a", pairs, active.a, directions),
      b: featureRows("b", pairs, active.b, directions),
    },
    edges: Array.from(
      edges.a,
      (i, e) => [i, edges.b[e]!, rounded(edges.cosine[e]!), rounded(edges.correlation[e]!)] as const,
    ),
  };
}

function matchStatistics(
  { counted, median, interval, heldOutMedian }: MatchSummary,
  best: Best,
): MatchStatistics {
  const counts = Array.from({ length: BINS }, () => 0);
  // Features that are not counted have no match.
  for (const [unit, partner] of best.index.entries()) {
    if (partner !== NO_MATCH) counts[Math.min(BINS - 1, Math.floor(best.value[unit]! * BINS))]!++;
  }
  counts[0]! += counted - counts.reduce((sum, count) => sum + count, 0);
  return {
    counted,
    median,
    interval,
    held_out_median: heldOutMedian,
    histogram: { start: 0, width: 1 / BINS, counts },
  };
}

function degrees(degree: Uint32Array, isCounted: (unit: number) => boolean): DegreeStatistics {
  const counted = degree.filter((_, unit) => isCounted(unit));
  return {
    none: counted.filter((edges) => edges === 0).length,
    one: counted.filter((edges) => edges === 1).length,
    several: counted.filter((edges) => edges > 1).length,
    most: counted.reduce((most, edges) => Math.max(most, edges), 0),
  };
}

function directionStatistics(
  nearest: NearestDirections,
  side: "a" | "b",
  isCounted: (unit: number) => boolean,
): DirectionStatistics {
  const units = [...nearest.decoder[side].index.keys()];
  const counted = units.filter(isCounted);
  const twins = (list: readonly number[]) => list.filter((unit) => hasTwin(nearest, side, unit)).length;
  return {
    mmcs: meanMaxCosine(nearest.decoder[side], units),
    mmcs_active: meanMaxCosine(nearest.decoder[side], counted),
    twins: twins(units),
    twin_share: twins(units) / units.length,
    twin_share_active: counted.length === 0 ? null : twins(counted) / counted.length,
  };
}

function featureRows(
  side: "a" | "b",
  { correlation, masked, edges }: ActivationComparison["pairs"],
  active: Uint32Array,
  directions: NearestDirections | undefined,
): FeatureRow[] {
  const degree = side === "a" ? edges.degreeA : edges.degreeB;
  const correlated = side === "a" ? edges.correlatedA : edges.correlatedB;
  const pair = (best: Best | undefined, unit: number) =>
    best === undefined || best.index[unit] === NO_MATCH
      ? [null, null]
      : [best.index[unit]!, rounded(best.value[unit]!)];
  return Array.from(active, (tokens, unit) => [
    unit,
    tokens,
    ...pair(correlation[side], unit),
    ...pair(masked[side], unit),
    degree[unit]!,
    correlated[unit]!,
    ...pair(directions?.decoder[side], unit),
    ...pair(directions?.encoder[side], unit),
  ]);
}

function rounded(value: number): number {
  return Number(value.toFixed(4));
}

/** The text of compare.json: what there is one of on lines of its own, and a line for each feature and edge. */
export function comparisonText({ features, edges, ...rest }: ComparisonResult): string {
  const lines = (rows: readonly unknown[]) =>
    rows.length === 0 ? "[]" : `[\n${rows.map((row) => JSON.stringify(row)).join(",\n")}\n]`;
  const head = JSON.stringify(rest, null, 2)
    .replace(/\n\}$/, "")
    .replaceAll(/\[[\s\d.,e-]+\]/g, (numbers) => numbers.replaceAll(/\s+/g, " "));
  return (
    `${head},\n  "features": {\n"columns": ${JSON.stringify(features.columns)},\n` +
    `"a": ${lines(features.a)},\n"b": ${lines(features.b)}\n},\n  "edges": ${lines(edges)}\n}\n`
  );
}
