import { describe, expect, test } from "vitest";
import { declaredOptions, type Design, expandDesign } from "../../src/study/design.ts";

const nothing: Design = { base: {}, grids: [], random: null, trials: [], seeds: null };
const settings = (design: Partial<Design>) =>
  expandDesign({ ...nothing, ...design }).map((trial) => trial.settings);

describe("a grid", () => {
  test("is every combination, the last option changing fastest, crossed with seeds", () => {
    expect(
      settings({ base: { tokens: "5M" }, grids: [{ expansion: [2, 4], lambda: [1, "3"] }], seeds: [0, 7] }),
    ).toEqual(
      [2, 4].flatMap((expansion) =>
        [1, "3"].flatMap((lambda) => [0, 7].map((seed) => ({ tokens: "5M", expansion, lambda, seed }))),
      ),
    );
  });

  test("of several is their union, beside random draws and a list", () => {
    const all = settings({
      grids: [{ lambda: [1, 2] }, { objective: ["topk"], k: [8, 16] }],
      random: { trials: 2, seed: 0, space: { lr: { from: 1e-4, to: 1e-2, scale: "log" } } },
      trials: [{}, { dead: "none" }],
    });
    expect(all).toHaveLength(8);
    expect(all.slice(0, 4)).toEqual([
      { lambda: 1 },
      { lambda: 2 },
      { objective: "topk", k: 8 },
      { objective: "topk", k: 16 },
    ]);
    expect(all.slice(6)).toEqual([{}, { dead: "none" }]);
  });

  test("may take an option away that all others have", () => {
    expect(settings({ base: { lambda: 2, lr: 1 }, grids: [{ lambda: [null, 3] }] })).toEqual([
      { lr: 1 },
      { lambda: 3, lr: 1 },
    ]);
  });
});

test("of too many trials the number is said, and none is made", () => {
  const values = Array.from({ length: 1000 }, (_, i) => i);
  expect(() => settings({ grids: [{ a: values, b: values, c: values, d: values }], seeds: [0, 1] })).toThrow(
    /has 2,000,000,000,000 trials, expected at most 100,000/,
  );
  expect(() =>
    settings({ random: { trials: 1e9, seed: 0, space: { lr: { from: 0, to: 1, scale: "linear" } } } }),
  ).toThrow(/1,000,000,000 trials/);
});

test("without any design there is one trial, or one for each seed", () => {
  expect(settings({ base: { lr: 1 } })).toEqual([{ lr: 1 }]);
  expect(settings({ seeds: [3, 4] })).toEqual([{ seed: 3 }, { seed: 4 }]);
});

test("labels say which trial it is and what it differs in", () => {
  const labels = expandDesign({ ...nothing, grids: [{ hook: ["a", "b"] }], seeds: [1] }).map(
    ({ label }) => label,
  );
  expect(labels).toEqual(["trial 1 of the grid (hook a, seed 1)", "trial 2 of the grid (hook b, seed 1)"]);
});

describe("random draws", () => {
  const space = {
    lr: { from: 1e-4, to: 1e-2, scale: "log" },
    k: { from: 4, to: 7, scale: "linear", integer: true },
    objective: ["relu-l1", "gated"],
  } as const;
  const draw = (trials: number, own: object = space, seed = 3) =>
    settings({ random: { trials, seed, space: own as typeof space } });

  test("are the same for the same seed, and others for another", () => {
    expect(draw(20)).toEqual(draw(20));
    expect(draw(20, space, 4)).not.toEqual(draw(20));
  });

  test("lie in the space, uniformly on its scale, with few digits", () => {
    const all = draw(400) as unknown as { lr: number; k: number; objective: string }[];
    const rates = all.map(({ lr }) => lr);
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(1e-4);
    expect(Math.max(...rates)).toBeLessThanOrEqual(1e-2);
    expect(rates.filter((lr) => lr < 1e-3).length / 400).toBeCloseTo(0.5, 1);
    expect(rates.every((lr) => String(Number(lr.toPrecision(4))) === String(lr))).toBe(true);
    for (const k of [4, 5, 6, 7]) expect(all.filter((one) => one.k === k).length).toBeGreaterThan(60);
    expect(new Set(all.map(({ objective }) => objective))).toEqual(new Set(space.objective));
  });

  test("leave the other options as they are when one is added", () => {
    const more = draw(20, { ...space, beta1: [0, 0.9] }) as { lr: number }[];
    expect(more.map(({ lr }) => lr)).toEqual((draw(20) as unknown as { lr: number }[]).map(({ lr }) => lr));
  });

  test("are never the same twice, and refused where the space has not as many", () => {
    expect(new Set(draw(4, { k: [1, 2, 3, 4] }).map((one) => JSON.stringify(one))).size).toBe(4);
    expect(() => draw(5, { k: [1, 2, 3, 4] })).toThrow(/gives only 4 different trials and 5 are asked for/);
  });
});

test("options of a design stand in the order of the file, seeds last", () => {
  const random = { trials: 1, seed: 0, space: { lr: [1] } };
  expect(
    declaredOptions({
      ...nothing,
      grids: [{ b: [1] }, { a: [1], b: [2] }],
      random,
      trials: [{ c: 1 }],
      seeds: [0],
    }),
  ).toEqual(["b", "a", "lr", "c", "seed"]);
});
