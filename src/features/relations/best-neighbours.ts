/**
 * The k best partners of every unit, kept while pairs come by.
 *
 * A pair is offered once; what is kept does not depend on how pairs are grouped, as long as the partners of a unit come in
 * ascending order: of equal values the one that came first stands, so the lower number wins. Values are rounded to float32 before they
 * are compared, since that is how they are kept.
 */

import { sharedFloats } from "../../engine/tensor.ts";
import type { Neighbour } from "../records.ts";

/** Plain data on shared memory, so that it crosses threads without a copy. */
export interface NeighbourTable {
  readonly rows: number;
  readonly k: number;
  /** Partners of row i at [i·k, i·k + counts[i]), best first. */
  readonly indices: Uint32Array;
  readonly values: Float32Array;
  readonly counts: Uint32Array;
}

export function neighboursOf({ k, indices, values, counts }: NeighbourTable, row: number): Neighbour[] {
  return Array.from({ length: counts[row]! }, (_, i) => ({
    index: indices[row * k + i]!,
    value: values[row * k + i]!,
  }));
}

export class BestNeighbours {
  readonly table: NeighbourTable;
  /** What a value must exceed to enter row i. */
  readonly floor: Float32Array;

  /** @param least values at or below it are never kept */
  constructor(rows: number, k: number, least = -Infinity) {
    this.table = {
      rows,
      k,
      indices: new Uint32Array(new SharedArrayBuffer(rows * k * 4)),
      values: sharedFloats(rows * k),
      counts: new Uint32Array(new SharedArrayBuffer(rows * 4)),
    };
    this.floor = new Float32Array(rows).fill(k > 0 ? least : Infinity);
  }

  /** Enters `index` in `row`. The caller has seen that `value`, a float32, is above the row's floor. */
  insert(row: number, index: number, value: number): void {
    const { k, indices, values, counts } = this.table;
    const start = row * k;
    const count = counts[row]!;
    let at = start + Math.min(count, k - 1);
    for (; at > start && values[at - 1]! < value; at--) {
      values[at] = values[at - 1]!;
      indices[at] = indices[at - 1]!;
    }
    values[at] = value;
    indices[at] = index;
    if (count < k) counts[row] = count + 1;
    if (counts[row] === k) this.floor[row] = values[start + k - 1]!;
  }
}
