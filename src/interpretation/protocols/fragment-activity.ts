/**
 * The fragments of a side (pieces of fixed length that do not overlap), and those in which a unit is active. Bills et al. 2023 have
 * fragments of 64 tokens, delphi of 32. Contexts can be shorter: then fragments are as long as the longest context without its
 * separator, or nothing could be shown at all.
 */

import { fragments } from "../evidence/examples.ts";
import { type Passage, type Side, SIDES, type UnitEvidence } from "../evidence/passage.ts";
import { activeOn } from "./active-tokens.ts";
import { forLatestUnits } from "./latest-units.ts";
import { ascendingOrder } from "./order.ts";

interface FragmentIndex {
  readonly length: number;
  /** Where the fragments of each side begin, ascending. */
  readonly bySide: readonly Int32Array[];
  /** The place of each token's fragment in the list of its side; −1 for tokens in none. */
  readonly fragmentOf: Int32Array;
}

export interface FragmentActivity {
  /** Tokens of every fragment. */
  readonly length: number;
  /** Where all fragments of the side begin, ascending. */
  readonly starts: Int32Array;
  /** Those in which the unit is active: places in `starts`, ascending. */
  readonly active: Int32Array;
  /** Of each active fragment the highest f, and the token that it is at. */
  readonly maxima: Float32Array;
  readonly peaks: Int32Array;
  /** Places in `active`, the one with the lowest maximum first. */
  readonly order: Uint32Array;
}

const known = new WeakMap<Passage, Map<number, FragmentIndex>>();

const knownOf = forLatestUnits<Map<string, FragmentActivity>, []>(() => new Map());

/** @param longest tokens of a fragment, where contexts are long enough */
export function fragmentActivity(evidence: UnitEvidence, side: Side, longest: number): FragmentActivity {
  const found = knownOf(evidence);
  const key = `${side} ${longest}`;
  let activity = found.get(key);
  if (activity === undefined) found.set(key, (activity = findActivity(evidence, side, longest)));
  return activity;
}

function findActivity(evidence: UnitEvidence, side: Side, longest: number): FragmentActivity {
  const { length, bySide, fragmentOf } = fragmentsOf(evidence.passage, longest);
  const starts = bySide[SIDES.indexOf(side)]!;
  const { rows, values } = activeOn(evidence, side);
  const most = Math.min(rows.length, starts.length);
  const active = new Int32Array(most);
  const maxima = new Float32Array(most);
  const peaks = new Int32Array(most);
  let last = -1;
  let count = 0;
  for (let at = 0; at < rows.length; at++) {
    const fragment = fragmentOf[rows[at]!]!;
    if (fragment < 0) continue;
    if (fragment !== last) {
      active[count++] = fragment;
      last = fragment;
    }
    if (values[at]! > maxima[count - 1]!) {
      maxima[count - 1] = values[at]!;
      peaks[count - 1] = rows[at]!;
    }
  }
  return {
    length,
    starts,
    active: active.subarray(0, count),
    maxima: maxima.subarray(0, count),
    peaks: peaks.subarray(0, count),
    order: ascendingOrder(maxima.subarray(0, count)),
  };
}

function fragmentsOf(passage: Passage, longest: number): FragmentIndex {
  let byLength = known.get(passage);
  if (byLength === undefined) known.set(passage, (byLength = new Map()));
  let found = byLength.get(longest);
  if (found === undefined) byLength.set(longest, (found = index(passage, longest)));
  return found;
}

function index(passage: Passage, longest: number): FragmentIndex {
  const length = Math.min(longest, longestContext(passage) - 1);
  const fragmentOf = new Int32Array(passage.tokens.length).fill(-1);
  if (length < 1) return { length: longest, bySide: SIDES.map(() => new Int32Array(0)), fragmentOf };
  const all = fragments(passage, length);
  const sides = all.map((start) => passage.sides[passage.documents[start]!]!);
  const bySide = SIDES.map((_, side) => all.filter((__, i) => sides[i] === side));
  for (const starts of bySide) {
    for (let place = 0; place < starts.length; place++) {
      fragmentOf.fill(place, starts[place]!, starts[place]! + length);
    }
  }
  return { length, bySide, fragmentOf };
}

function longestContext({ starts }: Passage): number {
  let longest = 0;
  for (let i = 0; i + 1 < starts.length; i++) longest = Math.max(longest, starts[i + 1]! - starts[i]!);
  return longest;
}
