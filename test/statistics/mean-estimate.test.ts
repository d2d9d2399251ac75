/** Means with t intervals, against sums by hand with t from a printed table (4.3027 and 12.7062). */

import { expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import { quantileT } from "../../src/statistics/distributions.ts";
import { differenceOfMeans, meanEstimate } from "../../src/statistics/mean-estimate.ts";

test.each([
  [[1, 2, 4], 2.333333, [-1.461225, 6.127892]],
  [[0.1, 0.3], 0.2, [-1.07062, 1.47062]],
])("%j", (values, mean, [low, high]) => {
  const { value, interval } = meanEstimate(values);
  expect(value).toBeCloseTo(mean, 5);
  expect(interval![0]).toBeCloseTo(low!, 4);
  expect(interval![1]).toBeCloseTo(high!, 4);
});

test("has no interval where there are too few values", () => {
  expect(meanEstimate([3])).toEqual({ value: 3, interval: null });
  expect(meanEstimate([3, 4], 3)).toEqual({ value: 3.5, interval: null });
});

test("a difference of means that spread differently", () => {
  // ν = (0.01/2 + 4/3)² / ((0.01/2)² / 1 + (4/3)² / 2), and t(ν) ≈ t(2.015) = 4.27
  const { value, interval } = differenceOfMeans([1, 1.1414213562373094], [0, 2, 4]);
  expect(value).toBeCloseTo(-0.9293, 4);
  const nu = (0.01 / 2 + 4 / 3) ** 2 / ((0.01 / 2) ** 2 + (4 / 3) ** 2 / 2);
  expect(nu).toBeCloseTo(2.015, 3);
  expect((interval![1] - interval![0]) / 2).toBeCloseTo(
    quantileT(0.975, nu) * Math.sqrt(0.01 / 2 + 4 / 3),
    8,
  );
  expect(differenceOfMeans([1], [2, 3])).toEqual({ value: -1.5, interval: null });
  expect(differenceOfMeans([1, 1], [2, 2])).toEqual({ value: -1, interval: null });
});

test("intervals of differences hold the truth 95 times in 100, also where one side spreads ten times as far", () => {
  const random = Random.of(1, "differences");
  const draws = 2000;
  let held = 0;
  for (let i = 0; i < draws; i++) {
    const x = Array.from({ length: 5 }, () => 10 * random.normal());
    const y = Array.from({ length: 9 }, () => 3 + random.normal());
    const { interval } = differenceOfMeans(x, y);
    if (interval![0] < -3 && interval![1] > -3) held++;
  }
  expect(held / draws).toBeGreaterThan(0.935);
  expect(held / draws).toBeLessThan(0.965);
});

test("intervals hold the truth 95 times in 100", () => {
  const random = Random.of(0, "means");
  const draws = 2000;
  let held = 0;
  for (let i = 0; i < draws; i++) {
    const { interval } = meanEstimate(Array.from({ length: 4 }, () => 7 + random.normal()));
    if (interval![0] < 7 && interval![1] > 7) held++;
  }
  expect(held / draws).toBeGreaterThan(0.935);
  expect(held / draws).toBeLessThan(0.965);
});
