/** Axes of the larger charts. */

import { describe, expect, test } from "vitest";
import {
  axisOf,
  logTicks,
  nearestPlace,
  tickText,
  tickTexts,
} from "../../../src/explorer/page/charts/axis.ts";

describe("an axis", () => {
  test("holds all finite values and leaves the others out", () => {
    const axis = axisOf([3, null, 7, undefined, NaN, Infinity]);
    expect([axis.low, axis.high, axis.at(5)]).toEqual([3, 7, 0.5]);
  });

  test("starts at 0 where it is wished, unless values are below", () => {
    expect(axisOf([3, 7], { zero: true }).low).toBe(0);
    expect(axisOf([-3, 7], { zero: true }).low).toBe(-3);
  });

  test("is logarithmic only where the values span enough and are above 0", () => {
    expect(axisOf([1, 100], { logarithmic: true }).logarithmic).toBe(true);
    expect(axisOf([1, 100], { logarithmic: true }).at(10)).toBeCloseTo(0.5);
    expect(axisOf([50, 100], { logarithmic: true }).logarithmic).toBe(false);
    expect(axisOf([0, 100], { logarithmic: true }).logarithmic).toBe(false);
  });

  test("has a width for one value, and for none", () => {
    for (const values of [[], [5], [0], [-2]]) {
      const axis = axisOf(values);
      expect(axis.high).toBeGreaterThan(axis.low);
      expect(Number.isFinite(axis.at(values[0] ?? 0.5))).toBe(true);
    }
  });

  test("ticks of a log axis are round, within it, and few", () => {
    for (const [low, high] of [
      [12, 3000],
      [0.9, 11],
      [2e-7, 4e9],
      [30, 180],
    ] as const) {
      const ticks = logTicks(low, high);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThanOrEqual(6);
      for (const tick of ticks) {
        expect(tick).toBeGreaterThanOrEqual(low);
        expect(tick).toBeLessThanOrEqual(high);
        expect(tick.toExponential()[0]).toMatch(/[1235]/);
      }
    }
  });
});

test("ticks are short and say what they stand for", () => {
  expect([0, 0.25, 40, 1500, 2e6, 3e9, 7.5e-4, 1e-3, -20].map(tickText)).toEqual([
    "0",
    "0.25",
    "40",
    "1.5k",
    "2M",
    "3B",
    "7.5e−4",
    "1e−3",
    "−20",
  ]);
});

test("ticks of one axis are told from each other", () => {
  const texts = (ticks: readonly number[], percent?: boolean) => ticks.map(tickTexts(ticks, percent));
  expect(texts([15.75, 15.8, 15.85])).toEqual(["15.75", "15.8", "15.85"]);
  expect(texts([0.9735, 0.974, 0.9745], true)).toEqual(["97.35%", "97.4%", "97.45%"]);
  expect(texts([0, 0.5, 1], true)).toEqual(["0%", "50%", "100%"]);
  expect(texts([-0.5, 0, 1500])).toEqual(["−0.5", "0", "1.5k"]);
  // No end of digits to be written out.
  expect(texts([1 / 3])[0]!.length).toBeLessThan(16);
});

test("the nearest place in an ascending list", () => {
  const list = [1, 4, 6, 10];
  expect([-5, 2, 3, 5.1, 9, 99, Infinity].map((wanted) => nearestPlace(list, wanted))).toEqual([
    0, 0, 1, 2, 3, 3, 3,
  ]);
  expect(nearestPlace([], 3)).toBe(-1);
});
