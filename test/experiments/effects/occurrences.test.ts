/** Contexts over the whole range of an activation, and which tokens of each are looked at. */

import { expect, test } from "vitest";
import { drawOccurrences } from "../../../src/experiments/effects/occurrences.ts";
import type { ReadText } from "../../../src/experiments/effects/read-text.ts";
import { Random } from "../../../src/random.ts";

const CONTEXT = 16;
const SEPARATOR = 9;

function textOf(contexts: number, heldout: number): ReadText {
  const random = Random.of(3, "text");
  const tokens = Int32Array.from({ length: contexts * CONTEXT }, (_, i) =>
    i % CONTEXT === 0 ? SEPARATOR : random.integer(SEPARATOR),
  );
  return { tokens, context: CONTEXT, heldout, separator: SEPARATOR, vocabSize: SEPARATOR + 1 };
}

/** Active on a third of all tokens, separators and last tokens included, mostly weakly. */
function columnOf(text: ReadText) {
  const random = Random.of(5, "column");
  const rows = Uint32Array.from(text.tokens.keys()).filter(() => random.uniform() < 1 / 3);
  return { rows, values: Float32Array.from(rows, () => 10 * random.uniform() ** 4 + 1e-3) };
}

const text = textOf(200, 120);
const column = columnOf(text);
const valueAt = new Map(Array.from(column.rows, (row, i) => [row, column.values[i]!]));
const drawn = drawOccurrences(text, column, 44, Random.of(0, "draw"));

test("as many contexts as asked for, each once, of held-out text", () => {
  expect(drawn).toHaveLength(44);
  expect(new Set(drawn.map(({ context }) => context)).size).toBe(44);
  expect(drawn.every(({ context }) => context < 120)).toBe(true);
  expect(drawOccurrences(text, column, 44, Random.of(0, "draw"))).toEqual(drawn);
  expect(drawOccurrences(text, column, 1000, Random.of(0, "draw")).length).toBeLessThanOrEqual(120);
});

test("strong activations are there as often as weak ones, though they are rarer in the text", () => {
  const values = drawn.map(({ positions, here, context }) =>
    valueAt.get(context * CONTEXT + positions[here[0]!]!)!,
  );
  const usual = column.values.filter((value) => value > 5).length / column.values.length;
  const share = values.filter((value) => value > 5).length / values.length;
  expect(usual).toBeLessThan(0.25);
  expect(share).toBeGreaterThan(0.35);
});

test("every active token of the context is listed, and the kinds of tokens do not overlap", () => {
  for (const { context, positions, values, here, elsewhere, next, later, active } of drawn) {
    const expected = Array.from({ length: CONTEXT }, (_, p) => p).filter((p) =>
      valueAt.has(context * CONTEXT + p),
    );
    expect(positions).toEqual(expected);
    expect(values).toEqual(expected.map((p) => valueAt.get(context * CONTEXT + p)));
    const looked = here.map((i) => positions[i]!);
    const predicting = (p: number) => p > 0 && p < CONTEXT - 1;
    expect(looked.every(predicting)).toBe(true);
    expect(active).toBe(expected.filter(predicting).length);
    expect(new Set(looked).size).toBe(Math.min(4, active));
    expect(elsewhere.length).toBeLessThanOrEqual(here.length);
    for (const p of [...elsewhere, ...next.positions, ...later.positions]) {
      expect(expected.includes(p) || !predicting(p)).toBe(false);
    }
    const inactive = Array.from({ length: CONTEXT }, (_, p) => p).filter(
      (p) => p > expected[0]! && predicting(p) && !expected.includes(p),
    );
    expect(next.count).toBe(inactive.filter((p) => expected.includes(p - 1)).length);
    expect(next.count + later.count).toBe(inactive.length);
  }
});

test("a unit that is never active has none", () => {
  const never = { rows: new Uint32Array(0), values: new Float32Array(0) };
  expect(drawOccurrences(text, never, 5, Random.of(0))).toEqual([]);
});
