/** The entries of sparse rows once more, unit by unit: whatever is counted for one unit then reads its entries one after the other. */

import type { SparseActivations } from "../../sae/forward.ts";

/** Unit i's entries are [columnOffsets[i], columnOffsets[i+1]), rows ascending. */
export interface UnitColumns {
  readonly columnOffsets: Uint32Array;
  /** Where each stands among the entries of the rows. */
  readonly entries: Uint32Array;
  /** The row of each. */
  readonly rows: Uint32Array;
}

export function columnsOf({ rowOffsets, indices }: SparseActivations, units: number): UnitColumns {
  const columnOffsets = new Uint32Array(units + 1);
  const entries = new Uint32Array(indices.length);
  const rows = new Uint32Array(indices.length);
  for (let e = 0; e < indices.length; e++) columnOffsets[indices[e]! + 1]!++;
  for (let i = 0; i < units; i++) columnOffsets[i + 1]! += columnOffsets[i]!;
  const next = columnOffsets.slice(0, units);
  for (let row = 0; row + 1 < rowOffsets.length; row++) {
    for (let e = rowOffsets[row]!; e < rowOffsets[row + 1]!; e++) {
      const at = next[indices[e]!]!++;
      entries[at] = e;
      rows[at] = row;
    }
  }
  return { columnOffsets, entries, rows };
}
