/** Scaling laws beside scipy's curve_fit, with intervals that hold and doubts where they ought to be. */

import { describe, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import { fitScalingLaw } from "../../src/statistics/scaling-law.ts";
import fixture from "../fixtures/statistics/scaling.json" with { type: "json" };
import { coverage, expectClose } from "./close.ts";

const sizes = [1e6, 2e6, 4e6, 8e6, 16e6, 32e6].flatMap((n) => [n, n]);
const tokens = (values: number[]) => ({ name: "tokens", values });
const noisy = (of: (n: number) => number, trial: number, noise: number) => {
  const random = Random.of(trial, "scaling");
  return sizes.map((n) => of(n) + noise * random.normal());
};

describe("beside curve_fit", () => {
  test("one variable", () => {
    const { n, y, floor, scale, exponent } = fixture.one;
    const law = fitScalingLaw([tokens(n)], y, { seed: 1, replicates: 100 })!;
    expectClose(law.floor.value, floor, 1e-6);
    expectClose(law.terms[0]!.scale.value, scale, 1e-5);
    expectClose(law.terms[0]!.exponent.value, exponent, 1e-6);
    expect(law.identifiable).toBe(true);
    expectClose(law.predict([5e7]).value, floor + scale * 5e7 ** -exponent, 1e-6);
  });

  test("two variables", () => {
    const { width, tokens: d, y, floor, scales, exponents } = fixture.two;
    const law = fitScalingLaw([{ name: "width", values: width }, tokens(d)], y, {
      seed: 1,
      replicates: 100,
    })!;
    expectClose(law.floor.value, floor, 1e-5);
    expectClose(
      law.terms.map(({ exponent }) => exponent.value),
      exponents,
      1e-5,
    );
    expectClose(
      law.terms.map(({ scale }) => scale.value),
      scales,
      1e-4,
    );
    expect(law.doubts).toEqual([]);
  });
});

describe("doubts", () => {
  const doubtsOf = (y: number[], n = sizes) =>
    fitScalingLaw([tokens(n)], y, { seed: 1, replicates: 200 })!.doubts.join("; ");

  test("none about a law", () => {
    expect(doubtsOf(noisy((n) => 2 + 300 * n ** -0.4, 1, 0.005))).toBe("");
  });

  test("a logarithm has no floor", () => {
    expect(doubtsOf(noisy((n) => 5 - 0.2 * Math.log(n), 1, 0.01))).toMatch(/as a logarithm/);
  });

  test("all change at the smallest size", () => {
    expect(doubtsOf(noisy((n) => (n < 1.5e6 ? 3 : 2), 1, 0.01))).toMatch(/at its smallest value/);
  });

  test("nothing but noise", () => {
    expect(doubtsOf(noisy(() => 2, 3, 0.1))).toMatch(/no change with tokens/);
  });

  test("three sizes, and as many unknowns as runs", () => {
    expect(doubtsOf([3, 2.5, 2.3], [1e6, 2e6, 4e6])).toMatch(/nothing is left.*; tokens has three values/);
    expect(fitScalingLaw([tokens([1e6, 2e6])], [1, 2], { seed: 1 })).toBeNull();
    expect(fitScalingLaw([tokens([1, 1, 2, 2])], [1, 1, 2, 2], { seed: 1 })).toBeNull();
  });
});

test("a rising outcome has a negative scale", () => {
  const law = fitScalingLaw(
    [tokens(sizes)],
    noisy((n) => 0.9 - 300 * n ** -0.5, 1, 0.001),
    { seed: 1, replicates: 100 },
  )!;
  expect(law.terms[0]!.scale.interval![1]).toBeLessThan(0);
  expect(law.terms[0]!.change.value).toBeGreaterThan(0);
  expectClose(law.floor.value, 0.9, 0.01);
});

describe("intervals hold the truth", () => {
  test("of floor, exponent and curve", () => {
    const laws = Array.from({ length: 60 }, (_, trial) => {
      const y = noisy((n) => 2 + 300 * n ** -0.4, trial, 0.01);
      return fitScalingLaw([tokens(sizes)], y, { seed: trial, replicates: 100 })!;
    });
    for (const share of [
      coverage(60, 2, (trial) => laws[trial]!.floor.interval),
      coverage(60, 0.4, (trial) => laws[trial]!.terms[0]!.exponent.interval),
      coverage(60, 2 + 300 * 4e6 ** -0.4, (trial) => laws[trial]!.predict([4e6]).interval),
    ]) {
      expect(share).toBeGreaterThan(0.87);
    }
  });

  test("when runs of a group share their error", () => {
    const groups = sizes.map((_, i) => Math.floor(i / 2));
    const share = (isGrouped: boolean) =>
      coverage(60, 2, (trial) => {
        const random = Random.of(trial, "grouped");
        const errors = groups.map(() => 0.01 * random.normal());
        const y = sizes.map((n, i) => 2 + 300 * n ** -0.4 + errors[groups[i]!]!);
        return fitScalingLaw([tokens(sizes)], y, {
          seed: trial,
          replicates: 100,
          ...(isGrouped && { groups }),
        })!.floor.interval;
      });
    const [grouped, single] = [share(true), share(false)];
    expect(grouped).toBeGreaterThan(0.85);
    expect(grouped).toBeGreaterThan(single + 0.05);
  });
});
