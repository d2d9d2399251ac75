/**
 * The numbers that a list is sorted and filtered by, of all units of one analysis, in memory: 98,304 units take 4 MB, and a walk over
 * them a fraction of a millisecond. An index of SQLite's answers one order quickly, but not an order together with other
 * conditions, a place far down the list, and how many there are.
 */

import { Random } from "../random.ts";
import type { Connection } from "./connection.ts";
import type { Sort } from "./listing.ts";

type Column = "density" | "mean" | "max" | "entropy";

export class UnitColumns {
  /** Number of the analysis. */
  readonly analysis: number;
  readonly count: number;
  readonly density: Float64Array;
  readonly mean: Float64Array;
  readonly max: Float64Array;
  /** NaN: unknown. */
  readonly entropy: Float64Array;
  /** 1, 0; −1: unknown. */
  readonly singleToken: Int8Array;
  readonly #orders = new Map<string, Uint32Array>();
  readonly #ordersByScore = new WeakMap<Float64Array, Map<boolean, Uint32Array>>();

  constructor(connection: Connection, analysis: number) {
    const rows = connection.arrays<[number, number, number, number | null, number | null]>(
      "SELECT density, mean, max, entropy, single_token FROM unit WHERE analysis = ? ORDER BY idx",
      analysis,
    );
    this.analysis = analysis;
    this.count = rows.length;
    this.density = Float64Array.from(rows, ([density]) => density);
    this.mean = Float64Array.from(rows, ([, mean]) => mean);
    this.max = Float64Array.from(rows, ([, , max]) => max);
    this.entropy = Float64Array.from(rows, ([, , , entropy]) => entropy ?? NaN);
    this.singleToken = Int8Array.from(rows, ([, , , , single]) => single ?? -1);
  }

  /** All units in that order. */
  order(sort: Sort, descending: boolean, scores: () => Float64Array): Uint32Array {
    if (sort === "score") return this.#orderByScore(scores(), descending);
    const key = `${sort} ${descending}`;
    let order = this.#orders.get(key);
    if (order === undefined) {
      order = this.#newOrder(sort, descending);
      this.#orders.set(key, order);
    }
    return order;
  }

  /** Scores are no part of an analysis, and change while it stands. */
  #orderByScore(scores: Float64Array, descending: boolean): Uint32Array {
    const orders = this.#ordersByScore.get(scores) ?? new Map<boolean, Uint32Array>();
    this.#ordersByScore.set(scores, orders);
    const order = orders.get(descending) ?? orderOf(scores, descending);
    orders.set(descending, order);
    return order;
  }

  #newOrder(sort: Column | "index" | "random", descending: boolean): Uint32Array {
    if (sort !== "index" && sort !== "random") return orderOf(this[sort], descending);
    const order =
      sort === "random"
        ? Random.of(0, "order of units").permutation(this.count)
        : Uint32Array.from({ length: this.count }, (_, index) => index);
    return descending ? order.reverse() : order;
  }
}

/**
 * Indices by key; equal keys by index, and NaN last, whatever the direction. Keys alone are sorted, natively, and each index then
 * takes the next place of its key: five times as fast as a sort with a comparison.
 */
export function orderOf(keys: Float64Array, descending: boolean): Uint32Array {
  const signed = descending ? keys.map((key) => -key) : keys;
  const sorted = Float64Array.from(signed).sort();
  const known = firstNaN(sorted);
  const taken = new Uint32Array(keys.length);
  const order = new Uint32Array(keys.length);
  let unknown = known;
  for (let index = 0; index < keys.length; index++) {
    const key = signed[index]!;
    if (Number.isNaN(key)) {
      order[unknown++] = index;
      continue;
    }
    const place = lowerBound(sorted, known, key);
    order[place + taken[place]!++] = index;
  }
  return order;
}

function lowerBound(sorted: Float64Array, length: number, key: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function firstNaN(sorted: Float64Array): number {
  let length = sorted.length;
  while (length > 0 && Number.isNaN(sorted[length - 1])) length--;
  return length;
}
