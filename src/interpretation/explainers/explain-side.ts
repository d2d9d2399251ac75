/**
 * What all explanations made from one passage share: its tokens of the side "explain", and how often each occurs there. It is found once a
 * passage and kept with it; of a unit, only the tokens on which it is active are walked, so that thousands of units take seconds.
 *
 * A stretch is what one document has of one context. A token's previous and next one are those of its stretch: the model saw
 * nothing before the context, and what is shown of a text never reaches from one document into another.
 */

import { tokensOfSide } from "../evidence/examples.ts";
import type { Column, Passage } from "../evidence/passage.ts";

/** What `ExplainSide.place` says of a token. */
export const ELSEWHERE = 0;
export const FIRST = 1;
export const INNER = 2;

export interface ExplainSide {
  readonly passage: Passage;
  /** Its tokens, ascending indices into the passage. */
  readonly rows: Int32Array;
  /** Of each token of the passage: not on the side, the first of its stretch, or one with a previous token. */
  readonly place: Uint8Array;
  /** One more than the largest token of the whole passage. */
  readonly vocabulary: number;
  /** Occurrences on the side, by token. */
  readonly counts: Uint32Array;
  /** Occurrences behind another token of the stretch, by token; and of all tokens. */
  readonly asNext: Uint32Array;
  readonly nexts: number;
}

const known = new WeakMap<Passage, ExplainSide>();

export function explainSide(passage: Passage): ExplainSide {
  let side = known.get(passage);
  if (side === undefined) known.set(passage, (side = readSide(passage)));
  return side;
}

function readSide(passage: Passage): ExplainSide {
  const { tokens, documents, starts } = passage;
  const rows = tokensOfSide(passage, "explain");
  let vocabulary = 0;
  for (let row = 0; row < tokens.length; row++) vocabulary = Math.max(vocabulary, tokens[row]! + 1);
  const place = new Uint8Array(tokens.length);
  const counts = new Uint32Array(vocabulary);
  for (const row of rows) {
    place[row] = row > 0 && documents[row - 1] === documents[row] ? INNER : FIRST;
    counts[tokens[row]!]!++;
  }
  for (const start of starts) if (place[start] === INNER) place[start] = FIRST;
  const asNext = new Uint32Array(vocabulary);
  let nexts = 0;
  for (const row of rows) {
    if (place[row] !== INNER) continue;
    asNext[tokens[row]!]!++;
    nexts++;
  }
  return { passage, rows, place, vocabulary, counts, asNext, nexts };
}

/** Whether the token behind `row` is of the same stretch. */
export function hasNext({ place }: ExplainSide, row: number): boolean {
  return place[row + 1] === INNER;
}

/** The first token of `row`'s stretch, looking back at most `reach` tokens. */
export function stretchStart({ place }: ExplainSide, row: number, reach = Number.POSITIVE_INFINITY): number {
  let start = row;
  while (place[start] === INNER && row - start < reach) start--;
  return start;
}

/** f of a unit on the side: its active tokens there, and sums over all of the side's tokens. */
export interface UnitOnSide {
  readonly rows: Uint32Array;
  readonly values: Float32Array;
  readonly sum: number;
  readonly squares: number;
  readonly max: number;
  /** Mean of f over all tokens of the side. */
  readonly mean: number;
}

/** Null for a unit that is nowhere active there: nothing can be said of it. */
export function onSide({ place, rows: all }: ExplainSide, column: Column): UnitOnSide | null {
  const rows = new Uint32Array(column.rows.length);
  const values = new Float32Array(column.rows.length);
  let [count, sum, squares, max] = [0, 0, 0, 0];
  for (let at = 0; at < rows.length; at++) {
    const row = column.rows[at]!;
    const value = column.values[at]!;
    if (place[row] === ELSEWHERE || !(value > 0)) continue;
    rows[count] = row;
    values[count++] = value;
    sum += value;
    squares += value * value;
    if (value > max) max = value;
  }
  if (count === 0) return null;
  return {
    rows: rows.subarray(0, count),
    values: values.subarray(0, count),
    sum,
    squares,
    max,
    mean: sum / all.length,
  };
}

/** A token with the sum of f over its occurrences, and those at which the unit is active. */
export interface TokenSum {
  readonly token: number;
  readonly sum: number;
  readonly active: number;
}

/** Of each token that the unit is active on, largest sum first. */
export function tokenSums({ passage, vocabulary }: ExplainSide, { rows, values }: UnitOnSide): TokenSum[] {
  const { tokens } = passage;
  const [sums, active] = scratch(vocabulary);
  const met: number[] = [];
  for (let at = 0; at < rows.length; at++) {
    const token = tokens[rows[at]!]!;
    if (active[token]!++ === 0) met.push(token);
    sums[token]! += values[at]!;
  }
  const found = met.map((token) => ({ token, sum: sums[token]!, active: active[token]! }));
  for (const token of met) sums[token] = active[token] = 0;
  return found.sort((a, b) => b.sum - a.sum || a.token - b.token);
}

let scratchSums = new Float64Array(0);
let scratchCounts = new Uint32Array(0);

/** Zeroed arrays that are lent until the next call; whoever borrows them leaves them zero. */
function scratch(size: number): [Float64Array, Uint32Array] {
  if (scratchSums.length < size) {
    scratchSums = new Float64Array(size);
    scratchCounts = new Uint32Array(size);
  }
  return [scratchSums, scratchCounts];
}
