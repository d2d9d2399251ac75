/**
 * Whether a unit is about one token: Bricken et al. 2023 call a feature so when its highest contexts all have their maximum on the same
 * token. As in the analysis (docs/features.md), by the 20 highest contexts.
 */

import type { Column, Passage } from "../evidence/passage.ts";

const CONTEXTS = 20;

/** Null with fewer than 20 contexts in which it is active. */
export function isSingleToken({ tokens, starts }: Passage, { rows, values }: Column): boolean | null {
  const peaks: { readonly value: number; readonly row: number }[] = [];
  let context = 0;
  let best = -1;
  const close = () => {
    if (best >= 0) peaks.push({ value: values[best]!, row: rows[best]! });
    best = -1;
  };
  for (let at = 0; at < rows.length; at++) {
    if (rows[at]! >= starts[context + 1]!) {
      close();
      while (rows[at]! >= starts[context + 1]!) context++;
    }
    if (best < 0 || values[at]! > values[best]!) best = at;
  }
  close();
  if (peaks.length < CONTEXTS) return null;
  peaks.sort((a, b) => b.value - a.value || a.row - b.row);
  return peaks.slice(1, CONTEXTS).every(({ row }) => tokens[row] === tokens[peaks[0]!.row]);
}
