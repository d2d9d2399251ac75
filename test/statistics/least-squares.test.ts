/** Least squares beside statsmodels, and with columns that say the same. */

import { describe, expect, test } from "vitest";
import { leastSquares } from "../../src/statistics/least-squares.ts";
import { symmetricEigen } from "../../src/statistics/linear-algebra.ts";
import fixture from "../fixtures/statistics/least-squares.json" with { type: "json" };
import { expectClose } from "./close.ts";

const ones = { name: "1", values: fixture.y.map(() => 1) };
const a = { name: "a", values: fixture.a };
const b = { name: "b", values: fixture.b };

describe("beside statsmodels", () => {
  const fit = leastSquares([ones, a, b], fixture.y);

  test("coefficients, errors, intervals", () => {
    expectClose(
      fit.coefficients.map(({ value }) => value),
      fixture.values,
    );
    expectClose(
      fit.coefficients.map(({ standardError }) => standardError),
      fixture.errors,
    );
    expectClose(
      fit.coefficients.map(({ p }) => p),
      fixture.p,
    );
    expectClose(
      fit.coefficients.map(({ interval }) => interval),
      fixture.intervals,
    );
  });

  test("covariance, leverages, R²", () => {
    expectClose(fit.covariance, fixture.covariance);
    expectClose(fit.leverages, fixture.leverages);
    expectClose(fit.rSquared, fixture.r_squared);
    expectClose(fit.residualVariance, fixture.variance);
    expectClose(
      fit.fitted.map((value, i) => value + fit.residuals[i]!),
      fixture.y,
    );
  });

  test("a combination is judged with its covariances", () => {
    const sum = fit.combination([0, 1, 1])!;
    const [, [, va, vab], [, , vb]] = fixture.covariance as [number[], number[], number[]];
    expectClose(sum.value, fixture.values[1]! + fixture.values[2]!);
    expectClose(sum.standardError, Math.sqrt(va! + vb! + 2 * vab!));
  });
});

describe("columns that say the same", () => {
  const sum = { name: "sum", values: fixture.a.map((value, i) => 2 * value - fixture.b[i]! + 5) };
  const fit = leastSquares([ones, a, b, sum], fixture.y);

  test("are named, and the others unchanged", () => {
    expect(fit.aliased).toEqual(["sum"]);
    expect(fit.rank).toBe(3);
    expectClose(
      fit.coefficients.map(({ value }) => value),
      fixture.values,
    );
  });

  test("leave open what depends on the choice, and only that", () => {
    expect(fit.combination([0, 1, 0, 0])).toBeNull();
    expect(fit.combination([0, 0, 0, 1])).toBeNull();
    expectClose(fit.combination([0, 1, 0, 2])!.value, fixture.values[1]!);
    expectClose(fit.combination([1, 0, 1, 4])!.value, fixture.values[0]! + fixture.values[2]!);
  });
});

test("no degrees of freedom: values without intervals", () => {
  const fit = leastSquares(
    [ones, a, b].map(({ name, values }) => ({ name, values: values.slice(0, 3) })),
    [1, 2, 4],
  );
  expect(fit.degreesOfFreedom).toBe(0);
  expect(fit.residualVariance).toBeNull();
  expect(fit.coefficients.map(({ interval, p }) => [interval, p])).toEqual([
    [null, null],
    [null, null],
    [null, null],
  ]);
});

test("eigenvectors rebuild the matrix, also with an eigenvalue of 0", () => {
  const rows = [
    [2, -1, -1],
    [-1, 2, -1],
    [-1, -1, 2],
  ];
  const { values, vectors } = symmetricEigen(rows.map((row) => Float64Array.from(row)));
  expectClose([...values].sort((x, y) => x - y).slice(1), [3, 3]);
  rows.forEach((row, i) =>
    row.forEach((entry, j) => {
      const rebuilt = values.reduce((sum, value, k) => sum + value * vectors[k]![i]! * vectors[k]![j]!, 0);
      expect(rebuilt).toBeCloseTo(entry, 12);
    }),
  );
});
