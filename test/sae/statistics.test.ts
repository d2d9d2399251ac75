import { describe, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import { expectedNormScale, geometricMedian, meanRow } from "../../src/sae/geometric-median.ts";
import { deadFeatures, LossWeightedSample } from "../../src/sae/resampling.ts";

describe("the geometric median", () => {
  test("of points on a line is their median", () => {
    const median = geometricMedian(Float32Array.of(0, 0, 1, 2, 10, 20, 3, 6, 100, 200), 2);
    expect(median[0]).toBeCloseTo(3, 3);
    expect(median[1]).toBeCloseTo(6, 3);
  });

  test("stays with the crowd where the mean follows outliers", () => {
    const random = Random.of(1);
    const x = Float32Array.from({ length: 400 * 5 }, (_, k) => random.normal() * 0.1 + (k < 100 ? 1000 : 1));
    expect(meanRow(x, 5)[0]).toBeGreaterThan(40);
    geometricMedian(x, 5).forEach((value) => expect(value).toBeCloseTo(1, 1));
  });

  test("a start on one of the points does no harm", () => {
    expect(geometricMedian(Float32Array.of(-1, 0, 1), 1)[0]).toBeCloseTo(0, 6);
    expect([...geometricMedian(new Float32Array(6).fill(2), 3)]).toEqual([2, 2, 2]);
  });
});

test("the scale brings the mean norm to √d", () => {
  expect(expectedNormScale(Float32Array.of(3, 4, 0, 0, 0, 15, 0, 0), 4)).toBeCloseTo(2 / 10, 12);
  expect(expectedNormScale(new Float32Array(8), 4)).toBe(1);
});

describe("resampling", () => {
  test("dead is silent for the whole window", () => {
    const last = [0, 10, 11, 30];
    expect(deadFeatures({ d_sae: 4, lastFired: (i) => last[i]! }, 30, 20)).toEqual([0, 1]);
  });

  test("inputs are drawn with probability ∝ loss², independently for each feature, over all pieces", () => {
    const slots = 20_000;
    const sample = new LossWeightedSample(slots, 1, Random.of(1));
    sample.offer(Float32Array.of(0, 1, 2), Float32Array.of(1, 0, 2));
    sample.offer(Float32Array.of(3), Float32Array.of(0));
    sample.offer(Float32Array.of(4, 5), Float32Array.of(3, 4));
    const counts = [0, 0, 0, 0, 0, 0];
    for (const value of sample.rows) counts[value]!++;
    const weights = [1, 0, 4, 0, 9, 16];
    counts.forEach((count, i) => {
      const expected = (slots * weights[i]!) / 30;
      expect(Math.abs(count - expected)).toBeLessThanOrEqual(5 * Math.sqrt(expected));
    });
  });

  test("inputs without loss fill nothing", () => {
    const sample = new LossWeightedSample(2, 1, Random.of(1));
    sample.offer(Float32Array.of(1, 2), Float32Array.of(0, 0));
    expect(sample.filled).toBe(false);
  });
});
