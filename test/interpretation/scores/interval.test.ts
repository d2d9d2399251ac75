/** Intervals beside plain bootstraps that compute every replicate from its tokens. */

import { describe, expect, test } from "vitest";
import {
  balancedInterval,
  correlationInterval,
  shareInterval,
} from "../../../src/interpretation/scores/interval.ts";
import { Random } from "../../../src/random.ts";
import { midranks, pearson, spearman } from "../../../src/statistics/correlation.ts";
import { type Interval, percentiles } from "../../../src/statistics/quantiles.ts";

/** Excerpts of 9 tokens of a unit that is active on few of them, and a simulation that is right to a degree. */
function excerpts(seed: number, count: number, noise: number) {
  const random = Random.of(seed, "excerpts");
  const x: number[] = [];
  const y: number[] = [];
  const excerptOf: number[] = [];
  for (let excerpt = 0; excerpt < count; excerpt++) {
    const strength = random.integer(10);
    for (let token = 0; token < 9; token++) {
      const real = random.uniform() < 0.25 ? strength : 0;
      y.push(real);
      x.push(Math.max(0, Math.min(9, Math.round(real + noise * random.normal()))));
      excerptOf.push(excerpt);
    }
  }
  return { x, y, excerptOf };
}

function plainBootstrap(
  { x, y, excerptOf }: ReturnType<typeof excerpts>,
  of: (a: number[], b: number[], w?: number[]) => number,
  weights?: readonly number[],
): Interval {
  const random = Random.of(99, "plain");
  const count = excerptOf.at(-1)! + 1;
  const members = Array.from({ length: count }, (_, excerpt) =>
    [...x.keys()].filter((i) => excerptOf[i] === excerpt),
  );
  const values = Float64Array.from({ length: 2000 }, () => {
    const drawn = Array.from({ length: count }, () => members[random.integer(count)]!).flat();
    const pick = (list: readonly number[]) => drawn.map((i) => list[i]!);
    return of(pick(x), pick(y), weights && pick(weights));
  });
  return percentiles(values);
}

function expectAlike(found: Interval | null, plain: Interval, share: number): void {
  const width = plain[1] - plain[0];
  expect(Math.abs(found![0] - plain[0])).toBeLessThan(share * width);
  expect(Math.abs(found![1] - plain[1])).toBeLessThan(share * width);
}

describe.each([
  ["a good simulation", 1, 0.7],
  ["a poor one", 2, 4],
])("of %s", (_, seed, noise) => {
  const drawn = excerpts(seed, 60, noise);
  const { x, y, excerptOf } = drawn;

  test("Pearson: as when each replicate is correlated anew", () => {
    const plain = plainBootstrap(drawn, (a, b) => pearson(a, b).value);
    expectAlike(correlationInterval(x, y, excerptOf, 0), plain, 0.1);
  });

  test("weighted Pearson", () => {
    const ofExcerpt = Array.from({ length: 60 }, (__, i) => (i % 7) / 3 + 0.1);
    const weights = excerptOf.map((excerpt) => ofExcerpt[excerpt]!);
    const plain = plainBootstrap(drawn, (a, b, w) => pearson(a, b, w).value, weights);
    expectAlike(correlationInterval(x, y, excerptOf, 0, weights), plain, 0.1);
  });

  test("Spearman with kept ranks: close to ranking each replicate anew", () => {
    const plain = plainBootstrap(drawn, (a, b) => spearman(a, b).value);
    expectAlike(correlationInterval(midranks(x), midranks(y), excerptOf, 0), plain, 0.15);
  });
});

test("an interval covers the correlation of the text that excerpts were drawn from about 95 times in 100", () => {
  const all = excerpts(7, 20000, 3);
  const real = pearson(all.x, all.y).value;
  let covered = 0;
  for (let from = 0; from < 300; from++) {
    const part = (list: readonly number[]) => list.slice(from * 540, (from + 1) * 540);
    const { x, y } = { x: part(all.x), y: part(all.y) };
    const [low, high] = correlationInterval(
      x,
      y,
      part(all.excerptOf).map((excerpt) => excerpt - from * 60),
      0,
    )!;
    if (low <= real && real <= high) covered++;
  }
  expect(covered / 300).toBeGreaterThan(0.9);
  expect(covered / 300).toBeLessThan(0.985);
});

describe("of shares", () => {
  const ofRight = (count: number, right: number) => Array.from({ length: count }, (_, i) => i < right);

  test("as wide as the binomial says", () => {
    const [low, high] = shareInterval(ofRight(100, 60), 0)!;
    const error = Math.sqrt((0.6 * 0.4) / 100);
    expect(low).toBeGreaterThan(0.6 - 2.4 * error);
    expect(low).toBeLessThan(0.6 - 1.6 * error);
    expect(high).toBeGreaterThan(0.6 + 1.6 * error);
    expect(high).toBeLessThan(0.6 + 2.4 * error);
  });

  test("of two groups: their errors add up, drawn apart also where both are of one size", () => {
    const [low, high] = balancedInterval(ofRight(50, 40), ofRight(50, 40), 0)!;
    const error = Math.sqrt((0.8 * 0.2) / 50 / 2);
    expect((high - low) / 2).toBeGreaterThan(1.6 * error);
    expect((high - low) / 2).toBeLessThan(2.4 * error);
  });

  test("all right is certain to a percentile interval", () => {
    expect(shareInterval(ofRight(10, 10), 0)).toEqual([1, 1]);
  });
});

test("fewer than two excerpts, items or trials have no interval", () => {
  expect(correlationInterval([1, 2], [1, 2], [0, 0], 0)).toBeNull();
  expect(correlationInterval([], [], [], 0)).toBeNull();
  expect(shareInterval([true], 0)).toBeNull();
  expect(balancedInterval([true, true], [true], 0)).toBeNull();
});

test("replicates in which a side is constant count as 0, and the same seed gives the same", () => {
  const constant = correlationInterval([3, 3, 3, 3], [0, 1, 0, 1], [0, 0, 1, 1], 0);
  expect(constant).toEqual([0, 0]);
  const { x, y, excerptOf } = excerpts(3, 10, 2);
  expect(correlationInterval(x, y, excerptOf, 5)).toEqual(correlationInterval(x, y, excerptOf, 5));
  expect(correlationInterval(x, y, excerptOf, 5)).not.toEqual(correlationInterval(x, y, excerptOf, 6));
});
