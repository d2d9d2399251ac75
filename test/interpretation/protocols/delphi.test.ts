/** Detection, fuzzing and intruder tasks beside the activations that they were drawn from. */

import { describe, expect, test } from "vitest";
import { fragments } from "../../../src/interpretation/evidence/examples.ts";
import {
  activationsOf,
  type Excerpt,
  sideOf,
  type UnitEvidence,
} from "../../../src/interpretation/evidence/passage.ts";
import { detection } from "../../../src/interpretation/protocols/detection.ts";
import { fuzzing } from "../../../src/interpretation/protocols/fuzzing.ts";
import { intruder } from "../../../src/interpretation/protocols/intruder.ts";
import type { ClassificationTask, IntruderTask } from "../../../src/interpretation/protocols/task.ts";
import { Random } from "../../../src/random.ts";
import { onToken, plantedText, plantedUnit } from "./planted-text.ts";

const DRAW = { seed: 1, unit: 7 };
const passage = plantedText(0, { contexts: 1500, document: 400 });

/** A unit that is active in about half of the windows, no two activations the same. */
const unit = ((): UnitEvidence => {
  const { column } = onToken(passage, 20);
  const random = Random.of(0, "activations");
  return {
    passage,
    column: { rows: column.rows, values: column.values.map(() => random.uniform()) },
    logits: null,
  };
})();

const activity = (excerpt: Excerpt) => activationsOf(unit.column, excerpt);
const maximum = (excerpt: Excerpt) => Math.max(...activity(excerpt));
const active = (excerpt: Excerpt) =>
  [...activity(excerpt).entries()].flatMap(([at, f]) => (f > 0 ? [at] : []));

/** Maxima of all activating windows of a side, ascending. */
const maxima = (side: string) =>
  [...fragments(passage, 32)]
    .filter((start) => sideOf(passage, start) === side)
    .map((start) => maximum({ start, length: 32 } as Excerpt))
    .filter((max) => max > 0)
    .sort((a, b) => a - b);

function decileOf(excerpt: Excerpt, of: readonly number[]): number {
  const rank = of.indexOf(maximum(excerpt));
  return Array.from({ length: 10 }, (_, i) => i).findLast((i) => Math.floor((i * of.length) / 10) <= rank)!;
}

/** How many excerpts are of each decile, counted from all windows of the side. */
function perDecile(excerpts: readonly Excerpt[], side: string): number[] {
  const all = maxima(side);
  const counts = Array.from({ length: 10 }, () => 0);
  for (const excerpt of excerpts) {
    const decile = decileOf(excerpt, all);
    expect([excerpt.length, excerpt.interval]).toEqual([32, decile]);
    counts[decile]!++;
  }
  return counts;
}

describe("all three", () => {
  test("explain from the same 40 windows, 4 of each decile, integers rounded up", () => {
    const { excerpts, quantised, scale } = detection.explaining(unit, DRAW);
    expect(perDecile(excerpts, "explain")).toEqual(Array.from({ length: 10 }, () => 4));
    expect(fuzzing.explaining(unit, DRAW).excerpts).toEqual(excerpts);
    expect(intruder.explaining(unit, DRAW).excerpts).toEqual(excerpts);
    const max = maxima("explain").at(-1)!;
    expect(scale).toBe(10);
    expect(quantised).toEqual(
      excerpts.map((excerpt) => Array.from(activity(excerpt), (f) => Math.ceil((10 * f) / max))),
    );
  });
});

test("detection: 5 windows of each decile, and 50 in which the unit is nowhere active", () => {
  const [{ items }] = detection.tasks(unit, "score", DRAW) as [ClassificationTask];
  const yes = items.filter(({ label }) => label);
  const no = items.filter(({ label }) => !label);
  expect(
    perDecile(
      yes.map(({ excerpt }) => excerpt),
      "score",
    ),
  ).toEqual(Array.from({ length: 10 }, () => 5));
  expect(no).toHaveLength(50);
  expect(no.filter(({ excerpt }) => maximum(excerpt) > 0)).toEqual([]);
  expect(items.flatMap(({ marked }) => marked)).toEqual([]);
  expect(items.slice(0, 50).every(({ label }) => label)).toBe(false);
});

test("fuzzing: for each decile 5 windows marked rightly and 2 wrongly, one of them an activating one", () => {
  const [{ items }] = fuzzing.tasks(unit, "score", DRAW) as [ClassificationTask];
  const right = items.filter(({ label }) => label);
  const wrong = items.filter(({ label }) => !label);
  const activating = wrong.filter(({ excerpt }) => maximum(excerpt) > 0);
  expect(
    perDecile(
      right.map(({ excerpt }) => excerpt),
      "score",
    ),
  ).toEqual(Array.from({ length: 10 }, () => 5));
  expect(
    perDecile(
      activating.map(({ excerpt }) => excerpt),
      "score",
    ),
  ).toEqual(Array.from({ length: 10 }, () => 1));
  expect(wrong).toHaveLength(20);
  for (const { excerpt, marked } of right) expect(marked).toEqual(active(excerpt));
  const marks = Math.ceil(right.reduce((sum, { marked }) => sum + marked.length, 0) / 50);
  for (const { excerpt, marked } of wrong) {
    expect(marked).toHaveLength(marks);
    expect(marked).toEqual([...new Set(marked)].sort((a, b) => a - b));
    expect(marked.filter((at) => activity(excerpt)[at]! > 0)).toEqual([]);
  }
});

test("intruder: 5 trials of each decile, four windows of it and one that is not active, marked alike", () => {
  const [{ trials }] = intruder.tasks(unit, "score", DRAW) as [IntruderTask];
  expect(trials).toHaveLength(50);
  const places = new Set<number>();
  const activating: Excerpt[] = [];
  for (const { excerpts, marked, intruder: place } of trials) {
    expect(excerpts).toHaveLength(5);
    places.add(place);
    expect(maximum(excerpts[place]!)).toBe(0);
    const others = excerpts.filter((_, i) => i !== place);
    activating.push(...others);
    expect(new Set(others.map(({ interval }) => interval)).size).toBe(1);
    for (const [i, excerpt] of excerpts.entries())
      if (i !== place) expect(marked[i]).toEqual(active(excerpt));
    const mean = others.reduce((sum, excerpt) => sum + active(excerpt).length, 0) / 4;
    expect(marked[place]).toHaveLength(Math.ceil(mean));
  }
  expect(perDecile(activating, "score")).toEqual(Array.from({ length: 10 }, () => 20));
  expect(places).toEqual(new Set([0, 1, 2, 3, 4]));
});

describe("units with less to show", () => {
  test("a rare unit has fewer trials and items, never made up ones", () => {
    const rare = onToken(passage, 270);
    const windows = maxima("score").length;
    expect(windows).toBeGreaterThan(100);
    const [{ trials }] = intruder.tasks(rare, "score", DRAW) as [IntruderTask];
    expect(trials.length).toBeGreaterThan(0);
    expect(trials.length).toBeLessThan(50);
    for (const { excerpts } of trials) expect(excerpts).toHaveLength(5);
    const [{ items }] = detection.tasks(rare, "score", DRAW) as [ClassificationTask];
    for (const { excerpt, label } of items) {
      expect(activationsOf(rare.column, excerpt).some((f) => f > 0)).toBe(label);
    }
  });

  test("a unit that is active everywhere cannot be asked about", () => {
    const always = plantedUnit(passage, (token) => token);
    for (const protocol of [detection, fuzzing, intruder]) {
      expect(protocol.tasks(always, "score", DRAW)).toEqual([]);
      expect(protocol.explaining(always, DRAW).excerpts).toHaveLength(40);
    }
  });
});
