/** The records of Bills et al. 2023 beside a plain ranking of all fragments. */

import { expect, test } from "vitest";
import { fragments } from "../../../src/interpretation/evidence/examples.ts";
import {
  activationsOf,
  type Side,
  sideOf,
  type UnitEvidence,
} from "../../../src/interpretation/evidence/passage.ts";
import { bills2023 } from "../../../src/interpretation/protocols/bills-2023.ts";
import type { SimulationTask } from "../../../src/interpretation/protocols/task.ts";
import { Random } from "../../../src/random.ts";
import { onToken, plantedText } from "./planted-text.ts";

const DRAW = { seed: 1, unit: 7 };

/** A unit of which no two activations are the same. */
function unitOf(passage: ReturnType<typeof plantedText>): UnitEvidence {
  const { column } = onToken(passage, 5);
  const random = Random.of(0, "activations");
  return {
    passage,
    column: { rows: column.rows, values: column.values.map(() => random.uniform()) },
    logits: null,
  };
}

/** Starts of the records of a side, by their maximum, the best of each document. */
function ranked({ passage, column }: UnitEvidence, side: Side, length: number): number[] {
  const documents = new Set<number>();
  return [...fragments(passage, length)]
    .filter((start) => sideOf(passage, start) === side)
    .map((start) => ({ start, max: Math.max(...activationsOf(column, { start, length } as never)) }))
    .sort((a, b) => b.max - a.max)
    .filter(({ start }) => {
      const document = passage.documents[start]!;
      return !documents.has(document) && documents.add(document);
    })
    .map(({ start }) => start);
}

const simulation = (unit: UnitEvidence, side: "choose" | "score") =>
  bills2023.tasks(unit, side, DRAW)[0] as SimulationTask;

test("5 top records explain; every second one of the top and 5 random ones are predicted: 640 tokens", () => {
  const passage = plantedText(0, { contexts: 1200, document: 400 });
  const unit = unitOf(passage);
  const { excerpts, quantised, scale, logits } = bills2023.explaining(unit, DRAW);
  expect(excerpts.map(({ start }) => start)).toEqual(ranked(unit, "explain", 64).slice(0, 5));
  expect([scale, logits]).toEqual([10, null]);
  const max = Math.max(...excerpts.flatMap((excerpt) => [...activationsOf(unit.column, excerpt)]));
  expect(quantised).toEqual(
    excerpts.map((excerpt) =>
      Array.from(activationsOf(unit.column, excerpt), (f) => Math.floor((10 * f) / max)),
    ),
  );
  expect(quantised[0]![excerpts[0]!.centre!]).toBe(10);

  const { excerpts: asked, weights } = simulation(unit, "score");
  const best = ranked(unit, "score", 64);
  const startsOf = (group: string) => asked.filter((one) => one.group === group).map(({ start }) => start);
  expect(startsOf("top").sort()).toEqual([0, 2, 4, 6, 8].map((rank) => best[rank]!).sort());
  expect(startsOf("random")).toHaveLength(5);
  expect(startsOf("random").filter((start) => best.slice(0, 10).includes(start))).toEqual([]);
  expect(asked.reduce((sum, { length }) => sum + length, 0)).toBe(640);
  expect(weights).toBeNull();

  const calibration = simulation(unit, "choose").excerpts.filter(({ group }) => group === "top");
  expect(calibration.map(({ start }) => start).sort()).toEqual(ranked(unit, "choose", 64).slice(0, 5).sort());
});

test("a record with the same tokens as one that was explained from is not predicted", () => {
  const passage = plantedText(3, { contexts: 600, document: 400 });
  const unit = unitOf(passage);
  const shown = bills2023.explaining(unit, DRAW).excerpts[0]!;
  const best = simulation(unit, "score").excerpts.find(
    ({ start }) => start === ranked(unit, "score", 64)[0],
  )!;
  expect(best.group).toBe("top");
  passage.tokens.copyWithin(best.start, shown.start, shown.start + shown.length);
  const asked = simulation({ ...unit, column: { ...unit.column } }, "score").excerpts;
  expect(asked).toHaveLength(10);
  expect(asked.map(({ start }) => start)).not.toContain(best.start);
});

test("with too few documents records share one", () => {
  const passage = plantedText(1, { contexts: 100, document: 4000 });
  const unit = unitOf(passage);
  const documents = new Set(passage.documents.filter((_, at) => sideOf(passage, at) === "explain"));
  expect(documents.size).toBeLessThan(5);
  const { excerpts } = bills2023.explaining(unit, DRAW);
  expect(excerpts).toHaveLength(5);
  const maxima = excerpts.map((excerpt) => Math.max(...activationsOf(unit.column, excerpt)));
  expect(maxima).toEqual(maxima.toSorted((a, b) => b - a));
});

test("where contexts are shorter than 64 tokens, records are as long as a context without its separator", () => {
  const unit = unitOf(plantedText(2, { contexts: 2000, context: 33, document: 200 }));
  const { excerpts } = simulation(unit, "score");
  expect(new Set(excerpts.map(({ length }) => length))).toEqual(new Set([32]));
  expect(excerpts).toHaveLength(10);
});
