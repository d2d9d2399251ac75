/**
 * How often one token follows another on the side "explain". A passage of a million tokens has some hundred thousand different
 * pairs, and a unit asks about those it is active on: the pair of every token is looked up once a passage.
 */

import type { Passage } from "../evidence/passage.ts";
import { type ExplainSide, INNER } from "./explain-side.ts";

/** A hash table of (previous, current) with open addressing; pairs are numbered in the order in which they are met. */
export class PairCounts {
  /** Of each token of the passage the number of its pair; −1 where there is none. */
  readonly ofRow: Int32Array;
  readonly counts: Uint32Array;
  readonly previous: Int32Array;
  readonly current: Int32Array;
  readonly #slots: Int32Array;
  readonly #mask: number;

  constructor({ passage: { tokens }, rows, place }: ExplainSide) {
    const capacity = 2 ** Math.ceil(Math.log2(2 * rows.length + 2));
    this.#slots = new Int32Array(capacity);
    this.#mask = capacity - 1;
    this.ofRow = new Int32Array(tokens.length).fill(-1);
    const previous = new Int32Array(rows.length);
    const current = new Int32Array(rows.length);
    const counts = new Uint32Array(rows.length);
    let pairs = 0;
    for (const row of rows) {
      if (place[row] !== INNER) continue;
      const [before, token] = [tokens[row - 1]!, tokens[row]!];
      let slot = hash(before, token) & this.#mask;
      let pair = this.#slots[slot]! - 1;
      while (pair >= 0 && (previous[pair] !== before || current[pair] !== token)) {
        slot = (slot + 1) & this.#mask;
        pair = this.#slots[slot]! - 1;
      }
      if (pair < 0) {
        pair = pairs++;
        this.#slots[slot] = pairs;
        previous[pair] = before;
        current[pair] = token;
      }
      counts[pair]!++;
      this.ofRow[row] = pair;
    }
    this.previous = previous.slice(0, pairs);
    this.current = current.slice(0, pairs);
    this.counts = counts.slice(0, pairs);
  }

  /** The number of a pair; −1 for one that the side does not have. */
  find(previous: number, current: number): number {
    for (let slot = hash(previous, current) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const pair = this.#slots[slot]! - 1;
      if (pair < 0 || (this.previous[pair] === previous && this.current[pair] === current)) return pair;
    }
  }

  /** Occurrences of a pair. */
  count(previous: number, current: number): number {
    const pair = this.find(previous, current);
    return pair < 0 ? 0 : this.counts[pair]!;
  }
}

const known = new WeakMap<Passage, PairCounts>();

export function pairCounts(side: ExplainSide): PairCounts {
  let pairs = known.get(side.passage);
  if (pairs === undefined) known.set(side.passage, (pairs = new PairCounts(side)));
  return pairs;
}

function hash(previous: number, current: number): number {
  let h = Math.imul(previous + 1, 0x9e3779b1) ^ Math.imul(current + 1, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35);
  return (h ^ (h >>> 13)) >>> 0;
}
