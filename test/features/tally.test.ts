import { describe, expect, test } from "vitest";
import { type Example, INTERVALS } from "../../src/features/records.ts";
import { type TallyOptions, UnitTally } from "../../src/features/tally/tally.ts";
import { type Active, activationsOf, randomText, repeated, type Text } from "./random-activations.ts";

function tallyOf(text: Text, options: Partial<TallyOptions> = {}): UnitTally {
  const { units, context } = text;
  const tally = new UnitTally({ name: "tally", units, set: 0, context, seed: 3, random: [], ...options });
  for (const batch of text.batches) tally.add(batch);
  return tally;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const key = ({ split, context, position }: Active | Example) => `${split} ${context} ${position}`;
const ofGroup = (examples: readonly Example[], group: string) =>
  examples.filter((example) => example.group === group);

/** The highest contexts by definition: each context's maximum, of equal windows the highest, ordered. */
function highest(active: readonly Active[], count: number): Active[] {
  const byContext = new Map<string, Active>();
  for (const one of active) {
    const context = `${one.split} ${one.context}`;
    if (one.value > (byContext.get(context)?.value ?? 0)) byContext.set(context, one);
  }
  const byWindow = new Map<string, Active>();
  for (const one of byContext.values()) {
    if (one.value > (byWindow.get(one.window)?.value ?? 0)) byWindow.set(one.window, one);
  }
  // Sorting is stable: of equal values the earlier context comes first.
  return [...byWindow.values()].sort((a, b) => b.value - a.value).slice(0, count);
}

describe("statistics", () => {
  const text = randomText();
  const tally = tallyOf(text);
  const tokens = sum(text.batches.map((batch) => batch.tokens.length));

  test.each(Array.from({ length: text.units }, (_, unit) => unit))(
    "of unit %i are those of a plain loop",
    (unit) => {
      const values = activationsOf(text, unit).map(({ value }) => value);
      const found = tally.statistics(unit);
      expect(found.tokens).toBe(tokens);
      expect(found.active).toBe(values.length);
      expect(found.density).toBe(values.length / tokens);
      expect(found.max).toBe(Math.max(0, ...values));
      expect(found.mean).toBe(values.length > 0 ? sum(values) / values.length : 0);
      const { start, width, counts } = found.histogram;
      const expected = counts.map(() => 0);
      for (const value of values) expected[Math.floor((value - start) / width)]!++;
      expect(counts).toEqual(expected);
      if (values.length > 0) expect(counts.length).toBeGreaterThan(48);
      expect(counts.length).toBeLessThanOrEqual(96);
    },
  );

  test("a unit that never fired has none, and no examples", () => {
    const { statistics, singleToken, examples } = tally.unit(0);
    expect(statistics).toMatchObject({ active: 0, density: 0, mean: 0, max: 0, histogram: { counts: [] } });
    expect(singleToken).toBeNull();
    expect(examples).toEqual([]);
  });

  test("do not depend on how contexts are divided in batches or on their order", () => {
    const reversed = { ...text, batches: [...text.batches].reverse() };
    const other = tallyOf(reversed);
    for (let unit = 0; unit < text.units; unit++) {
      const { mean, ...rest } = other.statistics(unit);
      expect(rest).toEqual({ ...tally.statistics(unit), mean: undefined, ...rest });
      expect(mean).toBeCloseTo(tally.statistics(unit).mean, 10);
      expect(other.statistics(unit).histogram).toEqual(tally.statistics(unit).histogram);
    }
  });

  test("refuse activations that are not finite", () => {
    const [batch] = text.batches;
    const values = batch!.activations[0]!.values.map((value, i) => (i === 10 ? Infinity : value));
    const broken = { ...batch!, activations: [{ ...batch!.activations[0]!, values }] };
    expect(() => tallyOf({ ...text, batches: [broken] })).toThrow("not finite");
  });
});

describe("top contexts", () => {
  test.each([
    ["distinct windows", randomText()],
    ["windows that return", randomText({ vocabulary: 1, density: 0.1 })],
    ["a text with copies", repeated(randomText({ sizes: [4, 4, 4, 4] }), 3)],
    ["values that are often equal", randomText({ density: 0.02, draw: (random) => 1 + random.integer(3) })],
  ])("are the highest of all, each window once: %s", (_, text) => {
    const tally = tallyOf(text, { top: 6 });
    for (let unit = 0; unit < text.units; unit++) {
      const found = ofGroup(tally.unit(unit).examples, "top");
      const expected = highest(activationsOf(text, unit), 6);
      expect(found.map(key)).toEqual(expected.map(key));
      for (const [i, example] of found.entries()) {
        expect(example).toMatchObject({
          value: expected[i]!.value,
          document: expected[i]!.document,
          interval: null,
        });
      }
    }
  });

  test("keep every activation of their context", () => {
    const text = randomText();
    const tally = tallyOf(text);
    for (let unit = 1; unit < text.units; unit++) {
      const active = activationsOf(text, unit);
      for (const example of tally.unit(unit).examples) {
        const here = active.filter(
          ({ split, context }) => split === example.split && context === example.context,
        );
        expect(example.positions).toEqual(here.map(({ position }) => position));
        expect(example.values).toEqual(here.map(({ value }) => value));
      }
    }
  });
});

describe("intervals", () => {
  const text = randomText({
    sizes: Array.from({ length: 40 }, () => 4),
    draw: (random) => random.uniform() + 0.01,
  });

  test.each([
    ["distinct windows", text, tallyOf(text)],
    ["copies", repeated(text, 2), tallyOf(repeated(text, 2))],
  ])("hold examples of their level only, no window twice, none of the top: %s", (_, used, tally) => {
    for (let unit = 1; unit < used.units; unit++) {
      const windows = new Map(activationsOf(used, unit).map((active) => [key(active), active.window]));
      const { statistics, examples } = tally.unit(unit);
      const top = ofGroup(examples, "top");
      for (let interval = 0; interval < INTERVALS; interval++) {
        const found = examples.filter((example) => example.interval === interval);
        // Of a wide choice every interval but the highest, which is nearly all top, is full.
        if (interval < INTERVALS - 1) expect(found.length).toBe(5);
        for (const { value } of found) {
          expect(value).toBeGreaterThan((interval / INTERVALS) * statistics.max * (1 - 1e-7));
          expect(value).toBeLessThanOrEqual(((interval + 1) / INTERVALS) * statistics.max * (1 + 1e-7));
        }
        const shown = [...found, ...top].map((example) => windows.get(key(example)));
        expect(new Set(shown).size).toBe(shown.length);
        expect(new Set(found.map(({ split, context }) => `${split} ${context}`)).size).toBe(found.length);
        for (const example of found) {
          const close = top.filter(
            ({ split, context, position }) =>
              split === example.split &&
              context === example.context &&
              Math.abs(position - example.position) <= 8,
          );
          expect(close).toEqual([]);
        }
      }
    }
  });

  test("lose no places to what is shown as the top", () => {
    const alike = randomText({
      units: 40,
      context: 1,
      vocabulary: 1e6,
      sizes: [100, 100],
      draw: (random) => 1 + random.uniform() / 100,
    });
    const tally = tallyOf(alike);
    for (let unit = 1; unit < alike.units; unit++) {
      const { examples } = tally.unit(unit);
      expect(ofGroup(examples, "top").length).toBe(20);
      expect(ofGroup(examples, "interval").length).toBe(5);
    }
  });

  test.each([
    ["the maximum first", (i: number) => 1 - ((i * 7) % 240) / 240],
    ["the range doubling on the way", (i: number) => (0.001 + ((i * 7) % 240) / 240) * (i < 120 ? 0.25 : 1)],
  ])("are samples in which every token is as likely as another: %s", (_, level) => {
    // One activation a context, with a window and a value of its own. All units have the same.
    const units = 3000;
    const contexts = 240;
    const context = 4;
    const batches = Array.from({ length: contexts }, (_, i) => ({
      split: "train" as const,
      context,
      contexts: Int32Array.of(i),
      tokens: Int32Array.of(i, i + 1, i + 2, i + 3),
      documents: new Int32Array(context),
      activations: [
        {
          rowOffsets: Uint32Array.of(0, 0, units, units, units),
          indices: Uint32Array.from({ length: units }, (_, unit) => unit),
          values: new Float32Array(units).fill(level(i)),
        },
      ],
    }));
    const tally = tallyOf({ units, context, vocabulary: 0, batches }, { top: 1 });
    const times = new Float64Array(contexts);
    for (let unit = 0; unit < units; unit++) {
      for (const example of ofGroup(tally.unit(unit).examples, "interval")) times[example.context]!++;
    }
    const values = Array.from({ length: contexts }, (_, i) => Math.fround(level(i)));
    const max = Math.max(...values);
    const levels = Array.from({ length: INTERVALS }, () => [] as number[]);
    for (const [i, value] of values.entries()) {
      if (value < max) levels[Math.ceil((value / max) * INTERVALS) - 1]!.push(times[i]!);
    }
    for (const counts of levels) {
      const expected = sum(counts) / counts.length;
      const chiSquare = sum(counts.map((count) => (count - expected) ** 2 / expected));
      // Nearly every unit shows five examples of every interval.
      expect(sum(counts)).toBeGreaterThan(0.99 * 5 * units);
      // Four deviations above the mean of its distribution.
      const freedom = counts.length - 1;
      expect(chiSquare).toBeLessThan(freedom + 4 * Math.sqrt(2 * freedom));
    }
  });
});

test("random tokens show what every unit does around them, mostly nothing", () => {
  const text = randomText({ density: 0.1 });
  const random = [
    { split: "heldout" as const, context: 2, position: 5 },
    { split: "heldout" as const, context: 10, position: 0 },
    { split: "train" as const, context: 17, position: 23 },
    { split: "train" as const, context: 999, position: 1 },
  ];
  const tally = tallyOf(text, { random });
  for (let unit = 0; unit < text.units; unit++) {
    const active = activationsOf(text, unit);
    const found = ofGroup(tally.unit(unit).examples, "random");
    // The last context was never read.
    expect(found.map(({ split, context, position }) => ({ split, context, position }))).toEqual(
      random.slice(0, 3),
    );
    for (const { split, context, position, value, positions, values, document } of found) {
      const here = active.filter((one) => one.split === split && one.context === context);
      expect(positions).toEqual(here.map((one) => one.position));
      expect(values).toEqual(here.map((one) => one.value));
      expect(value).toBe(here.find((one) => one.position === position)?.value ?? 0);
      const batch = text.batches.find((one) => one.split === split && one.contexts.includes(context))!;
      expect(document).toBe(batch.documents[batch.contexts.indexOf(context) * text.context + position]);
    }
  }
  const referred = tally.contexts().map(({ split, context }) => `${split} ${context}`);
  const shown = Array.from({ length: text.units }, (_, unit) => tally.unit(unit).examples).flat();
  expect(new Set(referred)).toEqual(
    new Set([...shown, ...random].map(({ split, context }) => `${split} ${context}`)),
  );
});

describe("the single-token flag", () => {
  // Unit 1 fires on token 3 and no other, unit 2 on whatever comes, both nearly always alike; unit 3 varies.
  const text = randomText({ units: 4, density: 1, vocabulary: 6, draw: (random) => random.uniform() });
  const batches = text.batches.map((batch) => {
    const { rowOffsets, indices, values } = batch.activations[0]!;
    const row = new Uint32Array(values.length);
    for (let at = 0; at + 1 < rowOffsets.length; at++) row.fill(at, rowOffsets[at], rowOffsets[at + 1]);
    const made = values.map((value, entry) => {
      if (indices[entry] === 3) return value;
      return indices[entry] === 2 || batch.tokens[row[entry]!] === 3 ? 1 + value / 100 : 0;
    });
    return { ...batch, activations: [{ rowOffsets, indices, values: made }] };
  });
  const flag = (unit: number, top?: number) =>
    tallyOf({ ...text, batches }, top === undefined ? {} : { top }).unit(unit).singleToken;

  test("is true of a unit whose highest contexts have one token, false of one where they have several", () => {
    expect(flag(1)).toBe(true);
    expect(flag(2)).toBe(false);
  });

  test("is unknown where there are too few contexts", () => {
    expect(flag(0)).toBeNull();
    expect(flag(2, 40)).toBeNull();
  });
});
