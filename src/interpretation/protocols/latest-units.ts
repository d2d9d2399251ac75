/**
 * What was found for the units that were asked about last. Protocols, sides and scores ask for the same things of one unit, and of the
 * other unit whose explanation is its control, in turns. Keeping them for all units would double the memory of all columns together.
 */

import type { Column, UnitEvidence } from "../evidence/passage.ts";
import type { Draw } from "./protocol.ts";

const UNITS = 4;

/** `make`, which must depend on its arguments alone, with its results for the last few units kept. */
export function forLatestUnits<T, Rest extends readonly [] | readonly [Draw]>(
  make: (evidence: UnitEvidence, ...rest: Rest) => T,
): (evidence: UnitEvidence, ...rest: Rest) => T {
  const kept: { readonly evidence: UnitEvidence; readonly rest: Rest; readonly made: T }[] = [];
  return (evidence, ...rest) => {
    const found = kept.find((one) => isSame(one.evidence, evidence) && isSameDraw(one.rest[0], rest[0]));
    if (found !== undefined) return found.made;
    const made = make(evidence, ...rest);
    kept.push({ evidence, rest, made });
    if (kept.length > UNITS) kept.shift();
    return made;
  };
}

function isSame(a: { passage: unknown; column: Column }, b: { passage: unknown; column: Column }): boolean {
  return a.passage === b.passage && a.column === b.column;
}

function isSameDraw(a: Draw | undefined, b: Draw | undefined): boolean {
  return a?.seed === b?.seed && a?.unit === b?.unit;
}
