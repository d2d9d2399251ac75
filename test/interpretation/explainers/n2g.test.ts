/** Patterns: the checks that come with OpenAI's sparse_autoencoder, and what the trie does beyond them. */

import { describe, expect, test } from "vitest";
import { findPatterns } from "../../../src/interpretation/explainers/n2g.ts";
import { describePatterns } from "../../../src/interpretation/explainers/n2g-sentence.ts";
import { ANY, PatternTrie } from "../../../src/interpretation/explainers/n2g-trie.ts";

const MASK = 99;
const [a, b, c, d, e] = [0, 1, 2, 3, 4];

type Unit = (ids: readonly number[]) => number;

/** Examples are whole texts up to the token on which the unit is active. */
async function patternsOf(f: Unit, examples: readonly (readonly number[])[]): Promise<PatternTrie> {
  const [trie] = await findPatterns(
    [{ unit: 0, mask: MASK, examples: examples.map((ids) => ({ ids, value: f(ids), whole: true })) }],
    async (requests) => Float64Array.from(requests, ({ ids }) => f(ids)),
  );
  return trie!;
}

const predicted = (trie: PatternTrie, ids: readonly number[]) => Array.from(trie.predict(ids));

describe("the original's own checks", () => {
  test("the first position", async () => {
    const trie = await patternsOf((ids) => Number(ids.length === 1), [[a], [b]]);
    expect(predicted(trie, [a, b, c])).toEqual([1, 0, 0]);
    expect(predicted(trie, [c, b, a])).toEqual([1, 0, 0]);
    expect(describePatterns(trie.patterns(), String)).toBe(
      "fires at the end of any token at the very beginning of a text",
    );
  });

  test("one token", async () => {
    const trie = await patternsOf(
      (ids) => Number(ids.at(-1) === c),
      [
        [a, b, c],
        [b, c],
      ],
    );
    expect(predicted(trie, [b, c])).toEqual([0, 1]);
    expect(predicted(trie, [a, a, a])).toEqual([0, 0, 0]);
    expect(predicted(trie, [c, b, c])).toEqual([1, 0, 1]);
  });

  test("a token somewhere before another", async () => {
    const f: Unit = (ids) => Number(ids.at(-1) === c && ids.slice(0, -1).includes(a));
    const trie = await patternsOf(f, [
      [a, b, c],
      [b, a, c],
      [a, c],
    ]);
    expect(predicted(trie, [b, c])).toEqual([0, 0]);
    expect(predicted(trie, [a, c])).toEqual([0, 1]);
    expect(predicted(trie, [a, e, c, a, c])).toEqual([0, 0, 1, 0, 1]);
    // True would be 0, 0, 0, 1: no example showed that distance.
    expect(predicted(trie, [a, b, b, c])).toEqual([0, 0, 0, 0]);
  });

  test("no examples", async () => {
    const trie = await patternsOf(() => 0, []);
    expect(predicted(trie, [a, e, c, a, c])).toEqual([0, 0, 0, 0, 0]);
    expect(trie.patterns()).toEqual([]);
  });
});

describe("the trie", () => {
  test("tries any token where the token itself leads nowhere", () => {
    const trie = new PatternTrie();
    trie.add({ tokens: [a, b, c], atStart: false }, 1);
    trie.add({ tokens: [d, ANY, c], atStart: false }, 2);
    expect(predicted(trie, [a, b, c])).toEqual([0, 0, 1]);
    expect(predicted(trie, [d, b, c])).toEqual([0, 0, 2]);
  });

  test("predicts the mean of a pattern's examples", () => {
    const trie = new PatternTrie();
    trie.add({ tokens: [c], atStart: false }, 1);
    trie.add({ tokens: [c], atStart: false }, 2);
    expect(predicted(trie, [c])).toEqual([1.5]);
  });

  test("a pattern at the start holds there only", () => {
    const trie = new PatternTrie();
    trie.add({ tokens: [b], atStart: true }, 1);
    expect(predicted(trie, [b, b])).toEqual([1, 0]);
  });
});

test("an example from within a text is never taken for a beginning", async () => {
  // Active at the second token only; its example stood at the tenth.
  const trie = (
    await findPatterns(
      [{ unit: 0, mask: MASK, examples: [{ ids: [a, b, a, b, c], value: 1, whole: false }] }],
      async (requests) =>
        Float64Array.from(requests, ({ ids }) => Number(ids.at(-1) === c && ids.length > 1)),
    )
  )[0]!;
  expect(trie.patterns()).toEqual([{ pattern: { tokens: [c], atStart: false }, examples: 1, value: 1 }]);
});

test("units share passes, and no sequence is asked about twice", async () => {
  const asked: string[] = [];
  let calls = 0;
  await findPatterns(
    [0, 1].map((unit) => ({
      unit,
      mask: MASK,
      examples: [
        { ids: [a, b, c], value: 1, whole: true },
        { ids: [d, b, c], value: 1, whole: true },
      ],
    })),
    async (requests) => {
      calls++;
      asked.push(...requests.map(({ unit, ids }) => `${unit}: ${ids.join()}`));
      return Float64Array.from(requests, ({ ids }) => Number(ids.at(-1) === c));
    },
  );
  expect(asked.length).toBe(new Set(asked).size);
  expect(calls).toBeLessThanOrEqual(3);
});

test("in words", () => {
  const texts = ["function", " of", " error", "“"];
  const say = (...patterns: { tokens: number[]; atStart?: boolean }[]) =>
    describePatterns(
      patterns.map(({ tokens, atStart = false }) => ({ pattern: { tokens, atStart } })),
      (id) => texts[id]!,
    );
  expect(say({ tokens: [0, 1] }, { tokens: [ANY, 1, ANY, 2] })).toBe(
    "fires at the end of “function of” and … “ of” _ “ error” (_ is any one token, … is some text before it)",
  );
  expect(say({ tokens: [ANY, ANY] })).toBe("fires at the end of any 2 tokens");
  expect(say({ tokens: [3], atStart: true })).toBe(
    "fires at the end of “\\u201c” at the very beginning of a text",
  );
  const longer = Array.from({ length: 7 }, (_, i) => ({ tokens: Array.from({ length: i + 1 }, () => 2) }));
  expect(say(...longer)).toContain("and 3 other patterns");
  expect(say({ tokens: [ANY, 2] }, { tokens: [ANY, ANY, 2] })).toBe(
    "fires at the end of … “ error” (… is some text before it)",
  );
});
