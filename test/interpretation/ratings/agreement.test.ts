/** Krippendorff's alpha beside his own worked example, the Python package `krippendorff` 0.9, and cases by hand. */

import { expect, test } from "vitest";
import { krippendorffAlpha } from "../../../src/interpretation/ratings/agreement.ts";

type Ratings = readonly (readonly (number | null)[])[];

/** Ratings of each item, from those of each rater. */
const byItem = (raters: Ratings) =>
  raters[0]!.map((_, item) => raters.map((rater) => rater[item]!).filter((value) => value !== null));

const _ = null;

/** Krippendorff 2011, section D: four observers, twelve units, eight values missing. */
const KRIPPENDORFF: Ratings = [
  [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
  [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
  [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
  [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
];

/** Totals as raters of this program might give them, drawn at random. */
const DRAWN: Ratings = [
  [10, 12, _, 12, 7, 7, 9, _, _, 0, _, 5, 8, 6, 1, 0, 0, _, 2, 14],
  [11, 13, _, 10, _, 7, 8, 4, 14, _, 4, 4, 7, 8, 0, 0, 0, 0, 1, _],
  [14, 8, 13, 4, 5, 13, 2, 0, _, 10, 1, 13, 5, 3, 8, _, 13, _, 4, _],
];

test.each([
  ["nominal", 0.743421052631579],
  ["ordinal", 0.8153875037548814],
  ["interval", 0.8491071428571428],
] as const)("of the published example, %s", (difference, alpha) => {
  expect(krippendorffAlpha(byItem(KRIPPENDORFF), difference)).toBeCloseTo(alpha, 12);
});

test.each([
  ["nominal", 0.023837902264600586],
  ["ordinal", 0.2586158587839731],
  ["interval", 0.2624137350614373],
] as const)("of drawn totals, %s", (difference, alpha) => {
  expect(krippendorffAlpha(byItem(DRAWN), difference)).toBeCloseTo(alpha, 12);
});

test("two raters, two values: the published example of binary data, 0.095", () => {
  // 8 of 20 paired values disagree; 14 zeros and 6 ones.
  const first = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0];
  const second = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0];
  const items = first.map((value, i) => [value, second[i]!]);
  for (const difference of ["nominal", "ordinal", "interval"] as const) {
    expect(krippendorffAlpha(items, difference)).toBeCloseTo(1 - (19 * 8) / (2 * 14 * 6), 12);
  }
});

test("is 1 for agreement, below 0 for the opposite, and not defined without differences or pairs", () => {
  expect(krippendorffAlpha([[0, 0], [3, 3], [5]], "interval")).toBe(1);
  expect(
    krippendorffAlpha(
      [
        [0, 5],
        [5, 0],
      ],
      "interval",
    ),
  ).toBeCloseTo(-0.5, 12);
  expect(
    krippendorffAlpha(
      [
        [4, 4],
        [4, 4],
      ],
      "ordinal",
    ),
  ).toBeNull();
  expect(krippendorffAlpha([[1], [2], []], "nominal")).toBeNull();
  expect(krippendorffAlpha([], "interval")).toBeNull();
});
