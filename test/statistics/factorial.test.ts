/** Effects of factors beside statsmodels' analysis of variance, on a grid with holes. */

import { describe, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import { factorialAnalysis } from "../../src/statistics/factorial.ts";
import fixture from "../fixtures/statistics/factorial.json" with { type: "json" };
import { coverage, expectClose } from "./close.ts";

const analyses = {
  main: factorialAnalysis(fixture.table, fixture.y),
  interaction: factorialAnalysis(fixture.table, fixture.y, [["width", "kind"]]),
};

describe.each(["main", "interaction"] as const)("beside statsmodels: %s", (name) => {
  const [found, expected] = [analyses[name], fixture[name]];

  test("type II sums of squares, F, η², ω²", () => {
    const terms = [...found.factors, ...found.interactions];
    expectClose(
      terms.map((term) => [
        term.degreesOfFreedom,
        term.sumOfSquares,
        term.f,
        term.p,
        term.etaSquared,
        term.omegaSquared,
      ]),
      expected.terms.map(({ df, ss, f, p, eta, omega }) => [df, ss, f, p, eta, omega]),
    );
    expectClose(found.rSquared, expected.r_squared);
    expectClose(found.rest.variance, expected.rest);
    expect(found.rest.degreesOfFreedom).toBe(expected.rest_df);
  });

  test.each(["width", "kind", "lam"] as const)("marginal means and differences of %s", (factor) => {
    const { levels } = found.factors.find((effect) => effect.name === factor)!;
    const wanted = expected.levels[factor];
    expectClose(
      levels.map(({ marginal }) => [marginal!.value, ...marginal!.interval!]),
      wanted.marginal.map(({ value, interval }) => [value, ...interval]),
    );
    expect(levels[0]!.difference).toBeNull();
    expectClose(
      levels.slice(1).map(({ difference }) => [difference!.value, difference!.p, ...difference!.interval!]),
      wanted.difference.map(({ value, p, interval }) => [value, p, ...interval]),
    );
  });
});

test("cells of an interaction", () => {
  const { cells } = analyses.interaction.interactions[0]!;
  expectClose(
    cells.map(({ marginal }) => [marginal!.value, ...marginal!.interval!]),
    fixture.interaction.cells.map(({ value, interval }) => [value, ...interval]),
  );
  expect(cells[1]!.levels).toEqual([1, "relu"]);
});

test("slope per doubling and its lack of fit", () => {
  const { slope } = analyses.main.factors.find(({ name }) => name === "width")!;
  expectClose(slope!.perDoubling.value, fixture.slope.value);
  expectClose(slope!.perDoubling.interval, fixture.slope.interval);
  expectClose([slope!.lackOfFit!.f, slope!.lackOfFit!.p], fixture.slope.lack);
  expect(analyses.main.factors.find(({ name }) => name === "kind")!.slope).toBeNull();
});

describe("what the grid leaves open", () => {
  const width = [1, 1, 2, 2, 4, 4, 1, 2];
  const kind = ["a", "b", "a", "b", "a", "a", "b", "a"];
  const y = [1, 2, 2, 3.1, 3, 3.2, 2.1, 1.9];

  test("an empty cell: what averages over it is null, the rest stands", () => {
    const { aliased, factors, interactions } = factorialAnalysis({ width, kind }, y, [["width", "kind"]]);
    expect(aliased).toHaveLength(1);
    const widths = factors[0]!.levels;
    expect(widths.map(({ marginal }) => marginal === null)).toEqual([false, false, true]);
    expect(widths[1]!.difference).not.toBeNull();
    const cells = interactions[0]!.cells;
    expect(cells.map(({ trials, marginal }) => [trials, marginal === null])).toEqual([
      [1, false],
      [2, false],
      [2, false],
      [1, false],
      [2, false],
      [0, true],
    ]);
  });

  test("two factors that always go together", () => {
    const twin = width.map((value) => `w${value}`);
    const { aliased, factors } = factorialAnalysis({ width, twin }, y);
    expect(aliased).toEqual(["twin = w1", "twin = w2"]);
    expect(factors.map(({ degreesOfFreedom, f, p }) => [degreesOfFreedom, f, p])).toEqual([
      [0, null, null],
      [0, null, null],
    ]);
  });

  test("nothing left over: effects without intervals", () => {
    const { factors, rest } = factorialAnalysis({ width: [1, 2] }, [3, 5]);
    expect(rest).toEqual({ degreesOfFreedom: 0, variance: null });
    expect(factors[0]!.levels[1]!.difference).toEqual({
      value: expect.closeTo(2, 12),
      interval: null,
      standardError: null,
      p: null,
    });
  });

  test("trials without a value are left out, and factors with one level", () => {
    const whole = factorialAnalysis({ width, kind }, y);
    const some = factorialAnalysis(
      { width: [...width, 8, 8], kind: [...kind, "a", "c"], data: [...width, 1, 1].map(() => "text") },
      [...y, null, Number.NaN],
    );
    expect(some).toEqual(whole);
    expect(
      factorialAnalysis(
        { width },
        y.map(() => null),
      ).factors,
    ).toEqual([]);
  });

  test("an option that is not given is the first level, and no number", () => {
    const { factors } = factorialAnalysis({ lambda: [null, 1, 2, null, 1, 2] }, [1, 2, 3, 1.1, 2.1, 3.1]);
    expect(factors[0]!.levels.map(({ level }) => level)).toEqual([null, 1, 2]);
    expect(factors[0]!.slope).toBeNull();
  });
});

test("intervals of differences and slopes hold the truth 95 times in 100", () => {
  const width = [1, 2, 4, 8].flatMap((level) => [level, level, level]).slice(1);
  const seed = width.map((_, i) => i % 3);
  const at = (trial: number) => {
    const random = Random.of(trial, "factorial coverage");
    const y = width.map((value) => 0.5 * Math.log2(value) + random.normal());
    return factorialAnalysis({ width, seed }, y).factors[0]!;
  };
  const differences = coverage(200, 1, (trial) => at(trial).levels[2]!.difference!.interval);
  const slopes = coverage(200, 0.5, (trial) => at(trial).slope!.perDoubling.interval);
  for (const share of [differences, slopes]) {
    expect(share).toBeGreaterThan(0.91);
    expect(share).toBeLessThan(0.985);
  }
});
