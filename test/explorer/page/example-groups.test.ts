/** Groups of examples, the share of each interval, and the axes of the drawings. */

import { describe, expect, test } from "vitest";
import type { Example } from "../../../src/features/records.ts";
import {
  activationsOf,
  documentsOf,
  groupsOf,
  shareBetween,
  windowAround,
} from "../../../src/explorer/page/unit/example-groups.ts";
import { brief, briefPercent, signed } from "../../../src/explorer/page/charts/numbers.ts";
import { powers, ticks, ticksBetween } from "../../../src/explorer/page/charts/scale.ts";

const example = (group: Example["group"], interval: number | null, context = 0): Example => ({
  group,
  interval,
  split: "train",
  context,
  position: 2,
  document: context,
  value: 1,
  positions: [2, 4],
  values: [1, 0.5],
});

describe("groups", () => {
  const histogram = { start: 0, width: 1, counts: Array.from({ length: 11 }, (_, bin) => bin) };
  const groups = groupsOf(
    [example("random", null), example("interval", 3), example("top", null)],
    11,
    histogram,
  );

  test("come from the strongest down to any text, empty intervals included", () => {
    expect(groups.map(({ id }) => id)).toEqual([
      "top",
      ...Array.from({ length: 11 }, (_, at) => `interval-${10 - at}`),
      "random",
    ]);
    expect(groups.find(({ id }) => id === "interval-3")!.examples).toHaveLength(1);
    expect(groups.find(({ id }) => id === "interval-4")!.examples).toHaveLength(0);
  });

  test("have their share of the active tokens", () => {
    const shares = groups.filter(({ group }) => group === "interval").map(({ share }) => share!);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
    expect(shares[0]).toBeCloseTo(10 / 55);
  });

  test("of a unit that never fired are only random ones", () => {
    const dead = groupsOf([example("random", null)], 0, { start: 0, width: 0, counts: [] });
    expect(dead.map(({ id }) => id)).toEqual(["random"]);
  });
});

test("a bin on the edge of an interval counts in part", () => {
  expect(shareBetween({ start: 0, width: 2, counts: [10, 10] }, 1, 3)).toBeCloseTo(0.5);
  expect(shareBetween({ start: 0, width: 0, counts: [] }, 0, 1)).toBe(0);
});

test("activations at every position, and the window around one", () => {
  expect([...activationsOf(example("top", null), 5)]).toEqual([0, 0, 1, 0, 0.5]);
  expect(windowAround(2, 5, 128)).toEqual([0, 8]);
  expect(windowAround(126, 5, 128)).toEqual([121, 128]);
  expect(windowAround(5, null, 128)).toEqual([0, 128]);
  expect(documentsOf([example("top", null, 1), example("top", null, 1), example("top", null, 2)])).toBe(2);
});

test("axes have round numbers", () => {
  expect(ticks(7.93, 5)).toEqual([0, 2, 4, 6]);
  expect(ticks(0.3, 3)).toEqual([0, 0.1, 0.2, 0.3]);
  expect(ticks(0, 3)).toEqual([0]);
  expect(ticksBetween(-1.6, 2.24, 5)).toEqual([-1, 0, 1, 2]);
  expect(powers(2500, 4)).toEqual([1, 10, 100, 1000]);
  expect(powers(3e6, 4)).toEqual([1, 100, 10_000, 1_000_000]);
  expect(powers(0, 4)).toEqual([1]);
});

test("numbers keep their digits", () => {
  expect(brief(7.9)).toBe("7.90");
  expect(brief(1240)).toBe("1,240");
  expect(brief(-0.056)).toBe("−0.0560");
  expect(brief(0)).toBe("0");
  expect(brief(9.999)).toBe("10.0");
  expect(brief(0.00001234)).toContain("10⁻⁵");
  expect(briefPercent(0.00232)).toBe("0.23\u202f%");
  expect(briefPercent(0.0000004)).toBe("0.000040\u202f%");
  expect(signed(0.5)).toBe("+0.500");
  expect(signed(-0.5)).toBe("−0.500");
});
