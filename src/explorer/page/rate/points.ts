/** Points that a rater has given so far: which criteria apply, what is missing, and the sum. */

import { CRITERIA, totalOf } from "../../../interpretation/ratings/rubric.ts";
import type { Rubric } from "../../api.ts";

export type CriterionKey = keyof Rubric;
export type Points = Readonly<Partial<Record<CriterionKey, number>>>;
export type Criterion = (typeof CRITERIA)[number];

/** Logits that are all consistent leave nothing to be separated. */
const ALL_CONSISTENT = 3;

/** The criteria that are asked, in their order. */
export function asked(points: Points): readonly Criterion[] {
  return CRITERIA.filter(({ key }) => key !== "separation" || points.logits !== ALL_CONSISTENT);
}

/** The next criterion behind `from` that has no points yet, from the beginning again after the last; null when all have. */
export function nextMissing(points: Points, from: CriterionKey | null): CriterionKey | null {
  const keys = asked(points).map(({ key }) => key);
  const start = from === null ? 0 : keys.indexOf(from) + 1;
  const round = [...keys.slice(start), ...keys.slice(0, start)];
  return round.find((key) => points[key] === undefined) ?? null;
}

/** Those that are given, and what is not asked left out; null while something is missing. */
export function rubricOf(points: Points): Rubric | null {
  if (nextMissing(points, null) !== null) return null;
  const { confidence, activations, logits, separation, specificity } = points;
  return {
    confidence: confidence!,
    activations: activations!,
    logits: logits!,
    separation: logits === ALL_CONSISTENT ? null : separation!,
    specificity: specificity!,
  };
}

/** Sum of the points that are given so far. */
export function runningTotal(points: Points): number {
  return totalOf({
    confidence: points.confidence ?? 0,
    activations: points.activations ?? 0,
    logits: points.logits ?? 0,
    separation: points.logits === ALL_CONSISTENT ? null : (points.separation ?? 0),
    specificity: points.specificity ?? 0,
  });
}

/** What a digit means for a criterion: so many points, or nothing. */
export function pointsOfDigit(key: string, criterion: Criterion): number | null {
  if (!/^\d$/.test(key)) return null;
  const points = Number(key);
  return points < criterion.levels.length ? points : null;
}
