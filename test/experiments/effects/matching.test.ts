/** Units of two results paired by density and single-tokenness, and their differences. */

import { describe, expect, test } from "vitest";
import { compareMatched, matchUnits } from "../../../src/experiments/effects/matching.ts";
import { MEASURE_NAMES } from "../../../src/experiments/effects/measures.ts";
import { effectsOptions } from "../../../src/experiments/effects/options.ts";
import type { EffectsResult } from "../../../src/experiments/effects/result.ts";
import { Random } from "../../../src/random.ts";

const units = (list: readonly (readonly [density: number, singleToken: boolean | null])[]) => ({
  density: list.map(([density]) => density),
  singleToken: list.map(([, single]) => single),
});

describe("matched units", () => {
  test("are alike: same kind, nearest density first, less than a factor of two apart, each once", () => {
    const a = units([
      [0.01, true],
      [0.011, true],
      [0.1, false],
      [0.001, false],
      [0.5, null],
    ]);
    const b = units([
      [0.0109, true],
      [0.0195, true],
      [0.1, true],
      [0.09, false],
      [0.0021, false],
      [0.4, null],
    ]);
    const { pairs, unmatched } = matchUnits(a, b);
    // 0.01 is nearer to 0.0109 than to 0.0195, but that is nearer to 0.011.
    expect(pairs).toEqual([
      { a: 0, b: 1, singleToken: true },
      { a: 1, b: 0, singleToken: true },
      { a: 2, b: 3, singleToken: false },
      { a: 4, b: 5, singleToken: null },
    ]);
    expect(unmatched).toEqual({ a: 1, b: 2 });
  });

  test("balance densities that differ", () => {
    const random = Random.of(1, "densities");
    const draw = (centre: number) =>
      units(Array.from({ length: 200 }, () => [Math.exp(centre + random.normal()), random.uniform() < 0.5]));
    const [a, b] = [draw(-5), draw(-4)];
    const { pairs } = matchUnits(a, b);
    expect(pairs.length).toBeGreaterThan(80);
    const mean = (of: typeof a, side: "a" | "b") =>
      pairs.reduce((sum, pair) => sum + Math.log(of.density[pair[side]]!), 0) / pairs.length;
    expect(Math.abs(mean(a, "a") - mean(b, "b"))).toBeLessThan(0.15);
  });
});

test("differences are over pairs in which both have a value", () => {
  const resultOf = (values: (number | null)[], density: number[]): EffectsResult => ({
    format: 1,
    version: "0.0.0",
    sae: "x",
    weights: "",
    hook: "blocks.0.mlp.hook_post",
    model: { name: "m", weights_sha256: "", shuffled: null },
    local: true,
    path: "exact",
    options: effectsOptions.parse({}),
    tokens: { heldout: 1, train: 0 },
    subjects: [
      {
        subject: "features",
        count: 3,
        eligible: 3,
        hook: "blocks.0.mlp.hook_post",
        units: [0, 1, 2],
        density,
        max: [1, 1, 1],
        singleToken: [false, false, true],
        values: Object.fromEntries(
          MEASURE_NAMES.map((measure) => [measure, values]),
        ) as EffectsResult["subjects"][number]["values"],
      },
    ],
    summary: [],
    seconds: 0,
  });
  const a = resultOf([1, 5, 3], [0.1, 0.01, 0.1]);
  const b = resultOf([3, 0.5, null], [0.011, 0.11, 0.1]);
  const { differences, pairs } = compareMatched(a, b)!;
  expect(pairs).toHaveLength(3);
  const row = (split: string) =>
    differences.find((one) => one.measure === "agreement_effect" && one.split === split)!;
  expect(row("all")).toMatchObject({ pairs: 2, a: 3, b: 1.75, difference: 1.25 });
  expect(row("all").interval).toEqual([0.5, 2]);
  expect(row("other")).toMatchObject({ pairs: 2 });
  expect(row("single-token")).toMatchObject({ pairs: 0, difference: null, interval: null });
  expect(compareMatched(a, b, "neurons")).toBeNull();
});
