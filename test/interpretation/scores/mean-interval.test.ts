import { expect, test } from "vitest";
import { differenceOfMeans, summariseColumn } from "../../../src/interpretation/scores/mean-interval.ts";
import { Random } from "../../../src/random.ts";

function normals(seed: number, count: number, centre: number): number[] {
  const random = Random.of(seed, "normals");
  return Array.from({ length: count }, () => centre + random.normal());
}

test("units without a score are left out", () => {
  const summary = summariseColumn([null, 1, null, 2, 6], 0);
  expect([summary.units, summary.mean, summary.median]).toEqual([3, 3, 2]);
  expect(summary.interval![0]).toBeGreaterThanOrEqual(1);
  expect(summary.interval![1]).toBeLessThanOrEqual(6);
  expect(summariseColumn([null], 0)).toEqual({ units: 0, mean: null, interval: null, median: null });
  expect(summariseColumn([0.5], 0)).toEqual({ units: 1, mean: 0.5, interval: null, median: 0.5 });
  expect(summariseColumn([0.5, 0.5], 0).interval).toEqual([0.5, 0.5]);
});

test.each([200, 1000, 1001, 4096])("the interval of the mean of %i units is ±1.96 s/√n", (count) => {
  const { mean, interval } = summariseColumn(normals(count, count, 3), 1);
  const half = 1.96 / Math.sqrt(count);
  expect(Math.abs(interval![0] - (mean! - half))).toBeLessThan(0.2 * half);
  expect(Math.abs(interval![1] - (mean! + half))).toBeLessThan(0.2 * half);
});

test.each([
  [80, 4096],
  [300, 300],
])("the difference of means of %i and %i units", (a, b) => {
  const { difference, interval } = differenceOfMeans([...normals(1, a, 2), null], normals(2, b, 1), 0)!;
  const half = 1.96 * Math.sqrt(1 / a + 1 / b);
  expect(Math.abs(difference - 1)).toBeLessThan(2 * half);
  expect(Math.abs((interval![1] - interval![0]) / 2 - half)).toBeLessThan(0.2 * half);
  expect(interval![0]).toBeLessThan(difference);
  expect(interval![1]).toBeGreaterThan(difference);
});

test("nothing to compare is null, and one unit alone has no interval", () => {
  expect(differenceOfMeans([null], [1, 2], 0)).toBeNull();
  expect(differenceOfMeans([3], [1, 2], 0)).toEqual({ difference: 1.5, interval: null });
});
