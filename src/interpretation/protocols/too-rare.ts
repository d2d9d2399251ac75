/**
 * Which units are too rare to be scored: Bricken et al. 2023 leave out features with fewer than 20 examples. All protocols have the same
 * limit, counted in the same way, so that their scores speak of the same units.
 */

import { windowAround, windowKey } from "../evidence/examples.ts";
import type { Side, UnitEvidence } from "../evidence/passage.ts";
import { activeOn } from "./active-tokens.ts";

export const FEWEST_EXAMPLES = 20;

/** Tokens on each side of the token that a window is chosen for: Bricken et al. show 9 tokens. */
export const REACH = 4;

/** Whether the unit is active at fewer tokens than are needed of the side that have different windows of 9 tokens. */
export function isTooRare(evidence: UnitEvidence, side: Side): boolean {
  const { rows } = activeOn(evidence, side);
  const { fewest = FEWEST_EXAMPLES } = evidence;
  const found = new Set<string>();
  for (const row of rows) {
    const window = windowAround(evidence.passage, row, REACH, REACH);
    if (window === null) continue;
    found.add(windowKey(evidence.passage, window.start, window.length));
    if (found.size >= fewest) return false;
  }
  return true;
}
