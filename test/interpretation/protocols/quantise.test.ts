/** The two ways to write activations as integers, worked by hand. */

import { expect, test } from "vitest";
import { ceilTo, floorTo, highestOf } from "../../../src/interpretation/protocols/quantise.ts";

const VALUES = [0, 0.19, 0.2, 0.39, 0.4, 1.05, 1.79, 1.8, 1.99, 2];

test("Bricken et al.: integers 0–9, tenths of the maximum, the maximum itself with the tenth below it", () => {
  expect(VALUES.map((f) => floorTo(9, f, 2))).toEqual([0, 0, 1, 1, 2, 5, 8, 9, 9, 9]);
});

test("Bills et al.: integers 0–10, 10 for the maximum alone", () => {
  expect(VALUES.map((f) => floorTo(10, f, 2))).toEqual([0, 0, 1, 1, 2, 5, 8, 9, 9, 10]);
});

test("delphi: rounded up, so that whatever is active shows", () => {
  expect(VALUES.map((f) => ceilTo(10, f, 2))).toEqual([0, 1, 1, 2, 2, 6, 9, 9, 10, 10]);
});

test("negative activations and silent records are 0", () => {
  expect([floorTo(9, -1, 2), floorTo(10, 0, 0), ceilTo(10, -1, 2), ceilTo(10, 0, 0)]).toEqual([0, 0, 0, 0]);
  expect(highestOf([[0, -3], Float64Array.of(1, 4), []])).toBe(4);
  expect(highestOf([])).toBe(0);
});
