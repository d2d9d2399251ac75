/** Ratings beside automated scores. */

import { expect, test } from "vitest";
import { rankCorrelation, ratedUnits } from "../../../src/explorer/page/meaning/rated-units.ts";
import { fabricateRatings } from "../fabricated-answers.ts";

test("a unit's ratings are one point, and one without a score is none", () => {
  const [rating] = fabricateRatings(2).ratings;
  const of = (index: number, total: number, score: number | null) => ({ ...rating!, index, total, score });
  expect(ratedUnits([of(1, 10, 0.5), of(1, 13, 0.5), of(2, 4, 0.1), of(3, 9, null)])).toEqual([
    { kind: "feature", index: 1, score: 0.5, total: 11.5, ratings: 2 },
    { kind: "feature", index: 2, score: 0.1, total: 4, ratings: 1 },
  ]);
});

test("rank correlation: order alone counts, ties share their mean rank", () => {
  expect(rankCorrelation([1, 2, 3], [10, 100, 1000])).toBeCloseTo(1, 12);
  expect(rankCorrelation([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 12);
  // scipy.stats.spearmanr([1, 2, 2, 4], [1, 3, 2, 4])
  expect(rankCorrelation([1, 2, 2, 4], [1, 3, 2, 4])).toBeCloseTo(0.9486832980505139, 12);
  expect(rankCorrelation([1, 1, 1], [1, 2, 3])).toBeNull();
  expect(rankCorrelation([1, 2], [1, 2])).toBeNull();
});
