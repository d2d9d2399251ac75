/** The list's parameters, and the list of an exported page, which answers them without a server. */

import { describe, expect, test } from "vitest";
import type { UnitRow } from "../../../src/explorer/api.ts";
import {
  activeFilters,
  choiceOf,
  listParameters,
  share,
} from "../../../src/explorer/page/data/list-query.ts";
import { listOfPacked } from "../../../src/explorer/page/data/packed-list.ts";
import { packRows } from "../../../src/explorer/static-data.ts";

describe("what the address says", () => {
  test("nothing: all features by number", () => {
    const choice = choiceOf({});
    expect(choice).toMatchObject({ kind: "feature", q: "", sort: "index", descending: false, filter: "all" });
    expect(activeFilters(choice)).toBe(0);
  });

  test("nonsense is as if it were not there", () => {
    expect(choiceOf({ sort: "price", filter: "x", kind: "cat", "density-from": "much" })).toEqual(
      choiceOf({}),
    );
  });

  test("columns are sorted from the largest, unless it says otherwise", () => {
    expect(choiceOf({ sort: "density" }).descending).toBe(true);
    expect(choiceOf({ sort: "density", order: "up" }).descending).toBe(false);
    expect(choiceOf({ sort: "entropy" }).descending).toBe(false);
  });

  test("shares in either form", () => {
    expect(share("1 %")).toBeCloseTo(0.01);
    expect(share("1e-2")).toBe(0.01);
    expect(share("0,5%")).toBeCloseTo(0.005);
    expect(share("")).toBeNull();
    expect(share("a lot")).toBeNull();
  });
});

const row = (index: number, more: Partial<UnitRow>): UnitRow => ({
  index,
  density: 0.01,
  mean: 1,
  max: 2,
  singleToken: null,
  entropy: 1,
  sparkline: [],
  tokens: [],
  logits: [],
  explanation: null,
  score: null,
  ...more,
});

const rows = packRows([
  row(0, { density: 0, max: 0, entropy: null }),
  row(1, { tokens: [" the", "The"], density: 0.2, score: 0.3 }),
  row(2, { logits: [" the"], max: 9, singleToken: true, entropy: 3 }),
  row(3, { tokens: ["THE"], singleToken: false }),
  row(4, { explanation: "the name of a city", score: 0.9, tokens: ["17"] }),
  row(5, { tokens: [" theory"] }),
  row(17, {}),
]);

const ask = (query: Record<string, string>) => {
  const list = listOfPacked(rows, new URLSearchParams(listParameters(choiceOf(query), 0)));
  return { total: list.total, found: list.rows.map(({ index }) => index) };
};

describe("an exported list", () => {
  test("is whole and in order without a search", () => {
    expect(ask({})).toEqual({ total: 7, found: [0, 1, 2, 3, 4, 5, 17] });
  });

  test("puts what fires on a token before what raises it, other cases, explanations, beginnings", () => {
    expect(ask({ q: "the" }).found).toEqual([1, 2, 3, 4, 5]);
    expect(ask({ q: "the", sort: "max" }).found).toEqual([1, 2, 3, 4, 5]);
  });

  test("puts what the token stands for before what fires on it too", () => {
    const tokens = [
      ["a", "b", "c", "the"],
      ["a", "the"],
    ];
    const two = packRows(tokens.map((tokens, index) => row(index, { tokens })));
    const found = listOfPacked(two, new URLSearchParams({ q: "the" })).rows.map(({ index }) => index);
    expect(found).toEqual([1, 0]);
  });

  test("finds numbers first, then tokens that are digits", () => {
    expect(ask({ q: "17" }).found).toEqual([17, 4]);
    expect(ask({ q: "#17" }).found).toEqual([17]);
  });

  test("finds all words of an explanation, the last one unfinished", () => {
    expect(ask({ q: "city na" }).found).toEqual([4]);
    expect(ask({ q: "na city" }).found).toEqual([]);
  });

  test("sorts what has no value to the end, either way", () => {
    expect(ask({ sort: "score" }).found.slice(0, 2)).toEqual([4, 1]);
    expect(ask({ sort: "score", order: "up" }).found.slice(0, 2)).toEqual([1, 4]);
    expect(ask({ sort: "entropy" }).found.at(-1)).toBe(0);
  });

  test("filters", () => {
    expect(ask({ filter: "dead" }).found).toEqual([0]);
    expect(ask({ filter: "alive" }).total).toBe(6);
    expect(ask({ filter: "single" }).found).toEqual([2]);
    expect(ask({ filter: "other" }).found).toEqual([3]);
    expect(ask({ "density-from": "10 %" }).found).toEqual([1]);
    expect(ask({ "density-to": "0" }).found).toEqual([0]);
    expect(ask({ "max-from": "5" }).found).toEqual([2]);
    expect(ask({ "score-from": "0.5" }).found).toEqual([4]);
  });

  test("is given in parts", () => {
    const list = listOfPacked(rows, new URLSearchParams({ offset: "5", limit: "5" }));
    expect(list.total).toBe(7);
    expect(list.rows.map(({ index }) => index)).toEqual([5, 17]);
  });
});
