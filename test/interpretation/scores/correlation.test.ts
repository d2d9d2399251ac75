/** Correlations beside scipy's and numpy's. */

import { describe, expect, test } from "vitest";
import { absoluteDeviationExplained, rSquared } from "../../../src/interpretation/scores/explained.ts";
import { midranks, pearson, spearman } from "../../../src/statistics/correlation.ts";
import fixtures from "../../fixtures/interpretation/scores.json" with { type: "json" };
import { expectClose } from "./close.ts";

describe.each(Object.entries(fixtures.correlations))("%s", (_, { x, y, ...expected }) => {
  test("as scipy and numpy have it", () => {
    expectClose(pearson(x, y).value, expected.pearson);
    expectClose(spearman(x, y).value, expected.spearman);
    expectClose(rSquared(x, y), expected.r_squared);
    expectClose(absoluteDeviationExplained(x, y), expected.absolute_deviation_explained);
    expect([...midranks(x)]).toEqual(expected.ranks);
  });

  test("with weights of 1 weighted correlations are the ordinary ones", () => {
    const ones = x.map(() => 1);
    expectClose(pearson(x, y, ones).value, expected.pearson);
    expectClose(spearman(x, y, ones).value, expected.spearman);
  });
});

test.each(fixtures.weighted)(
  "weighted, as with repeated pairs and as defined (%#)",
  ({ x, y, weights, ...expected }) => {
    expectClose(pearson(x, y, weights).value, expected.pearson);
    expectClose(spearman(x, y, weights).value, expected.spearman);
    const tenfold = weights.map((weight) => 10 * weight);
    expectClose(spearman(x, y, tenfold).value, expected.spearman);
  },
);

describe("worked by hand", () => {
  test("equal values share their ranks", () => {
    expect([...midranks([5, 1, 5, -2, 5])]).toEqual([4, 2, 4, 1, 4]);
    expect([...midranks([0, -0, 1])]).toEqual([1.5, 1.5, 3]);
    // 2 weighs 3 in two parts, and stands behind the 1 that weighs ½.
    expect([...midranks([2, 1, 2], [1, 0.5, 2])]).toEqual([2, 0.25, 2]);
  });

  test("weighted: pairs (0,0), (1,1) of weight 1 and (0,1) of weight 2", () => {
    // x̄ = ¼, ȳ = ¾, cov = ¼ − 3/16 = 1/16, both variances 3/16.
    expectClose(pearson([0, 1, 0], [0, 1, 1], [1, 1, 2]).value, 1 / 3);
    expectClose(spearman([0, 7, 0], [-1, 5, 5], [1, 1, 2]).value, 1 / 3);
  });

  test("a constant side is worth 0, and says so", () => {
    const none = { value: 0, degenerate: true };
    expect(pearson([0.1, 0.1, 0.1], [1, 2, 3])).toEqual(none);
    expect(pearson([1, 2, 3], [1e9, 1e9, 1e9])).toEqual(none);
    expect(spearman([4, 4, 4], [1, 2, 3])).toEqual(none);
    expect(pearson([], [])).toEqual(none);
    expect(pearson([1], [1])).toEqual(none);
    expect(pearson([1, 1, 5], [1, 2, 3], [1, 1, 0])).toEqual(none);
    expect(pearson([1, 2], [3, 5])).toEqual({ value: 1, degenerate: false });
  });

  test("prediction of 0 explains nothing, and nothing is explained of 0", () => {
    expect([rSquared([0, 0], [1, 2]), absoluteDeviationExplained([0, 0], [1, 2])]).toEqual([0, 0]);
    expect([rSquared([1, 2], [0, 0]), absoluteDeviationExplained([1, 2], [0, 0])]).toEqual([null, null]);
  });
});
