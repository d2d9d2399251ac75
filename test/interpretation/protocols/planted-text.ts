/** Text of common and rare tokens in many documents, and units of which everybody can say what they fire on. */

import type { Column, Passage, UnitEvidence } from "../../../src/interpretation/evidence/passage.ts";
import { dealSides } from "../../../src/interpretation/evidence/sides.ts";
import { Random } from "../../../src/random.ts";

export const SEPARATOR = 0;

export interface PlantedRequest {
  readonly contexts?: number;
  readonly context?: number;
  /** Tokens of a document: twice that at most. */
  readonly document?: number;
  readonly vocabulary?: number;
}

/** Packed as text is: a separator before each context and between documents. Low ids are common, high ones rare. */
export function plantedText(seed: number, request: PlantedRequest = {}): Passage {
  const { contexts = 600, context = 128, document: mean = 150, vocabulary = 300 } = request;
  const random = Random.of(seed, "planted text");
  const tokens = new Int32Array(contexts * context);
  const documents = new Int32Array(contexts * context).fill(-1);
  let document = 0;
  let left = 1 + random.integer(2 * mean);
  for (let at = 0; at < tokens.length; at++) {
    if (at % context === 0) continue;
    if (left === 0) {
      document++;
      left = 1 + random.integer(2 * mean);
      continue;
    }
    documents[at] = document;
    tokens[at] = 1 + Math.floor(random.uniform() ** 2 * (vocabulary - 1));
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

/** f on a token of the unit, from the token and the one before it; 0 elsewhere. */
export function plantedUnit(passage: Passage, f: (token: number, before: number) => number): UnitEvidence {
  const { tokens, documents } = passage;
  const rows: number[] = [];
  const values: number[] = [];
  for (let at = 1; at < tokens.length; at++) {
    const value = documents[at]! < 0 ? 0 : f(tokens[at]!, tokens[at - 1]!);
    if (!(value > 0)) continue;
    rows.push(at);
    values.push(value);
  }
  const column: Column = { rows: Uint32Array.from(rows), values: Float32Array.from(values) };
  return { passage, column, logits: plantedLogits(1, 300) };
}

/** Fires on one token, more or less strongly after each other token: all intervals have examples. */
export function onToken(passage: Passage, token: number): UnitEvidence {
  return plantedUnit(passage, (current, before) =>
    current === token ? 0.05 + ((before * 37) % 100) / 10 : 0,
  );
}

/** Weights that fall from the first token of the vocabulary to the last. */
export function plantedLogits(first: number, count: number): UnitEvidence["logits"] {
  const vocabulary = Int32Array.from({ length: count }, (_, i) => first + i);
  const ranked = Array.from(vocabulary, (token, i) => ({ token, value: count / 2 - i }));
  return { top: ranked.slice(0, 60), bottom: ranked.slice(-60).reverse(), vocabulary };
}
