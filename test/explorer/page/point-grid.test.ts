/** The map's points in cells, beside a search through all of them. */

import { describe, expect, test } from "vitest";
import { boundsOf } from "../../../src/explorer/page/map/map-view.ts";
import { PointGrid } from "../../../src/explorer/page/map/point-grid.ts";
import { nearestDot } from "../../../src/explorer/page/charts/dot-places.ts";
import { Random } from "../../../src/random.ts";

const random = Random.of(7, "points of a map");
/** Clusters and a few far away, as UMAP leaves them. */
const x: number[] = [];
const y: number[] = [];
for (let at = 0; at < 2000; at++) {
  const cluster = at % 7;
  x.push(cluster * 3 + 0.4 * random.uniform() + (at % 211 === 0 ? 40 : 0));
  y.push(((cluster * 5) % 7) + 0.4 * random.uniform());
}
const grid = new PointGrid(x, y, boundsOf(x, y));

describe("a grid of points", () => {
  test("finds the nearest one within reach", () => {
    for (let i = 0; i < 300; i++) {
      const [left, top] = [70 * random.uniform() - 5, 12 * random.uniform() - 2];
      for (const reach of [0.05, 0.7, 30]) {
        const found = grid.nearest(left, top, reach);
        const truth = nearestDot({ x, y }, left, top, reach);
        if (truth === null) expect(found).toBeNull();
        else
          expect(Math.hypot(x[found!]! - left, y[found!]! - top)).toBeCloseTo(
            Math.hypot(x[truth]! - left, y[truth]! - top),
          );
      }
    }
  });

  test("finds those around one, nearest first", () => {
    for (const of of [0, 5, 211, 1999]) {
      const distance = (at: number) => Math.hypot(x[at]! - x[of]!, y[at]! - y[of]!);
      const truth = x
        .map((_, at) => at)
        .filter((at) => at !== of)
        .sort((a, b) => distance(a) - distance(b))
        .slice(0, 6);
      expect(grid.around(of, 6).map(distance)).toEqual(truth.map(distance));
    }
  });

  test("goes from point to point in a direction", () => {
    const next = grid.towards(x[3]!, y[3]!, 1, 0, 3)!;
    expect(x[next]!).toBeGreaterThan(x[3]!);
    expect(grid.towards(1e6, 0, 1, 0, null)).toBeNull();
  });

  test("of one point, of equal points and of none answers all the same", () => {
    const one = new PointGrid([2], [3], boundsOf([2], [3]));
    expect([one.nearest(2.1, 3, 1), one.around(0, 5)]).toEqual([0, []]);
    const same = new PointGrid([2, 2, 2], [3, 3, 3], boundsOf([2, 2, 2], [3, 3, 3]));
    expect(same.around(1, 5).toSorted((a, b) => a - b)).toEqual([0, 2]);
    expect(new PointGrid([], [], boundsOf([], [])).nearest(0, 0, 10)).toBeNull();
  });
});
