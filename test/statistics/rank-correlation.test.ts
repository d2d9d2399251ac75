/** Rank correlations beside scipy's, and intervals beside many studies of one truth. */

import { describe, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import { clusterDraws, clustersOf } from "../../src/statistics/cluster-bootstrap.ts";
import { kendall } from "../../src/statistics/kendall.ts";
import { partialSpearman, rankCorrelation } from "../../src/statistics/rank-correlation.ts";
import fixture from "../fixtures/statistics/correlations.json" with { type: "json" };
import { coverage, expectClose } from "./close.ts";

const { x, y, z, w } = fixture;
const few = { seed: 1, replicates: 200 };

describe("beside scipy", () => {
  test("spearman, kendall with ties", () => {
    const found = rankCorrelation(x, y, few);
    expectClose(found.spearman.value, fixture.spearman);
    expectClose(found.kendall.value, fixture.kendall.xy);
    expectClose(kendall(x, w).value, fixture.kendall.xw);
    expect(kendall(x, x).value).toBe(1);
    expect(
      kendall(
        x.map((value) => -value),
        x,
      ).value,
    ).toBe(-1);
  });

  test("partial, by the inverse of the matrix of correlations", () => {
    expectClose(partialSpearman(x, y, [z, w], few).value, fixture.partial);
    expectClose(partialSpearman(x, y, [], few).value, fixture.spearman);
  });

  test("partial given x itself is 0, not rounding", () => {
    expect(partialSpearman(x, y, [x], few).value).toBe(0);
  });
});

describe("edges", () => {
  test("observations without a number are left out with their cluster", () => {
    const clusters = x.map((_, i) => `c${Math.floor(i / 3)}`);
    const whole = rankCorrelation(x, y, { ...few, clusters });
    const more = rankCorrelation([...x, 1, 2], [...y, null, Number.NaN], {
      ...few,
      clusters: [...clusters, "p", "q"],
    });
    expect(more).toEqual(whole);
    expect(whole).toMatchObject({ observations: 30, clusters: 10 });
  });

  test("a constant side, and two clusters", () => {
    expect(rankCorrelation([1, 1, 1, 1], [1, 2, 3, 4], few)).toMatchObject({
      degenerate: true,
      spearman: { value: 0 },
      kendall: { value: 0 },
    });
    expect(rankCorrelation([1, 2, 3], [1, 2, 4], { ...few, clusters: ["a", "a", "b"] }).spearman).toEqual({
      value: 1,
      interval: null,
      p: null,
    });
  });

  test("the same seed draws the same", () => {
    expect(rankCorrelation(x, y, few)).toEqual(rankCorrelation(x, y, few));
    expect(rankCorrelation(x, y, few).spearman.interval).not.toEqual(
      rankCorrelation(x, y, { ...few, seed: 2 }).spearman.interval,
    );
  });

  test("clusters are drawn whole", () => {
    const clusters = clustersOf(5, ["a", "b", "a", "c", "b"]);
    expect(clusters).toEqual([[0, 2], [1, 4], [3]]);
    for (const drawn of clusterDraws(clusters, 20, 1, "")) {
      const times = (i: number) => drawn.filter((other) => other === i).length;
      expect([times(0), times(1)]).toEqual([times(2), times(4)]);
      expect(times(0) + times(1) + times(3)).toBe(3);
    }
  });
});

/** 20 configurations with three seeds that hardly differ; both outcomes move with the configuration. */
function study(trial: number, slope: number) {
  const random = Random.of(trial, "rank coverage");
  const rows = Array.from({ length: 20 }, (_, cluster) => {
    const [a, b, c] = [random.normal(), random.normal(), random.normal()];
    return Array.from({ length: 3 }, () => ({
      cluster,
      x: a + 0.1 * random.normal(),
      y: slope * a + b + 0.1 * random.normal(),
      z: slope * a + c + 0.1 * random.normal(),
    }));
  }).flat();
  return {
    x: rows.map((row) => row.x),
    y: rows.map((row) => row.y),
    z: rows.map((row) => row.z),
    clusters: rows.map((row) => row.cluster),
  };
}

describe("intervals hold the truth", () => {
  test("with clusters, and far too rarely without", () => {
    const share = (isClustered: boolean) =>
      coverage(60, 0, (trial) => {
        const drawn = study(trial, 0);
        const clusters = isClustered ? { clusters: drawn.clusters } : {};
        return rankCorrelation(drawn.x, drawn.y, { seed: trial, replicates: 100, ...clusters }).spearman
          .interval;
      });
    const [clustered, single] = [share(true), share(false)];
    expect(clustered).toBeGreaterThan(0.85);
    expect(single).toBeLessThan(clustered - 0.1);
  });
});
