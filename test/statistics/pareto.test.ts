/** Pareto fronts, by hand and by their definition. */

import { describe, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import { paretoFront, type ParetoPoint } from "../../src/statistics/pareto.ts";

const better = { x: "lower", y: "higher" } as const;

test("fewer active features and a higher score", () => {
  const points = [
    { x: 10, y: 0.5 },
    { x: 20, y: 0.8 },
    { x: 20, y: 0.7 },
    { x: 30, y: 0.8 },
    { x: 40, y: 0.9 },
    { x: 10, y: 0.5 },
  ];
  const { front, standings } = paretoFront(points, better);
  expect(front).toEqual([0, 5, 1, 4]);
  expect(standings.map(({ dominatedBy }) => dominatedBy)).toEqual([[], [], [1], [1], [], []]);
});

describe("intervals", () => {
  const points: ParetoPoint[] = [
    { x: 10, y: 0.8, yInterval: [0.78, 0.82] },
    { x: 11, y: 0.79, yInterval: [0.76, 0.81] },
    { x: 11, y: 0.7, yInterval: [0.6, 0.75] },
    { x: 9.5, y: 0.5, xInterval: [8, 20] },
    { x: 30, y: 0.95 },
  ];
  const { standings } = paretoFront(points, better);

  test("a point whose better ends are not dominated reaches the front", () => {
    expect(standings.map(({ onFront }) => onFront)).toEqual([true, false, false, true, true]);
    expect(standings.map(({ reachesFront }) => reachesFront)).toEqual([true, true, false, true, true]);
  });

  test("a point stays on it when the others' better ends do not dominate its worse ones", () => {
    expect(standings.map(({ staysOnFront }) => staysOnFront)).toEqual([true, false, false, false, true]);
  });
});

test("the front by its definition, in all four directions", () => {
  const random = Random.of(4, "pareto");
  const points = Array.from({ length: 60 }, () => ({ x: random.integer(12), y: random.integer(12) }));
  for (const x of ["lower", "higher"] as const) {
    for (const y of ["lower", "higher"] as const) {
      const sign = { lower: -1, higher: 1 };
      const { front } = paretoFront(points, { x, y });
      const wanted = points.flatMap((point, i) => {
        const beaten = points.some((other) => {
          const [dx, dy] = [sign[x] * (other.x - point.x), sign[y] * (other.y - point.y)];
          return dx >= 0 && dy >= 0 && dx + dy > 0;
        });
        return beaten ? [] : [i];
      });
      expect([...front].sort((a, b) => a - b)).toEqual(wanted);
    }
  }
});
