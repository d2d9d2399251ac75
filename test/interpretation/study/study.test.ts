/** Which units are studied, which stand in for each other, and what may be concluded from the scores. */

import { describe, expect, test } from "vitest";
import type { Passage } from "../../../src/interpretation/evidence/passage.ts";
import type { ScoreColumn, SubjectName, SubjectScores } from "../../../src/interpretation/result.ts";
import { conclude } from "../../../src/interpretation/study/conclusion.ts";
import { sampleUnits } from "../../../src/interpretation/study/sample-units.ts";
import { isSingleToken } from "../../../src/interpretation/study/single-token.ts";
import { otherUnits } from "../../../src/interpretation/study/study.ts";
import { summarise } from "../../../src/interpretation/study/summary.ts";
import { Random } from "../../../src/random.ts";

describe("units that are explained", () => {
  const densities = Float64Array.from({ length: 1000 }, (_, i) => (i % 5 === 0 ? 0 : (i + 1) / 1000));

  test("are alive, as many as asked for, and the same every time", () => {
    for (const rule of ["uniform", "stratified"] as const) {
      const chosen = sampleUnits(densities, rule, 83, 4, "features");
      expect(new Set(chosen).size).toBe(83);
      expect(chosen.every((unit) => densities[unit]! > 0)).toBe(true);
      expect(chosen).toEqual(sampleUnits(densities, rule, 83, 4, "features"));
      expect(chosen).not.toEqual(sampleUnits(densities, rule, 83, 5, "features"));
    }
    expect(sampleUnits(densities, "all", 3, 0, "features")).toHaveLength(800);
    expect(sampleUnits(densities, "uniform", 5000, 0, "features")).toHaveLength(800);
  });

  test("come from each tenth of the densities alike when stratified", () => {
    const alive = Array.from(densities)
      .filter((density) => density > 0)
      .sort((a, b) => a - b);
    const chosen = sampleUnits(densities, "stratified", 100, 0, "features");
    for (let tenth = 0; tenth < 10; tenth++) {
      const [low, high] = [alive[tenth * 80]!, alive[tenth * 80 + 79]!];
      const within = chosen.filter((unit) => densities[unit]! >= low && densities[unit]! <= high);
      expect(within).toHaveLength(10);
    }
  });

  test("each have another one, and each is another's", () => {
    for (const count of [2, 3, 50]) {
      const other = otherUnits(count, 1, "features")!;
      expect([...other].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
      expect([...other].every((unit, i) => unit !== i)).toBe(true);
    }
    expect(otherUnits(1, 1, "features")).toBeNull();
  });
});

describe("single tokens", () => {
  const passage = (tokens: number[]): Passage => ({
    tokens: Int32Array.from(tokens),
    starts: Int32Array.from({ length: tokens.length / 2 + 1 }, (_, i) => 2 * i),
    documents: new Int32Array(tokens.length),
    sides: new Uint8Array(1),
    places: null,
    tokenText: String,
  });

  test("are where the 20 highest contexts peak on one token", () => {
    const tokens = Array.from({ length: 25 }, (_, i) => [7, i < 21 ? 3 : 5]).flat();
    const column = {
      rows: Uint32Array.from(tokens.keys()),
      values: Float32Array.from(tokens, (token, i) => (token === 7 ? 0.5 : 10 - i / 10)),
    };
    expect(isSingleToken(passage(tokens), column)).toBe(true);
    const mixed = tokens.with(39, 5);
    expect(isSingleToken(passage(mixed), column)).toBe(false);
    const few = { rows: column.rows.slice(0, 38), values: column.values.slice(0, 38) };
    expect(isSingleToken(passage(tokens), few)).toBeNull();
  });
});

describe("the conclusion", () => {
  const spread = (middle: number, seed: number) => {
    const random = Random.of(seed, "scores");
    return Array.from({ length: 100 }, () => middle + 0.1 * random.normal());
  };
  const subject = (name: SubjectName, own: number, other: number | null = 0): SubjectScores => {
    const column = (prediction: "own" | "other", middle: number): ScoreColumn => ({
      kind: "bricken-2023",
      explainer: "chosen",
      prediction,
      values: spread(middle, name.length + 1),
      low: [],
      high: [],
    });
    return {
      subject: name,
      count: 200,
      alive: 150,
      tooRare: 0,
      tokens: 1e6,
      units: Array.from({ length: 100 }, (_, i) => i),
      density: Array.from({ length: 100 }, () => 0.01),
      singleToken: Array.from({ length: 100 }, (_, i) => i < 30),
      chosen: Array.from({ length: 100 }, () => null),
      scores: [column("own", own), ...(other === null ? [] : [column("other", other)])],
    };
  };
  const of = (...subjects: SubjectScores[]) => conclude(subjects, "bricken-2023", "chosen", 0);

  test("is one sentence that begins with the score", () => {
    const text = of(subject("features", 0.6));
    expect(text).toMatch(
      /^On documents that they were not made from, explanations of 100 features score 0\.\d\d \[0\.\d\d, 0\.\d\d\]/,
    );
    expect(text.match(/\.(\s|$)/g)).toHaveLength(1);
  });

  test("tells units of single tokens from others where the shuffled model's are the former", () => {
    const shuffled = subject("shuffled-weights", 0.6);
    const tokens = { ...shuffled, singleToken: shuffled.singleToken.map((_, i) => i < 60) };
    const values = tokens.scores[0]!.values.map((value, i) => (i < 60 ? value! + 0.3 : value! - 0.3));
    const split = { ...tokens, scores: [{ ...tokens.scores[0]!, values }] };
    expect(of(subject("features", 0.6), split)).toMatch(
      /no evidence .*; among those that are not about a single token, though, .* \(0\.\d\d against 0\.\d\d\)\.$/,
    );
    expect(of(subject("features", 0.6), shuffled)).not.toMatch(/single token/);
  });

  test("says when nothing was scored or nothing can be compared", () => {
    expect(of()).toMatch(/No feature could be scored/);
    expect(of(subject("features", 0.6, null))).toMatch(/nothing to compare/);
  });

  test("rests on the table, which has a constant beside each score", () => {
    const rows = summarise([subject("features", 0.6), subject("neurons", 0.2)], 0);
    expect(rows.map(({ split }) => split)).toEqual(["all", "single-token", "other"]);
    const single = rows[1]!.cells.find(
      ({ subject: name, prediction }) => name === "features" && prediction === "own",
    )!;
    expect(single.units).toBe(30);
    const zero = rows[0]!.cells.find(({ prediction }) => prediction === "zero")!;
    expect(zero).toMatchObject({ units: 100, mean: 0, interval: [0, 0], median: 0 });
  });
});
