/**
 * The merge loop of BPE training: which adjacent pair of symbols is most frequent, again and again, with the counts kept
 * up to date instead of recounted. Every symbol has a position in one flat array, positions are linked to their living
 * neighbours, and each pair remembers the positions where it was seen; a merge touches only those.
 */

export interface WeightedSequence {
  /** Symbol ids, all below `firstNew`. */
  readonly symbols: Uint16Array;
  /** How often this sequence occurs. */
  readonly count: number;
}

interface Pair {
  readonly left: number;
  readonly right: number;
  count: number;
  /** Positions of the left symbol, some of them stale: a merge since then may have taken either symbol away. */
  readonly positions: number[];
}

/** Ids stay below 2¹⁶, so a pair fits one exact number. */
const idLimit = 65536;

/**
 * Learns at most `merges` merges. The i-th gets id `firstNew` + i and joins the pair with the highest count at that
 * time; among equals the lowest left id, then the lowest right id. Ends early when no pair occurs twice.
 */
export function mergePairs(
  sequences: readonly WeightedSequence[],
  firstNew: number,
  merges: number,
): [number, number][] {
  if (firstNew + merges > idLimit) throw new Error(`${firstNew + merges} symbols do not fit 16 bits`);
  const links = linkSymbols(sequences);
  const { symbol, next, previous, weight } = links;
  const pairs = new Map<number, Pair>();
  const changed = new Set<Pair>();
  const add = (position: number) => {
    const left = symbol[position]!;
    const right = symbol[next[position]!]!;
    const key = left * idLimit + right;
    let pair = pairs.get(key);
    if (pair === undefined) pairs.set(key, (pair = { left, right, count: 0, positions: [] }));
    pair.count += weight[position]!;
    pair.positions.push(position);
    changed.add(pair);
  };
  for (let position = 0; position < symbol.length; position++) if (next[position]! >= 0) add(position);

  const queue = new PairQueue();
  const result: [number, number][] = [];
  while (result.length < merges) {
    for (const pair of changed) queue.push(pair, pair.count);
    changed.clear();
    const best = queue.pop();
    if (best === undefined || best.count < 2) break;
    const { left, right } = best;
    const merged = firstNew + result.length;
    result.push([left, right]);
    pairs.delete(left * idLimit + right);
    // In a run of one symbol the pairs overlap; leftmost first is the order in which text is encoded.
    if (left === right) best.positions.sort((a, b) => a - b);
    for (const position of best.positions) {
      const after = next[position]!;
      if (symbol[position] !== left || after < 0 || symbol[after] !== right) continue;
      const before = previous[position]!;
      const beyond = next[after]!;
      const times = weight[position]!;
      if (before >= 0) lose(pairs, symbol[before]!, left, times);
      if (beyond >= 0) lose(pairs, right, symbol[beyond]!, times);
      symbol[position] = merged;
      symbol[after] = -1;
      next[position] = beyond;
      if (beyond >= 0) previous[beyond] = position;
      if (before >= 0) add(before);
      if (beyond >= 0) add(position);
    }
    best.count = 0;
  }
  return result;
}

/** A pair's count sinks without a new queue entry: its old entry is then too high and is put right when popped. */
function lose(pairs: Map<number, Pair>, left: number, right: number, times: number): void {
  const pair = pairs.get(left * idLimit + right);
  if (pair !== undefined) pair.count -= times;
}

function linkSymbols(sequences: readonly WeightedSequence[]) {
  const length = sequences.reduce((sum, { symbols }) => sum + symbols.length, 0);
  const symbol = new Int32Array(length);
  const next = new Int32Array(length);
  const previous = new Int32Array(length);
  const weight = new Float64Array(length);
  let position = 0;
  for (const { symbols, count } of sequences) {
    for (let i = 0; i < symbols.length; i++, position++) {
      symbol[position] = symbols[i]!;
      previous[position] = i === 0 ? -1 : position - 1;
      next[position] = i === symbols.length - 1 ? -1 : position + 1;
      weight[position] = count;
    }
  }
  return { symbol, next, previous, weight };
}

/** A binary heap of (pair, count when pushed), highest count first. */
class PairQueue {
  readonly #entries: { pair: Pair; count: number }[] = [];

  push(pair: Pair, count: number): void {
    const heap = this.#entries;
    const entry = { pair, count };
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!comesBefore(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  /** The pair with the highest true count. */
  pop(): Pair | undefined {
    for (;;) {
      const top = this.#take();
      if (top === undefined || top.count === top.pair.count) return top?.pair;
      if (top.count > top.pair.count && top.pair.count > 0) this.push(top.pair, top.pair.count);
    }
  }

  #take(): { pair: Pair; count: number } | undefined {
    const heap = this.#entries;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && comesBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!comesBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}

function comesBefore(a: { pair: Pair; count: number }, b: { pair: Pair; count: number }): boolean {
  if (a.count !== b.count) return a.count > b.count;
  return a.pair.left !== b.pair.left ? a.pair.left < b.pair.left : a.pair.right < b.pair.right;
}
