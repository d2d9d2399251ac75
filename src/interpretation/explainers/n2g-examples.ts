/** The examples that patterns are made from: a unit's highest on the side "explain", and a few from all of its activity. */

import { Random } from "../../random.ts";
import { type ExplainSide, FIRST, stretchStart, type UnitOnSide } from "./explain-side.ts";

/** What a token is read with, at most. */
export const REACH = 6;

/** Copies of a text are one example: those that are equal over so many tokens. */
const WINDOW = 5;

const HIGHEST = 8;
const OTHERS = 4;

/** Active tokens that are looked at for distinct ones. */
const CANDIDATES = 64;

export interface Example {
  /** The tokens up to and with the one on which the unit is active, at most REACH, all of one stretch. */
  readonly ids: readonly number[];
  readonly value: number;
  /** The first of `ids` is the first token of the stretch. */
  readonly whole: boolean;
}

export function pickExamples(side: ExplainSide, unit: UnitOnSide, number: number): Example[] {
  const { tokens } = side.passage;
  const found: Example[] = [];
  const seen = new Set<string>();
  const take = (at: number) => {
    const row = unit.rows[at]!;
    const start = stretchStart(side, row, REACH - 1);
    const ids = Array.from(tokens.subarray(start, row + 1));
    const key = ids.slice(-WINDOW).join();
    if (seen.has(key)) return;
    seen.add(key);
    found.push({ ids, value: unit.values[at]!, whole: side.place[start] === FIRST });
  };
  for (const at of highest(unit.values)) {
    if (found.length === HIGHEST) break;
    take(at);
  }
  const random = Random.of(0, `n2g ${number}`);
  for (let tried = 0; tried < 2 * OTHERS && found.length < HIGHEST + OTHERS; tried++) {
    take(random.integer(unit.rows.length));
  }
  return found;
}

/** The places of the highest values, highest first. */
function highest(values: Float32Array): number[] {
  if (values.length <= CANDIDATES) return sorted(values, Array.from(values.keys()));
  const threshold = values.toSorted()[values.length - CANDIDATES]!;
  const places: number[] = [];
  for (let at = 0; at < values.length; at++) if (values[at]! >= threshold) places.push(at);
  return sorted(values, places).slice(0, CANDIDATES);
}

function sorted(values: Float32Array, places: number[]): number[] {
  return places.sort((a, b) => values[b]! - values[a]! || a - b);
}
