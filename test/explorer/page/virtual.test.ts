/** Which rows of a long list are in view. */

import { describe, expect, test } from "vitest";
import { chunksFor, rowAfter, rowsSeen, scrollFor } from "../../../src/explorer/page/list/virtual.ts";

describe("rows in view", () => {
  test("at the beginning, in the middle, at the end", () => {
    expect(rowsSeen(0, 460, 46, 98_304, 5)).toEqual({ first: 0, end: 15 });
    expect(rowsSeen(46_000, 460, 46, 98_304, 5)).toEqual({ first: 995, end: 1015 });
    expect(rowsSeen(98_304 * 46 - 460, 460, 46, 98_304, 5)).toEqual({ first: 98_289, end: 98_304 });
  });

  test("of a list that became shorter than where one is", () => {
    const seen = rowsSeen(46_000, 460, 46, 3, 5);
    expect(seen).toEqual({ first: 3, end: 3 });
    expect(chunksFor(seen, 100)).toEqual([]);
  });

  test("before the length is known", () => {
    expect(rowsSeen(0, 460, 46, Infinity, 5)).toEqual({ first: 0, end: 15 });
  });
});

test("chunks cover the rows and no more", () => {
  expect(chunksFor({ first: 0, end: 15 }, 100)).toEqual([0]);
  expect(chunksFor({ first: 95, end: 115 }, 100)).toEqual([0, 100]);
  expect(chunksFor({ first: 100, end: 200 }, 100)).toEqual([100]);
});

test("scrolling moves no further than needed", () => {
  expect(scrollFor(3, 0, 460, 46)).toBe(0);
  expect(scrollFor(10, 0, 460, 46)).toBe(46);
  expect(scrollFor(2, 460, 460, 46)).toBe(92);
});

test("keys lead within the list", () => {
  expect(rowAfter("ArrowDown", -1, 10, 4)).toBe(0);
  expect(rowAfter("ArrowUp", 0, 10, 4)).toBe(0);
  expect(rowAfter("PageDown", 8, 10, 4)).toBe(9);
  expect(rowAfter("End", 0, 10, 4)).toBe(9);
  expect(rowAfter("x", 0, 10, 4)).toBeUndefined();
});
