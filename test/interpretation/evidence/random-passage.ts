/** Passages of random tokens in random documents and contexts, for tests of what is drawn from them. */

import { type Column, type Passage } from "../../../src/interpretation/evidence/passage.ts";
import { dealSides } from "../../../src/interpretation/evidence/sides.ts";
import { Random } from "../../../src/random.ts";

export const SEPARATOR = 0;

/**
 * Packed as text is (src/text/packing.ts): a separator before each context and between documents, which run on over contexts. With an odd
 * seed there is none before contexts, so that only `starts` tells where they begin.
 */
export function randomPassage(seed: number, request: { contexts: number; context: number }): Passage {
  const random = Random.of(seed, "random passage");
  const { contexts, context } = request;
  const size = contexts * context;
  const tokens = new Int32Array(size);
  const documents = new Int32Array(size);
  const longest = 1 + random.integer(2 * context);
  let document = 0;
  let left = 1 + random.integer(longest);
  for (let at = 0; at < size; at++) {
    if ((at % context === 0 && seed % 2 === 0) || left === 0) {
      documents[at] = -1;
      tokens[at] = SEPARATOR;
      if (left === 0) {
        document++;
        left = 1 + random.integer(longest);
      }
      continue;
    }
    documents[at] = document;
    tokens[at] = 1 + random.integer(12);
    left--;
  }
  return {
    tokens,
    documents,
    starts: Int32Array.from({ length: contexts + 1 }, (_, i) => i * context),
    sides: dealSides(document + 1, seed),
    places: null,
    tokenText: (id) => `t${id}`,
  };
}

/** f > 0 on about a share `density` of the tokens, separators among them. */
export function randomColumn(seed: number, { tokens }: Passage, density: number): Column {
  const random = Random.of(seed, "random column");
  const rows = [...tokens.keys()].filter(() => random.uniform() < density);
  return { rows: Uint32Array.from(rows), values: Float32Array.from(rows, () => 0.01 + random.uniform()) };
}
