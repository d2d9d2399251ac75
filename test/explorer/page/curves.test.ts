/** Training curves as they arrive. */

import { describe, expect, test } from "vitest";
import type { Curves } from "../../../src/explorer/api.ts";
import { knownUpTo, lineOf, mergeCurves } from "../../../src/explorer/page/run/curves.ts";

const curves = (status: Curves["status"], saes: Record<string, number[]>): Curves => ({
  status,
  saes: Object.fromEntries(
    Object.entries(saes).map(([name, steps]) => [
      name,
      { step: steps, tokens: steps.map((step) => step * 10), loss: steps.map((step) => 100 - step) },
    ]),
  ),
});

describe("curves of a run that trains", () => {
  test("grow by what is new, whatever is sent twice", () => {
    const before = curves("running", { a: [1, 2, 3], b: [1, 2] });
    expect(knownUpTo(before)).toBe(2);
    const after = mergeCurves(before, curves("complete", { a: [3, 4], b: [3, 4], c: [4] }));
    expect(after.status).toBe("complete");
    expect(after.saes["a"]!["step"]).toEqual([1, 2, 3, 4]);
    expect(after.saes["a"]!["loss"]).toEqual([99, 98, 97, 96]);
    expect(after.saes["b"]!["step"]).toEqual([1, 2, 3, 4]);
    expect(after.saes["c"]!["step"]).toEqual([4]);
  });

  test("stay when nothing is new", () => {
    const before = curves("running", { a: [1, 2] });
    expect(mergeCurves(before, { status: "running", saes: {} }).saes).toEqual(before.saes);
    expect(mergeCurves(before, curves("running", { a: [] })).saes["a"]!["step"]).toEqual([1, 2]);
  });

  test("begin at nothing", () => {
    expect(knownUpTo({ status: "running", saes: {} })).toBe(-1);
    expect(knownUpTo(curves("running", { a: [5], b: [] }))).toBe(-1);
  });
});

describe("a line", () => {
  const columns = { tokens: [10, 20, 30, 40], loss: [4, null, 0, 2] };

  test("leaves out gaps, and what a log scale cannot hold", () => {
    expect(lineOf(columns, "loss", 100)).toEqual({ xs: [10, 30, 40], ys: [4, 0, 2] });
    expect(lineOf(columns, "loss", 100, true)).toEqual({ xs: [10, 40], ys: [4, 2] });
    expect(lineOf(columns, "l0", 100)).toEqual({ xs: [], ys: [] });
  });

  test("of too many points is averaged, and ends where it ended", () => {
    const tokens = Array.from({ length: 1000 }, (_, at) => at);
    const thin = lineOf({ tokens, loss: tokens.map((at) => at % 2) }, "loss", 100);
    expect(thin.xs).toHaveLength(100);
    expect(thin.xs.at(-1)).toBe(999);
    for (const value of thin.ys) expect(value).toBeCloseTo(0.5);
  });
});
