import { describe, expect, it } from "vitest";
import { Random } from "../../src/random.ts";
import { Packer } from "../../src/text/packing.ts";

const bos = 0;

/** The rule, word for word: join, then cut from the front. */
function reference(documents: readonly number[][], context: number): number[][] {
  const stream = documents.flatMap((ids, i) => (i === 0 ? ids : [bos, ...ids]));
  const once = stream.filter((id, i) => !(id === bos && stream[i - 1] === bos));
  const contexts: number[][] = [];
  for (let rest = once; ;) {
    if (rest[0] === bos) rest = rest.slice(1);
    if (rest.length < context - 1) return contexts;
    contexts.push([bos, ...rest.slice(0, context - 1)]);
    rest = rest.slice(context - 1);
  }
}

function pack(documents: readonly number[][], context: number, stopAt?: number) {
  let packer = new Packer(context, bos);
  const contexts: number[][] = [];
  const kinds: number[] = [];
  documents.forEach((ids, i) => {
    if (i === stopAt) packer = new Packer(context, bos, JSON.parse(JSON.stringify(packer.state)));
    packer.push(Int32Array.from(ids), i, (full, kind) => {
      contexts.push([...full]);
      kinds.push(kind);
    });
  });
  return { contexts, kinds, pending: packer.pending };
}

describe("Packer", () => {
  it("joins, cuts and begins every context with the separator", () => {
    const { contexts, kinds, pending } = pack([[1, 2, 3], [4], [5, 6, 7, 8, 9]], 4);
    expect(contexts).toEqual([
      [0, 1, 2, 3],
      [0, 4, 0, 5],
      [0, 6, 7, 8],
    ]);
    expect(kinds).toEqual([0, 2, 2]);
    expect(pending).toBe(1);
  });

  it("follows the rule on random documents, separators in them included, also when taken up again", () => {
    const random = Random.of(5);
    for (let round = 0; round < 60; round++) {
      const documents = Array.from({ length: random.integer(12) }, () =>
        Array.from({ length: 1 + random.integer(15) }, () => random.integer(6)),
      );
      const context = 2 + random.integer(9);
      const expected = reference(documents, context);
      const packed = pack(documents, context);
      expect(packed.contexts).toEqual(expected);
      for (const full of packed.contexts) {
        expect(full[0]).toBe(bos);
        expect(full.some((id, i) => i > 0 && id === bos && full[i - 1] === bos)).toBe(false);
      }
      expect(pack(documents, context, random.integer(12))).toEqual(packed);
    }
  });

  it("says which kind most of a context is of", () => {
    expect(pack([[1], [2, 3, 4, 5], [6, 7]], 9).kinds).toEqual([1]);
  });
});
