/** What is rated, in which order, and what ratings add up to. */

import { describe, expect, test } from "vitest";
import type { UnitKind } from "../../../src/features/units.ts";
import { ratingQueue, type QueueSource } from "../../../src/interpretation/ratings/queue.ts";
import type { StoredRating } from "../../../src/interpretation/ratings/rating.ts";
import { summarise } from "../../../src/interpretation/ratings/results.ts";
import {
  CRITERIA,
  MOST_POINTS,
  type Rubric,
  rubricProblem,
  totalOf,
} from "../../../src/interpretation/ratings/rubric.ts";

describe("the queue", () => {
  const source = (features: number, neurons: number, part: Partial<QueueSource> = {}): QueueSource => ({
    name: "x8 of some weights",
    alive: (kind) => [...Array(kind === "feature" ? features : neurons).keys()].map((i) => 3 * i),
    intervals: (_, index) => [...Array(11).keys()].filter((interval) => (index + interval) % 7 > 0),
    ...part,
  });

  test("has 412 intervals of 162 units, half of them features, in an order that mixes them", () => {
    const queue = ratingQueue(source(4096, 512));
    expect(queue).toHaveLength(412);
    const units = new Set(queue.map(({ kind, index }) => `${kind} ${index}`));
    expect(units.size).toBe(162);
    expect([...units].filter((unit) => unit.startsWith("feature"))).toHaveLength(81);
    const intervals = queue.map(({ kind, index, interval }) => `${kind} ${index} ${interval}`);
    expect(new Set(intervals).size).toBe(412);
    for (const start of [0, 100, 200, 300]) {
      const features = queue.slice(start, start + 100).filter(({ kind }) => kind === "feature").length;
      expect(features).toBeGreaterThan(30);
      expect(features).toBeLessThan(70);
    }
    // Each of 11 intervals in about 1 of 11.
    for (let interval = 0; interval < 11; interval++) {
      const count = queue.filter((item) => item.interval === interval).length;
      expect(count).toBeGreaterThan(20);
      expect(count).toBeLessThan(60);
    }
  });

  test("is the same every time, another one for another seed, and names of other weights are others", () => {
    const queue = ratingQueue(source(500, 100));
    expect(ratingQueue(source(500, 100))).toEqual(queue);
    expect(ratingQueue(source(500, 100), { seed: 1 }).map(({ index }) => index)).not.toEqual(
      queue.map(({ index }) => index),
    );
    const other = ratingQueue(source(500, 100, { name: "other" }));
    expect(other.map((one) => ({ ...one, item: "" }))).toEqual(queue.map((one) => ({ ...one, item: "" })));
    expect(other.filter(({ item }, i) => item === queue[i]!.item)).toEqual([]);
  });

  test("names items so that nobody can tell what they are", () => {
    const queue = ratingQueue(source(500, 100));
    expect(new Set(queue.map(({ item }) => item)).size).toBe(queue.length);
    for (const { item } of queue) expect(item).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });

  test("takes what there is: few units, few intervals, no neurons, units without examples", () => {
    expect(ratingQueue(source(0, 0))).toEqual([]);
    const features = ratingQueue(source(200, 0));
    expect(new Set(features.map(({ index }) => index)).size).toBe(81);
    const few = ratingQueue(source(3, 2, { intervals: (_, index) => (index === 0 ? [] : [4]) }));
    expect(few.map(({ kind, index }) => `${kind} ${index}`).sort()).toEqual([
      "feature 3",
      "feature 6",
      "neuron 3",
    ]);
    expect(ratingQueue(source(50, 50), { units: 4, intervals: 8 })).toHaveLength(8);
  });
});

const points = (part: Partial<Rubric> = {}): Rubric => ({
  confidence: 3,
  activations: 5,
  logits: 3,
  separation: null,
  specificity: 3,
  ...part,
});

describe("the rubric", () => {
  test("has 14 points at most, with all logits consistent or all but some", () => {
    expect(totalOf(points())).toBe(MOST_POINTS);
    expect(totalOf(points({ logits: 2, separation: 1 }))).toBe(MOST_POINTS);
    expect(totalOf(points({ confidence: 0, activations: 0, logits: 0, separation: 0, specificity: 0 }))).toBe(
      0,
    );
    expect(CRITERIA.map(({ levels }) => levels.length - 1)).toEqual([3, 5, 3, 1, 3]);
  });

  test.each([
    [{}, undefined],
    [{ logits: 0, separation: 1 }, undefined],
    [{ separation: 0 }, /separation: does not apply/],
    [{ logits: 2 }, /separation: 0 or 1 is wanted/],
    [{ logits: 2, separation: 2 }, /separation: found 2, expected a whole number from 0 to 1/],
    [{ confidence: 4 }, /confidence: found 4, expected a whole number from 0 to 3/],
    [{ activations: -1 }, /activations: found -1/],
    [{ specificity: 1.5 }, /specificity: found 1.5/],
    [{ logits: 4, separation: 1 }, /logits: found 4/],
  ] as const)("checks %o", (part, problem) => {
    const found = rubricProblem(points(part));
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(problem);
  });
});

describe("results", () => {
  let id = 0;
  const rating = (rater: string, kind: UnitKind, index: number, part: Partial<Rubric> = {}): StoredRating => {
    const rubric = points(part);
    return {
      ...rubric,
      id: ++id,
      rater,
      kind,
      index,
      interval: 2,
      interpretation: "",
      total: totalOf(rubric),
      created: "2026-01-01T00:00:00.000Z",
    };
  };
  const zero = { confidence: 0, activations: 0, logits: 0, separation: 0, specificity: 0 };

  test("are medians of items, however many have rated each", () => {
    const ratings = [
      rating("A", "feature", 1),
      rating("B", "feature", 1, { confidence: 1 }),
      rating("A", "feature", 2, { activations: 1 }),
      rating("A", "feature", 3, zero),
      rating("A", "neuron", 3, zero),
      rating("C", "neuron", 4, { confidence: 2 }),
    ];
    const { raters, medians, agreement } = summarise(ratings);
    expect(raters).toEqual(["A", "B", "C"]);
    // Features 13, 10 and 0; neurons 0 and 13.
    expect(medians).toEqual({ feature: 10, neuron: 6.5 });
    expect(agreement.items).toBe(1);
  });

  test("have the agreement of totals and of each criterion, null where there is none to be had", () => {
    const both = (index: number, a: Partial<Rubric>, b: Partial<Rubric>) => [
      rating("A", "feature", index, a),
      rating("B", "feature", index, b),
    ];
    const ratings = [
      ...both(1, {}, { specificity: 2 }),
      ...both(2, zero, zero),
      ...both(3, { confidence: 1 }, { confidence: 1 }),
    ];
    const { agreement } = summarise(ratings);
    expect(agreement.items).toBe(3);
    expect(agreement.confidence).toBe(1);
    expect(agreement.total).toBeGreaterThan(0.9);
    expect(agreement.total).toBeLessThan(1);
    // Given twice, both 0.
    expect(agreement.separation).toBeNull();
    expect(summarise([]).agreement).toEqual({
      total: null,
      confidence: null,
      activations: null,
      logits: null,
      separation: null,
      specificity: null,
      items: 0,
    });
    expect(summarise([]).medians).toEqual({ feature: null, neuron: null });
  });
});
