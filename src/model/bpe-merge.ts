/**
 * Applies the merges of a BPE to one word: the pair of lowest rank is joined first, the leftmost among equals, until no
 * pair is left that merges. A heap keeps this at O(n log n), so a megabyte of base64 without a break does no harm.
 */

/** From a pair of ids to its rank and the id that it becomes: an open-addressing table over flat arrays. */
export class PairTable {
  readonly #mask: number;
  /** Four numbers a slot: left, right, rank, merged; left is −1 in an empty slot. */
  readonly #slots: Int32Array;

  /** @param pairs how many pairs there will be at most */
  constructor(pairs: number) {
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(16, pairs * 2)));
    this.#mask = capacity - 1;
    this.#slots = new Int32Array(capacity * 4).fill(-1);
  }

  /** A pair given twice keeps what was set last. */
  set(left: number, right: number, rank: number, merged: number): void {
    this.#slots.set([left, right, rank, merged], this.#find(left, right));
  }

  /** The rank of the pair, −1 when it does not merge. */
  rank(left: number, right: number): number {
    return this.#slots[this.#find(left, right) + 2]!;
  }

  /** What the pair becomes, −1 when it does not merge. */
  merged(left: number, right: number): number {
    return this.#slots[this.#find(left, right) + 3]!;
  }

  #find(left: number, right: number): number {
    let hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
    hash ^= hash >>> 15;
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * 4;
      const found = this.#slots[at]!;
      if (found === -1 || (found === left && this.#slots[at + 1] === right)) return at;
    }
  }
}

/** Positions are below 2³⁰ and ranks below 2²², so their pair is one exact number and sorts by rank first. */
const positions = 2 ** 30;

/** Merges `symbols` in place; the result stands at its beginning. Returns the result's length. */
export function mergeSymbols(symbols: Int32Array, pairs: PairTable): number {
  const length = symbols.length;
  if (length < 2) return length;
  const next = new Int32Array(length);
  const previous = new Int32Array(length);
  const rank = new Int32Array(length).fill(-1);
  const heap = new NumberHeap();
  const rate = (position: number) => {
    const after = next[position]!;
    const found = after < length ? pairs.rank(symbols[position]!, symbols[after]!) : -1;
    rank[position] = found;
    if (found >= 0) heap.push(found * positions + position);
  };
  for (let i = 0; i < length; i++) {
    next[i] = i + 1;
    previous[i] = i - 1;
  }
  for (let i = 0; i + 1 < length; i++) rate(i);
  for (let key = heap.pop(); key >= 0; key = heap.pop()) {
    const position = key % positions;
    // An entry is stale when one of its symbols has been merged since.
    if (rank[position] !== Math.floor(key / positions)) continue;
    const after = next[position]!;
    symbols[position] = pairs.merged(symbols[position]!, symbols[after]!);
    rank[after] = -1;
    next[position] = next[after]!;
    if (next[after]! < length) previous[next[after]!] = position;
    rate(position);
    if (previous[position]! >= 0) rate(previous[position]!);
  }
  let count = 0;
  for (let i = 0; i < length; i = next[i]!) symbols[count++] = symbols[i]!;
  return count;
}

/** A binary min-heap of non-negative numbers. */
class NumberHeap {
  readonly #values: number[] = [];

  push(value: number): void {
    const heap = this.#values;
    let at = heap.push(value) - 1;
    for (let parent; at > 0 && heap[(parent = (at - 1) >> 1)]! > value; at = parent) heap[at] = heap[parent]!;
    heap[at] = value;
  }

  /** The smallest value, taken out; −1 when there is none. */
  pop(): number {
    const heap = this.#values;
    const top = heap[0] ?? -1;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= last) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}
