/** Tails and quantiles beside scipy's. */

import { describe, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import { logGamma, quantileT, twoSidedT, upperF } from "../../src/statistics/distributions.ts";
import { drawChiSquare } from "../../src/statistics/draws.ts";
import fixture from "../fixtures/statistics/distributions.json" with { type: "json" };
import { expectClose } from "./close.ts";

type Three = [number, number, number];

describe("beside scipy", () => {
  test.each(fixture.t as Three[])("t %d with %d", (x, df, p) => expectClose(twoSidedT(x, df), p, 1e-11));
  test.each(fixture.f as [number, number, number, number][])("F %d with %d and %d", (x, a, b, p) =>
    expectClose(upperF(x, a, b), p, 1e-11),
  );
  test.each(fixture["t quantiles"] as Three[])("t quantile %d with %d", (q, df, t) =>
    expectClose(quantileT(q, df), t, 1e-11),
  );
});

test("log Γ of whole numbers and of a half", () => {
  expectClose(logGamma(11), Math.log(3628800), 1e-14);
  expectClose(logGamma(0.5), Math.log(Math.PI) / 2, 1e-14);
  expectClose(logGamma(0.25) + logGamma(0.75), Math.log(Math.PI * Math.SQRT2), 1e-14);
});

test.each(fixture["chi2 quantiles"] as Three[])(
  "draws of χ²: the share %d with %d lies below %d",
  (q, df, x) => {
    const random = Random.of(3, "chi");
    const drawn = Array.from({ length: 40_000 }, () => drawChiSquare(random, df));
    expect(Math.abs(drawn.filter((value) => value <= x).length / drawn.length - q)).toBeLessThan(0.009);
  },
);
