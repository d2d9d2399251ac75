/** The draw of Bricken et al. 2023 beside plain counts: as many of each group as published, and of the right kind. */

import { describe, expect, test } from "vitest";
import { tokensOfSide, windowAround, windowKey } from "../../../src/interpretation/evidence/examples.ts";
import {
  activationsOf,
  type Excerpt,
  type Side,
  sideOf,
  type UnitEvidence,
} from "../../../src/interpretation/evidence/passage.ts";
import { bricken2023 } from "../../../src/interpretation/protocols/bricken-2023.ts";
import { brickenExamples, intervalOf } from "../../../src/interpretation/protocols/bricken-examples.ts";
import { logitTest } from "../../../src/interpretation/protocols/logit-test.ts";
import type { SimulationTask } from "../../../src/interpretation/protocols/task.ts";
import { Random } from "../../../src/random.ts";
import { onToken, plantedLogits, plantedText, plantedUnit } from "./planted-text.ts";

const passage = plantedText(0, { contexts: 1200 });
const unit = onToken(passage, 5);
const DRAW = { seed: 1, unit: 7 };

function simulation(evidence: UnitEvidence, side: "choose" | "score"): SimulationTask {
  return bricken2023.tasks(evidence, side, DRAW)[0] as SimulationTask;
}

function counts(excerpts: readonly Excerpt[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { group } of excerpts) found[group] = (found[group] ?? 0) + 1;
  return found;
}

function maxOn({ column }: UnitEvidence, side: Side): number {
  return Math.max(...column.values.filter((_, i) => sideOf(passage, column.rows[i]!) === side));
}

/** f at the token that an excerpt was chosen for. */
function centreOf({ column }: UnitEvidence, excerpt: Excerpt): number {
  return activationsOf(column, excerpt)[excerpt.centre!]!;
}

describe("13 intervals of equal width", () => {
  test("reach from 0 to the maximum, which is in the highest", () => {
    expect([0.01, 0.99, 1, 5.5, 12, 12.9, 13].map((f) => intervalOf(f, 13))).toEqual([
      0, 0, 1, 5, 12, 12, 12,
    ]);
  });

  test("49 examples to explain from and 60 of 9 tokens to predict", () => {
    const { excerpts: shown } = bricken2023.explaining(unit, DRAW);
    expect(counts(shown)).toEqual({ top: 10, interval: 24, random: 5, elsewhere: 10 });
    const { excerpts: asked, scale } = simulation(unit, "score");
    expect(counts(asked)).toEqual({ top: 6, interval: 24, random: 10, elsewhere: 20 });
    expect(counts(simulation(unit, "choose").excerpts)).toEqual(counts(asked));
    expect(asked.reduce((sum, { length }) => sum + length, 0)).toBe(540);
    expect(scale).toBe(9);
    for (const [excerpts, side] of [
      [shown, "explain"],
      [asked, "score"],
    ] as const) {
      const max = maxOn(unit, side);
      const each = Array.from({ length: 13 }, () => 0);
      for (const excerpt of excerpts) {
        expect([excerpt.length, excerpt.centre]).toEqual([9, 4]);
        if (excerpt.interval === null) continue;
        expect(intervalOf(centreOf(unit, excerpt), max)).toBe(excerpt.interval);
        each[excerpt.interval]!++;
      }
      expect(each).toEqual([...Array.from({ length: 12 }, () => 2), side === "explain" ? 10 : 6]);
      const peaks = new Set(
        excerpts.filter(({ group }) => group === "top").map(({ start }) => passage.tokens[start + 4]),
      );
      for (const { group, start } of excerpts) {
        if (group === "elsewhere") expect(peaks).toContain(passage.tokens[start + 4]);
      }
    }
  });

  test("the prediction is shuffled", () => {
    const groups = simulation(unit, "score").excerpts.map(({ group }) => group);
    expect(groups).not.toEqual(groups.toSorted((a, b) => "tire".indexOf(a[0]!) - "tire".indexOf(b[0]!)));
    expect(groups.slice(0, 6)).not.toEqual(Array.from({ length: 6 }, () => "top"));
  });

  test("integers are tenths of the highest f on the side", () => {
    const { excerpts, quantised } = bricken2023.explaining(unit, DRAW);
    const max = maxOn(unit, "explain");
    const plain = excerpts.map((excerpt) =>
      Array.from(activationsOf(unit.column, excerpt), (f) => Math.min(9, Math.floor((10 * f) / max))),
    );
    expect(quantised).toEqual(plain);
  });

  test("with one outlier the next highest tokens fill up the top, and what intervals lack stays missing", () => {
    const outlier = unit.column.rows.findIndex(
      (row) => sideOf(passage, row) === "explain" && windowAround(passage, row, 4, 4) !== null,
    );
    const values = unit.column.values.map((value, i) => (i === outlier ? 1000 : value));
    const evidence = { ...unit, column: { rows: unit.column.rows, values } };
    const { excerpts, quantised } = bricken2023.explaining(evidence, DRAW);
    const top = excerpts.filter(({ group }) => group === "top");
    expect(counts(excerpts)).toEqual({ top: 10, interval: 2, random: 5, elsewhere: 10 });
    expect(top.map(({ interval }) => interval)).toEqual([12, ...Array.from({ length: 9 }, () => 0)]);
    expect(quantised[0]![4]).toBe(9);
    const eligible = [...evidence.column.rows.entries()]
      .filter(([, row]) => sideOf(passage, row) === "explain" && windowAround(passage, row, 4, 4) !== null)
      .map(([i]) => values[i]!)
      .sort((a, b) => b - a);
    expect(top.map((excerpt) => centreOf(evidence, excerpt))).toEqual(eligible.slice(0, 10));
  });

  test("a unit with a few tokens in each interval fills up the top from several", () => {
    const rows = tokensOfSide(passage, "explain").filter((row) => windowAround(passage, row, 4, 4) !== null);
    const few = Uint32Array.from({ length: 26 }, (_, i) => rows[40 * i]!);
    const values = Float32Array.from(few, (_, i) => 1 + ((i * 7) % 26));
    const { excerpts } = bricken2023.explaining(
      { passage, column: { rows: few, values }, logits: null },
      DRAW,
    );
    const top = excerpts
      .filter(({ group }) => group === "top")
      .map(({ start }) => values[few.indexOf(start + 4)]);
    expect(top.toSorted((a, b) => b! - a!)).toEqual([26, 25, 24, 23, 22, 21, 20, 19, 18, 17]);
  });

  test("random examples are any tokens, also active ones", () => {
    const always = plantedUnit(passage, (token) => 1 + (token % 7));
    const { excerpts, quantised } = bricken2023.explaining(always, DRAW);
    const random = excerpts.flatMap(({ group }, i) => (group === "random" ? [quantised[i]![4]!] : []));
    expect(random).toHaveLength(5);
    expect(Math.min(...random)).toBeGreaterThan(0);
    const silent = simulation(unit, "score").excerpts.filter(({ group }) => group === "random");
    expect(silent.filter((excerpt) => centreOf(unit, excerpt) > 0).length).toBeLessThan(5);
  });

  test("a window with the same tokens as one that was explained from is not asked about", () => {
    const first = brickenExamples(
      unit,
      "score",
      { top: 6, each: 2, random: 10, elsewhere: 20 },
      Random.of(1),
    );
    const again = brickenExamples(
      unit,
      "score",
      { top: 6, each: 2, random: 10, elsewhere: 20 },
      Random.of(1),
      first.excerpts,
    );
    const keys = new Set(first.excerpts.map(({ start, length }) => windowKey(passage, start, length)));
    expect(again.excerpts.filter(({ start, length }) => keys.has(windowKey(passage, start, length)))).toEqual(
      [],
    );
  });
});

test("importance weights are the share of tokens that an example stands for, random ones 1", () => {
  const { excerpts, weights } = simulation(unit, "score");
  const max = maxOn(unit, "score");
  const active = unit.column.rows.length;
  const inInterval = Array.from({ length: 13 }, () => 0);
  for (let i = 0; i < active; i++) {
    if (sideOf(passage, unit.column.rows[i]!) === "score")
      inInterval[intervalOf(unit.column.values[i]!, max)]!++;
  }
  const tokens = tokensOfSide(passage, "score").length;
  const onSide = inInterval.reduce((sum, count) => sum + count);
  for (const [i, { group, interval }] of excerpts.entries()) {
    const density = onSide / tokens;
    const probability = inInterval[group === "elsewhere" ? 12 : interval!]! / onSide;
    expect(weights![i]).toBeCloseTo(group === "random" ? 1 : density * probability, 12);
  }
});

describe("the logit test", () => {
  const highest = unit.logits!.top.map(({ token }) => token);

  test("shows ten of each end, and asks about ranks 11 to 60 and as many others, mixed", () => {
    expect(bricken2023.explaining(unit, DRAW).logits).toEqual({
      top: highest.slice(0, 10),
      bottom: unit.logits!.bottom.slice(0, 10).map(({ token }) => token),
    });
    const { tokens, labels } = logitTest(unit, DRAW)!;
    expect(new Set(tokens).size).toBe(100);
    expect(tokens.filter((_, i) => labels[i]).sort((a, b) => a - b)).toEqual(highest.slice(10));
    const random = tokens.filter((_, i) => !labels[i]);
    expect(random).toHaveLength(50);
    expect(random.filter((token) => highest.includes(token))).toEqual([]);
    expect(labels.slice(0, 50)).toContain(true);
    expect(labels.slice(0, 50)).toContain(false);
  });

  test("is asked once, with the side that is reported, and not where there are no such weights", () => {
    const types = (evidence: UnitEvidence, side: "choose" | "score") =>
      bricken2023.tasks(evidence, side, DRAW).map(({ type }) => type);
    expect(types(unit, "score")).toEqual(["simulation", "logits"]);
    expect(types(unit, "choose")).toEqual(["simulation"]);
    expect(types({ ...unit, logits: null }, "score")).toEqual(["simulation"]);
    expect(bricken2023.explaining({ ...unit, logits: null }, DRAW).logits).toBeNull();
    const short = { ...unit.logits!, top: unit.logits!.top.slice(0, 59) };
    expect(logitTest({ ...unit, logits: short }, DRAW)).toBeNull();
    expect(logitTest({ ...unit, logits: plantedLogits(1, 109) }, DRAW)).toBeNull();
    expect(logitTest({ ...unit, logits: plantedLogits(1, 110) }, DRAW)).not.toBeNull();
  });
});
