/** Dictionaries beside each other. */

import { describe, expect, test } from "vitest";
import { frontierOf, placeLabels, sortedBy } from "../../../src/explorer/page/compare/frontier.ts";

test("the frontier has those that no other beats in both", () => {
  const points = [
    { x: 10, y: 0.9 },
    { x: 5, y: 0.8 },
    { x: 8, y: 0.7 },
    { x: 20, y: 0.95 },
    { x: 20, y: 0.93 },
    { x: 5, y: 0.6 },
  ];
  expect(frontierOf(points, true)).toEqual([points[1], points[0], points[3]]);
  expect(frontierOf(points, false)).toEqual([points[5]]);
  expect(frontierOf([], true)).toEqual([]);
});

test("sorting puts what has no value last in both directions, and names in the order of their numbers", () => {
  const list = [{ v: 2 }, { v: null }, { v: 10 }, { v: 1 }];
  expect(sortedBy(list, ({ v }) => v, false).map(({ v }) => v)).toEqual([1, 2, 10, null]);
  expect(sortedBy(list, ({ v }) => v, true).map(({ v }) => v)).toEqual([10, 2, 1, null]);
  expect(sortedBy(["x32", "x8"], (name) => name, false)).toEqual(["x8", "x32"]);
});

describe("labels", () => {
  const boxOf = (label: { x: number; y: number; anchor: string }, wide: number) => {
    const left = label.anchor === "start" ? label.x : label.x - wide;
    return { left, right: left + wide, top: label.y - 10, bottom: label.y + 3 };
  };

  test("never lie on each other or on points", () => {
    const points = Array.from({ length: 40 }, (_, at) => ({
      x: 60 + ((at * 37) % 300),
      y: 40 + ((at * 53) % 180),
    }));
    const wide = points.map((_, at) => 30 + (at % 7) * 12);
    const labels = placeLabels(points, wide, [20, 400]);
    expect(labels.filter((label) => label !== null).length).toBeGreaterThan(5);
    const boxes = labels.flatMap((label, at) => (label === null ? [] : [boxOf(label, wide[at]!)]));
    boxes.forEach((a, at) => {
      expect(a.left).toBeGreaterThanOrEqual(20);
      expect(a.right).toBeLessThanOrEqual(400);
      for (const b of boxes.slice(at + 1)) {
        const apart = a.right < b.left || a.left > b.right || a.bottom < b.top || a.top > b.bottom;
        expect(apart).toBe(true);
      }
    });
  });

  test("stand left of a point at the right end", () => {
    expect(placeLabels([{ x: 390, y: 50 }], [80], [20, 400])[0]?.anchor).toBe("end");
  });
});
