/** The tokens of one side at which a unit is active. */

import { type Side, SIDES, type UnitEvidence } from "../evidence/passage.ts";
import { forLatestUnits } from "./latest-units.ts";

export interface ActiveTokens {
  /** Ascending. */
  readonly rows: Uint32Array;
  readonly values: Float32Array;
  /** The highest of `values`; 0 when there are none. */
  readonly max: number;
}

export function activeOn(evidence: UnitEvidence, side: Side): ActiveTokens {
  return dealt(evidence)[SIDES.indexOf(side)]!;
}

const dealt = forLatestUnits(({ passage, column }: UnitEvidence): ActiveTokens[] => {
  const { documents, sides } = passage;
  const { rows, values } = column;
  const none = SIDES.length;
  const sideOfRow = new Uint8Array(rows.length);
  const counts = new Uint32Array(none + 1);
  for (let at = 0; at < rows.length; at++) {
    const document = documents[rows[at]!]!;
    const side = document < 0 || !(values[at]! > 0) ? none : sides[document]!;
    sideOfRow[at] = side;
    counts[side]!++;
  }
  const bySide = SIDES.map((_, side) => ({
    rows: new Uint32Array(counts[side]!),
    values: new Float32Array(counts[side]!),
    max: 0,
  }));
  const next = new Uint32Array(none);
  for (let at = 0; at < rows.length; at++) {
    const side = sideOfRow[at]!;
    if (side === none) continue;
    const to = bySide[side]!;
    const value = values[at]!;
    const place = next[side]!++;
    to.rows[place] = rows[at]!;
    to.values[place] = value;
    if (value > to.max) to.max = value;
  }
  return bySide;
});
