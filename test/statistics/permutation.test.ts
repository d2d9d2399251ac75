/** Permutation tests beside all permutations there are, by scipy. */

import { expect, test } from "vitest";
import { differenceTest, pairedTest } from "../../src/statistics/permutation.ts";
import fixture from "../fixtures/statistics/permutations.json" with { type: "json" };

const values = [...fixture.a, ...fixture.b];
const isFirst = values.map((_, i) => i < fixture.a.length);

test("between groups", () => {
  const found = differenceTest(values, isFirst, { seed: 1, permutations: 20_000 })!;
  expect(Math.abs(found.p - fixture.between)).toBeLessThan(0.01);
  const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  expect(found.difference).toBeCloseTo(mean(fixture.a) - mean(fixture.b), 12);
});

test("of pairs", () => {
  expect(Math.abs(pairedTest(fixture.d, { seed: 1, permutations: 20_000 })!.p - fixture.paired)).toBeLessThan(
    0.01,
  );
});

test("within strata only what differs there counts", () => {
  // Strata differ by 10, and groups by their strata alone.
  const y = [0, 1, 0, 1, 0, 1, 0, 1, 10, 11, 10, 11, 10, 11, 10, 11];
  const first = y.map((_, i) => i < 6 || i === 8 || i === 9);
  const strata = y.map((value) => (value < 5 ? "low" : "high"));
  const [free, within] = [{}, { strata }].map((more) =>
    differenceTest(y, first, { seed: 1, permutations: 2000, ...more })!,
  );
  expect(free!.p).toBeLessThan(0.2);
  expect(within!.p).toBeGreaterThan(0.6);
});

test("one side empty, and nothing to move", () => {
  expect(differenceTest([1, 2], [true, true], { seed: 1 })).toBeNull();
  expect(pairedTest([], { seed: 1 })).toBeNull();
  expect(differenceTest([1, 1, 1], [true, false, false], { seed: 1, permutations: 100 })!.p).toBe(1);
});
