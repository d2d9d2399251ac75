/**
 * Active units of a batch's rows, turned round: for each unit the rows on which it was active. A counting sort, so the rows of a
 * unit stay in ascending order and nothing is allocated from batch to batch.
 */

import type { SparseActivations } from "../../sae/forward.ts";

export class ByUnit {
  /** Unit i's entries are [starts[i], starts[i + 1]). */
  readonly starts: Uint32Array;
  /** Row of each entry, and f there. */
  rows = new Uint32Array(0);
  values = new Float32Array(0);

  constructor(units: number) {
    this.starts = new Uint32Array(units + 1);
  }

  get entries(): number {
    return this.starts[this.starts.length - 1]!;
  }

  /** Takes in the first `count` rows. An entry whose value is not positive is no activation and is left out. */
  set({ rowOffsets, indices, values }: SparseActivations, count: number): void {
    const { starts } = this;
    const end = rowOffsets[count]!;
    if (end > this.rows.length) {
      const room = Math.ceil(end * 1.25);
      this.rows = new Uint32Array(room);
      this.values = new Float32Array(room);
    }
    starts.fill(0);
    // Counted two places further on, so that after the sums the place before a unit's end is where it goes on filling.
    const units = starts.length - 1;
    for (let entry = 0; entry < end; entry++) {
      if (values[entry]! > 0 && indices[entry]! < units - 1) starts[indices[entry]! + 2]!++;
    }
    for (let i = 2; i <= units; i++) starts[i]! += starts[i - 1]!;
    const { rows: into, values: valuesInto } = this;
    for (let row = 0; row < count; row++) {
      for (let entry = rowOffsets[row]!, last = rowOffsets[row + 1]!; entry < last; entry++) {
        const value = values[entry]!;
        if (!(value > 0)) continue;
        const at = starts[indices[entry]! + 1]!++;
        into[at] = row;
        valuesInto[at] = value;
      }
    }
  }
}
