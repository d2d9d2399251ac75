/** Stretches of random passages beside plain searches: none reaches over the end of a document or a context. */

import { describe, expect, test } from "vitest";
import {
  contextOf,
  fragments,
  tokensOfSide,
  windowAround,
  windowKey,
} from "../../../src/interpretation/evidence/examples.ts";
import {
  activationsOf,
  type Passage,
  sequenceOf,
  SIDES,
  sideOf,
} from "../../../src/interpretation/evidence/passage.ts";
import { randomColumn, randomPassage, SEPARATOR } from "./random-passage.ts";

const SEEDS = Array.from({ length: 20 }, (_, i) => i);
const passages = SEEDS.map((seed) =>
  randomPassage(seed, { contexts: 1 + ((seed * 7) % 30), context: 3 + ((seed * 5) % 22) }),
);

/** Whether [start, end) is of one document and one context, by looking at every token. */
function isWhole({ documents, starts }: Passage, start: number, end: number): boolean {
  if (start < 0 || end > documents.length) return false;
  const stretch = documents.subarray(start, end);
  const cut = starts.some((begin) => begin > start && begin < end);
  return !cut && stretch.every((document) => document >= 0 && document === stretch[0]);
}

describe("a window around a token", () => {
  test("is there exactly where it lies in one document of one context", () => {
    let found = 0;
    for (const passage of passages) {
      for (let token = -1; token <= passage.tokens.length; token++) {
        for (const [before, after] of [
          [0, 0],
          [2, 1],
          [0, 4],
          [5, 5],
        ] as const) {
          const window = windowAround(passage, token, before, after);
          const whole =
            token >= 0 &&
            token < passage.tokens.length &&
            isWhole(passage, token - before, token + after + 1);
          expect(window).toEqual(whole ? { start: token - before, length: before + 1 + after } : null);
          if (whole) found++;
        }
      }
    }
    expect(found).toBeGreaterThan(1000);
  });

  test("has one side, no separator, and the column's values", () => {
    for (const [seed, passage] of passages.entries()) {
      const column = randomColumn(seed, passage, 0.3);
      const dense = new Float64Array(passage.tokens.length);
      column.rows.forEach((row, i) => (dense[row] = column.values[i]!));
      for (let token = 0; token < passage.tokens.length; token++) {
        const window = windowAround(passage, token, 1, 2);
        if (window === null) continue;
        const excerpt = { ...window, centre: 1, group: "random" as const, interval: null };
        const places = Array.from({ length: window.length }, (_, i) => window.start + i);
        expect(new Set(places.map((place) => sideOf(passage, place))).size).toBe(1);
        expect(sequenceOf(passage, excerpt).ids).not.toContain(SEPARATOR);
        expect([...activationsOf(column, excerpt)]).toEqual(places.map((place) => dense[place]));
      }
    }
  });
});

describe("fragments", () => {
  test("are whole, do not overlap, and are as many as fit", () => {
    for (const passage of passages) {
      for (const length of [1, 3, 8]) {
        const expected: number[] = [];
        const taken = new Set<number>();
        for (let start = 0; start + length <= passage.tokens.length; start++) {
          if (taken.has(start) || !isWhole(passage, start, start + length)) continue;
          expected.push(start);
          for (let at = start; at < start + length; at++) taken.add(at);
        }
        expect([...fragments(passage, length)]).toEqual(expected);
      }
    }
    expect(() => fragments(passages[0]!, 0)).toThrow("0 tokens");
  });
});

describe("keys of windows", () => {
  test("are equal exactly for equal tokens, whatever array they are in", () => {
    const tokens = Int32Array.from([9, 1, 2, 1, 2, 258, 2, 65_537, 65_537]);
    const passage = { ...passages[0]!, tokens: new Int32Array([7, ...tokens]).subarray(1) };
    const key = (start: number, length: number) => windowKey(passage, start, length);
    expect(key(1, 2)).toBe(key(3, 2));
    expect(key(1, 2)).not.toBe(key(5, 2));
    expect(key(7, 1)).toBe(key(8, 1));
    expect(key(7, 1)).not.toBe(key(1, 1));
    expect(key(1, 2)).not.toBe(key(1, 3));
  });
});

test("the tokens of the sides are all tokens but separators, each once", () => {
  for (const passage of passages) {
    const all = SIDES.flatMap((side) => {
      const tokens = tokensOfSide(passage, side);
      expect([...tokens].every((token) => sideOf(passage, token) === side)).toBe(true);
      expect(tokens).toEqual(tokens.toSorted());
      expect(tokensOfSide(passage, side)).toBe(tokens);
      return [...tokens];
    });
    const expected = [...passage.tokens.keys()].filter((at) => passage.tokens[at] !== SEPARATOR);
    expect(all.sort((a, b) => a - b)).toEqual(expected);
  }
});

test("the context of a token", () => {
  for (const passage of passages) {
    for (let token = 0; token < passage.tokens.length; token++) {
      const context = contextOf(passage, token);
      expect(passage.starts[context]).toBeLessThanOrEqual(token);
      expect(passage.starts[context + 1]).toBeGreaterThan(token);
    }
  }
});
