/**
 * Units of two results paired by what alone makes measures differ: how often they are active, and whether they are about one token. A model
 * with shuffled weights has more features of single tokens, and of other densities, than the trained one; of features drawn from both,
 * differences of the means would be differences of these too.
 *
 * Within single-token units, and within the others, the pair with the nearest densities is taken first, then the nearest of what is left,
 * as long as they differ by less than a factor of two. Units without a partner are left out, and counted.
 */

import { bootstrapIntervals } from "../../evaluation/bootstrap.ts";
import { mean } from "../../statistics/correlation.ts";
import { type Measure, MEASURE_NAMES } from "./measures.ts";
import {
  type EffectsResult,
  type EffectSplit,
  type EffectSubject,
  SPLITS,
  type SubjectEffects,
} from "./result.ts";

/** Densities of a pair differ by less than this factor. */
const CALIPER = 2;

export type Matchable = Pick<SubjectEffects, "density" | "singleToken">;

/** Places in the arrays of the two. */
export interface MatchedPair {
  readonly a: number;
  readonly b: number;
  readonly singleToken: boolean | null;
}

export interface Matched {
  /** In order of the first. */
  readonly pairs: readonly MatchedPair[];
  readonly unmatched: { readonly a: number; readonly b: number };
}

/** Each unit is in one pair at most. Units of which it is not known whether they are about one token match such units only. */
export function matchUnits(a: Matchable, b: Matchable): Matched {
  const candidates: (MatchedPair & { distance: number })[] = [];
  a.density.forEach((density, i) => {
    b.density.forEach((other, j) => {
      const singleToken = a.singleToken[i]!;
      if (singleToken !== b.singleToken[j]! || !(density > 0 && other > 0)) return;
      const distance = Math.abs(Math.log(density / other));
      if (distance < Math.log(CALIPER)) candidates.push({ a: i, b: j, singleToken, distance });
    });
  });
  candidates.sort((p, q) => p.distance - q.distance || p.a - q.a || p.b - q.b);
  const [takenA, takenB] = [new Set<number>(), new Set<number>()];
  const pairs = candidates
    .filter((pair) => {
      if (takenA.has(pair.a) || takenB.has(pair.b)) return false;
      takenA.add(pair.a);
      takenB.add(pair.b);
      return true;
    })
    .map(({ distance: _distance, ...pair }) => pair)
    .sort((p, q) => p.a - q.a);
  return {
    pairs,
    unmatched: { a: a.density.length - pairs.length, b: b.density.length - pairs.length },
  };
}

/** One measure of matched units. The interval resamples pairs. */
export interface MatchedDifference {
  readonly measure: Measure;
  readonly split: EffectSplit;
  /** Pairs in which both have a value. */
  readonly pairs: number;
  readonly a: number | null;
  readonly b: number | null;
  /** a − b. */
  readonly difference: number | null;
  readonly interval: [number, number] | null;
}

export interface MatchedComparison extends Matched {
  readonly differences: readonly MatchedDifference[];
}

/** What units of `subject` do in the one model and in the other. Null where one has none. */
export function compareMatched(
  a: EffectsResult,
  b: EffectsResult,
  subject: EffectSubject = "features",
): MatchedComparison | null {
  const [first, second] = [a, b].map(({ subjects }) => subjects.find((one) => one.subject === subject));
  if (first === undefined || second === undefined) return null;
  const matched = matchUnits(first, second);
  const differences = MEASURE_NAMES.flatMap((measure) =>
    SPLITS.map((split) => {
      const values = matched.pairs.flatMap((pair) => {
        if (split !== "all" && pair.singleToken !== (split === "single-token")) return [];
        const [x, y] = [first.values[measure]![pair.a]!, second.values[measure]![pair.b]!];
        return x === null || y === null ? [] : [{ x, y }];
      });
      return { measure, split, ...differenceOf(values, a.options.seed) };
    }),
  );
  return { ...matched, differences };
}

function differenceOf(values: readonly { readonly x: number; readonly y: number }[], seed: number) {
  const count = values.length;
  if (count === 0) return { pairs: 0, a: null, b: null, difference: null, interval: null };
  const differences = Float64Array.from(values, ({ x, y }) => x - y);
  const { interval } = bootstrapIntervals(
    { difference: differences, pairs: new Float64Array(count).fill(1) },
    { interval: ({ difference, pairs }) => difference / pairs },
    seed,
  );
  return {
    pairs: count,
    a: mean(values.map(({ x }) => x)),
    b: mean(values.map(({ y }) => y)),
    difference: mean(differences),
    interval,
  };
}
