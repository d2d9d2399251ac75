/** Where each token of the vocabulary occurs on a side of a passage, found once for all units. */

import { tokensOfSide } from "../evidence/examples.ts";
import type { Passage, Side } from "../evidence/passage.ts";

export interface Occurrences {
  /** places[offsets[id] … offsets[id + 1]) are those of token `id`, ascending. */
  readonly offsets: Uint32Array;
  readonly places: Int32Array;
}

const known = new WeakMap<Passage, Map<Side, Occurrences>>();

export function occurrencesOn(passage: Passage, side: Side): Occurrences {
  let bySide = known.get(passage);
  if (bySide === undefined) known.set(passage, (bySide = new Map()));
  let found = bySide.get(side);
  if (found === undefined) bySide.set(side, (found = index(passage.tokens, tokensOfSide(passage, side))));
  return found;
}

function index(tokens: Int32Array, side: Int32Array): Occurrences {
  let vocabulary = 0;
  for (const at of side) vocabulary = Math.max(vocabulary, tokens[at]! + 1);
  const offsets = new Uint32Array(vocabulary + 1);
  for (const at of side) offsets[tokens[at]! + 1]!++;
  for (let id = 0; id < vocabulary; id++) offsets[id + 1]! += offsets[id]!;
  const next = offsets.slice();
  const places = new Int32Array(side.length);
  for (const at of side) places[next[tokens[at]!]!++] = at;
  return { offsets, places };
}
