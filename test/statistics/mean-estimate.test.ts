/** Means with t intervals, against sums by hand with t from a printed table (4.3027 and 12.7062). */

import { expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import { meanEstimate } from "../../src/statistics/mean-estimate.ts";

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
