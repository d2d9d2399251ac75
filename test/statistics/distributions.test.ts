/** Tails and quantiles beside scipy's. */

import { describe, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import {
  logGamma,
  quantileChiSquare,
  quantileT,
  twoSidedNormal,
  twoSidedT,
  upperChiSquare,
  upperF,
} from "../../src/statistics/distributions.ts";
import { drawChiSquare } from "../../src/statistics/draws.ts";
import { quantile } from "../../src/statistics/quantiles.ts";
import fixture from "../fixtures/statistics/distributions.json" with { type: "json" };
import { expectClose } from "./close.ts";

type Three = [number, number, number];

describe("beside scipy", () => {
  test.each(fixture.t as Three[])("t %d with %d", (x, df, p) => expectClose(twoSidedT(x, df), p, 1e-11));
  test.each(fixture.f as [number, number, number, number][])("F %d with %d and %d", (x, a, b, p) =>
    expectClose(upperF(x, a, b), p, 1e-11),
  );
  test.each(fixture.chi2 as Three[])("χ² %d with %d", (x, df, p) =>
    expectClose(upperChiSquare(x, df), p, 1e-11),
  );
  test.each(fixture.normal as [number, number][])("normal %d", (z, p) =>
    expectClose(twoSidedNormal(z), p, 1e-11),
  );
  test.each(fixture["t quantiles"] as Three[])("t quantile %d with %d", (q, df, t) =>
    expectClose(quantileT(q, df), t, 1e-11),
  );
  test.each(fixture["chi2 quantiles"] as Three[])("χ² quantile %d with %d", (q, df, x) =>
    expectClose(quantileChiSquare(q, df), x, 1e-11),
  );
});

test("log Γ of whole numbers and of a half", () => {
  expectClose(logGamma(11), Math.log(3628800), 1e-14);
  expectClose(logGamma(0.5), Math.log(Math.PI) / 2, 1e-14);
  expectClose(logGamma(0.25) + logGamma(0.75), Math.log(Math.PI * Math.SQRT2), 1e-14);
});

test.each([1, 2, 5, 40])("draws of χ² with %d have its quantiles", (df) => {
  const random = Random.of(3, "chi");
  const drawn = Float64Array.from({ length: 40_000 }, () => drawChiSquare(random, df)).sort();
  for (const q of [0.1, 0.5, 0.9, 0.99]) {
    expect(Math.abs(upperChiSquare(quantile(drawn, q), df) - (1 - q))).toBeLessThan(0.009);
  }
});
