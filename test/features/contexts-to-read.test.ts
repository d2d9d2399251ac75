import { describe, expect, test } from "vitest";
import { contextsToRead, randomTokens } from "../../src/features/pass/contexts-to-read.ts";
import { numberDocuments, separatorsBefore } from "../../src/features/pass/documents.ts";
import { Random } from "../../src/random.ts";

const splits = { heldout: { contexts: 10, context: 8 }, train: { contexts: 100, context: 8 } };

describe("contexts to read", () => {
  test("are all where there are no more than asked for", () => {
    const { heldout, train } = contextsToRead(splits, { heldout: Infinity, train: 800 });
    expect([...heldout]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([...train]).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  test("are at equal distances where there are more", () => {
    expect([...contextsToRead(splits, { heldout: 80, train: 167 }).train]).toEqual(
      Array.from({ length: 20 }, (_, i) => 2 + 5 * i),
    );
    for (const tokens of [1, 8, 24, 333, 799]) {
      const numbers = [...contextsToRead(splits, { heldout: 0, train: tokens }).train];
      expect(numbers.length).toBe(Math.max(1, Math.floor(tokens / 8)));
      const steps = numbers.slice(1).map((number, i) => number - numbers[i]!);
      if (steps.length > 1) expect(Math.max(...steps) - Math.min(...steps)).toBeLessThanOrEqual(1);
      expect(numbers.every((number) => number >= 0 && number < 100)).toBe(true);
    }
  });

  test("can be none", () => {
    expect(contextsToRead(splits, { heldout: 0, train: 0 })).toEqual({
      heldout: new Int32Array(0),
      train: new Int32Array(0),
    });
    const empty = { ...splits, train: { contexts: 0, context: 8 } };
    expect(contextsToRead(empty, { heldout: 80, train: 80 }).train.length).toBe(0);
  });
});

describe("random tokens", () => {
  const contexts = contextsToRead(splits, { heldout: 80, train: 240 });

  test("are in contexts that are read, in their order, one a context, the same for the same seed", () => {
    const chosen = randomTokens(contexts, 8, 12, 5);
    expect(chosen.length).toBe(12);
    for (const { split, context, position } of chosen) {
      expect(contexts[split]).toContain(context);
      expect(position).toBeGreaterThanOrEqual(0);
      expect(position).toBeLessThan(8);
    }
    const order = chosen.map(({ split, context }) => (split === "train" ? 1000 : 0) + context);
    expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
    expect(randomTokens(contexts, 8, 12, 5)).toEqual(chosen);
    expect(randomTokens(contexts, 8, 12, 6)).not.toEqual(chosen);
  });

  test("are as many as there are contexts when more are asked for", () => {
    expect(randomTokens(contexts, 8, 1000, 5).length).toBe(40);
  });
});

test("documents are numbered by separators before, those at the start of a context left out", async () => {
  const context = 6;
  // More than are read at once.
  const contexts = 100_000;
  const separator = 9;
  const random = Random.of(2, "separators");
  const text = Int32Array.from({ length: context * contexts }, (_, at) =>
    at % context === 0 || random.uniform() < 0.05 ? separator : random.integer(9),
  );
  const read = (first: number, count: number, into = new Int32Array(count * context)) => {
    into.set(text.subarray(first * context, (first + count) * context));
    return into;
  };
  const chosen = Int32Array.of(0, 3, 4, 250, 90_000, contexts - 1);
  const before = await separatorsBefore({ contexts, context, read }, separator, chosen);
  for (const [i, number] of chosen.entries()) {
    const documents = new Int32Array(context);
    numberDocuments(read(number, 1), context, separator, before.subarray(i, i + 1), documents);
    let count = 0;
    for (let at = 0; at < (number + 1) * context; at++) {
      if (at >= number * context) expect(documents[at - number * context]).toBe(count);
      if (at % context > 0 && text[at] === separator) count++;
    }
  }
  await expect(
    separatorsBefore({ contexts, context, read }, separator, chosen, AbortSignal.abort(new Error("stopped"))),
  ).rejects.toThrow("stopped");
  expect(await separatorsBefore({ contexts, context, read }, separator, new Int32Array(0))).toEqual(
    new Int32Array(0),
  );
});
