/** Mixed models beside statsmodels, lme4 and whole covariance matrices; variance components beside exact intervals. */

import { describe, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import { leastSquares } from "../../src/statistics/least-squares.ts";
import { mixedModel } from "../../src/statistics/mixed-model.ts";
import { varianceComponents, varianceOfInterval } from "../../src/statistics/variance-components.ts";
import fixture from "../fixtures/statistics/mixed-model.json" with { type: "json" };
import { coverage, expectClose } from "./close.ts";

const ones = (count: number) => ({ name: "1", values: new Float64Array(count).fill(1) });

describe("unbalanced groups, a factor within them and one between", () => {
  const model = mixedModel(
    [
      ones(fixture.y.length),
      { name: "within", values: fixture.within },
      { name: "between", values: fixture.between },
    ],
    fixture.y,
    fixture.groups,
    { seed: 1 },
  );

  test("variances and effects beside statsmodels", () => {
    expectClose(model.variance!.between.value, fixture.statsmodels.between, 1e-6);
    expectClose(model.variance!.within.value, fixture.statsmodels.within, 1e-6);
    expectClose(
      model.fixed.map(({ value }) => value),
      fixture.values,
      1e-6,
    );
  });

  test("standard errors and Satterthwaite's degrees of freedom beside whole matrices", () => {
    expectClose(model.variance!.between.value, fixture.variances.between, 1e-6);
    expectClose(
      model.fixed.map(({ standardError }) => standardError),
      fixture.errors,
      1e-6,
    );
    // The fixture's are differentiated numerically.
    expectClose(
      model.fixed.map(({ degreesOfFreedom }) => degreesOfFreedom),
      fixture.degrees,
      1e-3,
    );
  });
});

test("Dyestuff, as lme4 has it", () => {
  const y = [
    1545, 1440, 1440, 1520, 1580, 1540, 1555, 1490, 1560, 1495, 1595, 1550, 1605, 1510, 1560, 1445, 1440,
    1595, 1465, 1545, 1595, 1630, 1515, 1635, 1625, 1520, 1455, 1450, 1480, 1445,
  ];
  const batches = y.map((_, i) => "ABCDEF"[Math.floor(i / 5)]!);
  const { fixed, variance } = mixedModel([ones(30)], y, batches, { seed: 1 });
  expect(variance!.between.value).toBeCloseTo(1764.05, 2);
  expect(variance!.within.value).toBeCloseTo(2451.25, 2);
  expect(fixed[0]!.value).toBeCloseTo(1527.5, 6);
  expect(fixed[0]!.standardError).toBeCloseTo(19.38, 2);
  expect(fixed[0]!.degreesOfFreedom).toBeCloseTo(5, 6);
});

test("balanced groups: analysis of variance and its exact intervals", () => {
  const { balanced } = fixture;
  const groups = balanced.y.map((_, i) => Math.floor(i / 4));
  const { variance } = mixedModel([ones(24)], balanced.y, groups, { seed: 1 });
  expectClose(variance!.between.value, balanced.between);
  expectClose(variance!.within.value, balanced.within);
  // Ends are quantiles of 4000 draws.
  variance!.share.interval!.forEach((end, i) =>
    expect(Math.abs(end - balanced.share[i]!)).toBeLessThan(0.02),
  );
  expectClose(variance!.within.interval, balanced.within_interval, 0.03);
});

describe("nothing to tell the variances by", () => {
  const x = { name: "x", values: [1, 2, 3, 4, 5] };
  const y = [1, 3, 2, 5, 4];
  const plain = leastSquares([ones(5), x], y).coefficients.map(({ value, p }) => [value, p]);

  test("groups of one: plain least squares", () => {
    const { fixed, variance } = mixedModel([ones(5), x], y, [1, 2, 3, 4, 5], { seed: 1 });
    expect(variance).toBeNull();
    expectClose(
      fixed.map(({ value, p }) => [value, p]),
      plain,
    );
  });

  test("groups that differ less than chance: a variance of 0, and plain least squares", () => {
    const { fixed, variance } = mixedModel([ones(5), x], y, ["a", "a", "b", "b", "a"], { seed: 1 });
    expect(variance!.between.value).toBe(0);
    expect(variance!.between.interval![0]).toBe(0);
    expect(variance!.between.interval![1]).toBeGreaterThan(0);
    expectClose(
      fixed.map(({ value, p }) => [value, p]),
      plain,
    );
  });

  test("one group, and nothing left over", () => {
    expect(mixedModel([ones(5)], y, ["a", "a", "a", "a", "a"], { seed: 1 }).variance).toBeNull();
    expect(
      mixedModel([ones(2), { name: "x", values: [0, 1] }], [1, 2], ["a", "a"], { seed: 1 }).fixed[1],
    ).toMatchObject({
      value: expect.closeTo(1, 12),
      interval: null,
      degreesOfFreedom: null,
    });
  });
});

/** Configurations with three seeds each. */
function study(trial: number, count: number, between: number, seeds: number) {
  const random = Random.of(trial, "components");
  const outcome: number[] = [];
  const configurations: number[] = [];
  for (let c = 0; c < count; c++) {
    const shift = between * random.normal();
    for (let s = 0; s < 3; s++) {
      outcome.push(shift + seeds * random.normal());
      configurations.push(c);
    }
  }
  return { outcome, configurations };
}

describe("variance components", () => {
  test("what tokens account for is taken from the seeds, but for what moves all alike", () => {
    const { outcome, configurations } = study(2, 12, 2, 1);
    const parts = (correlation: number) =>
      varianceComponents(outcome, configurations, {
        seed: 1,
        tokens: { variances: outcome.map(() => 0.25), correlation },
      }).components!;
    const plain = varianceComponents(outcome, configurations, { seed: 1 }).components!;
    expect(plain.tokens).toBeNull();
    expectClose(parts(0).seeds.variance.value, plain.seeds.variance.value - 0.25);
    expectClose(parts(1).seeds.variance.value, plain.seeds.variance.value);
    expectClose(parts(0.6).seeds.variance.value, plain.seeds.variance.value - 0.1);
    const { configurations: settings, seeds, tokens } = parts(0.5);
    expectClose(tokens!.variance.value, 0.25);
    expectClose(settings.share.value + seeds.share.value + tokens!.share.value, 1);
  });

  test("null without repeats or without values", () => {
    expect(varianceComponents([1, 2, 3], ["a", "b", "c"], { seed: 1 }).components).toBeNull();
    expect(varianceComponents([null, 1], ["a", "a"], { seed: 1 })).toEqual({
      trials: 1,
      configurations: 1,
      components: null,
    });
    expect(varianceOfInterval([1, 1 + 2 * 1.959963984540054])).toBeCloseTo(1, 12);
  });

  test("intervals hold the truth with eight configurations and three seeds", () => {
    const at = (trial: number) => {
      const { outcome, configurations } = study(trial, 8, 1, 1);
      return varianceComponents(outcome, configurations, { seed: trial }).components!;
    };
    const found = Array.from({ length: 100 }, (_, trial) => at(trial));
    for (const share of [
      coverage(100, 1, (trial) => found[trial]!.configurations.variance.interval),
      coverage(100, 1, (trial) => found[trial]!.seeds.variance.interval),
      coverage(100, 0.5, (trial) => found[trial]!.seeds.share.interval),
    ]) {
      expect(share).toBeGreaterThan(0.89);
    }
  });
});

test("effects between configurations have intervals that hold the truth; taking seeds for news has not", () => {
  const x = Array.from({ length: 24 }, (_, i) => Math.floor(i / 3) % 4);
  const columns = [ones(24), { name: "x", values: x }];
  const share = (isMixed: boolean) =>
    coverage(100, 0.5, (trial) => {
      const { outcome, configurations } = study(trial, 8, 1, 0.5);
      const y = outcome.map((value, i) => value + 0.5 * x[i]!);
      const fit = isMixed
        ? mixedModel(columns, y, configurations, { seed: 1 }).fixed
        : leastSquares(columns, y).coefficients;
      return fit[1]!.interval;
    });
  expect(share(true)).toBeGreaterThan(0.89);
  expect(share(false)).toBeLessThan(0.85);
});
