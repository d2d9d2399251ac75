/** What part of the map is in view. */

import { describe, expect, test } from "vitest";
import {
  boundsOf,
  densityClasses,
  formatView,
  moved,
  parseView,
  scaleOf,
  toCanvas,
  toMap,
  wholeMap,
  zoomedAt,
} from "../../../src/explorer/page/map/map-view.ts";

const BOUNDS = { left: -10, right: 30, bottom: 2, top: 12 };
const FRAME = { width: 1000, height: 600 };

describe("a view", () => {
  test("of the whole map holds every corner", () => {
    const view = wholeMap(BOUNDS);
    const scale = scaleOf(BOUNDS, FRAME, view.zoom);
    for (const [x, y] of [
      [-10, 2],
      [30, 12],
    ] as const) {
      const [left, top] = toCanvas(view, FRAME, scale, x, y);
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThan(1000);
      expect(top).toBeGreaterThan(0);
      expect(top).toBeLessThan(600);
    }
  });

  test("of a place on the canvas leads back to the map", () => {
    const view = { x: 3, y: 7, zoom: 5 };
    const scale = scaleOf(BOUNDS, FRAME, 5);
    const [x, y] = toMap(view, FRAME, scale, 123, 456);
    const [left, top] = toCanvas(view, FRAME, scale, x, y);
    expect(left).toBeCloseTo(123);
    expect(top).toBeCloseTo(456);
  });

  test("keeps what is under the pointer while it zooms", () => {
    const view = { x: 3, y: 7, zoom: 5 };
    const before = toMap(view, FRAME, scaleOf(BOUNDS, FRAME, view.zoom), 300, 200);
    const after = zoomedAt(view, BOUNDS, FRAME, 1.7, 300, 200);
    const now = toMap(after, FRAME, scaleOf(BOUNDS, FRAME, after.zoom), 300, 200);
    expect(after.zoom).toBeCloseTo(8.5);
    expect(now[0]).toBeCloseTo(before[0]);
    expect(now[1]).toBeCloseTo(before[1]);
  });

  test("moves with the hand, and never off the map", () => {
    const view = { x: 3, y: 7, zoom: 5 };
    const right = moved(view, BOUNDS, FRAME, 100, 0);
    expect(right.x).toBeLessThan(3);
    const far = moved(view, BOUNDS, FRAME, -1e7, 1e7);
    expect([far.x, far.y]).toEqual([30, 12]);
  });

  test("in an address comes back, and the whole map is not said", () => {
    const view = { x: 3.25, y: 7.5, zoom: 5.5 };
    expect(parseView(formatView(view, BOUNDS)!, BOUNDS)).toEqual(view);
    expect(formatView(wholeMap(BOUNDS), BOUNDS)).toBeNull();
    for (const nonsense of [undefined, "", "a_b_c", "1_2", "1__3", "1_2_Infinity"])
      expect(parseView(nonsense, BOUNDS)).toEqual(wholeMap(BOUNDS));
    expect(parseView("1e9_-1e9_1e9", BOUNDS)).toEqual({ x: 30, y: 2, zoom: 400 });
  });
});

test("points that are all the same, or none, have bounds all the same", () => {
  for (const [x, y] of [
    [[], []],
    [[4], [5]],
    [
      [4, 4],
      [1, 9],
    ],
  ] as const) {
    const bounds = boundsOf(x, y);
    expect(bounds.right).toBeGreaterThan(bounds.left);
    expect(bounds.top).toBeGreaterThan(bounds.bottom);
  }
});

test("colours rise with density, and dead features have the lowest", () => {
  const { classes, low, high } = densityClasses([0, 1e-5, 1e-4, 1e-3, 1e-2], 8);
  expect(classes[0]).toBe(0);
  expect([...classes].slice(1)).toEqual([...classes].slice(1).toSorted((a, b) => a - b));
  expect(classes[4]).toBe(7);
  expect(low).toBeCloseTo(1e-5);
  expect(high).toBeCloseTo(1e-2);
  expect([...densityClasses([0, 0], 8).classes]).toEqual([0, 0]);
});
