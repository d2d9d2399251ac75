/**
 * Where a unit is taken away: contexts drawn over the whole range of its activation, as examples are (Bricken et al. 2023, eleven equal
 * intervals of (0, max]), so that the rare strong and the common weak activations both count. In each context a few of the predictions at
 * active tokens are looked at and, as their control, as many at tokens where the unit is not active.
 */

import { firstAtLeast } from "../../features/first-at-least.ts";
import { INTERVALS } from "../../features/records.ts";
import type { Random } from "../../random.ts";
import { type ActiveTokens, predictsText, type ReadText } from "./read-text.ts";

/** Predictions of one context, at most, at active tokens, and of every other kind: neighbours tell nearly the same. */
const PREDICTIONS = 4;

/** One context of a unit. Positions are within the context. */
export interface Occurrence {
  readonly context: number;
  /** All active tokens, ascending, and f there. */
  readonly positions: readonly number[];
  readonly values: readonly number[];
  /** The tokens whose predictions are looked at, as indices into `positions`: first the one that the context was drawn for. */
  readonly here: readonly number[];
  /** Tokens where it is not active, at most as many. */
  readonly elsewhere: readonly number[];
  /** Inactive tokens that follow an active one, and all others behind the first active token: some of each, and how many there are. */
  readonly next: SomePositions;
  readonly later: SomePositions;
  /** Active tokens that predict. */
  readonly active: number;
}

export interface SomePositions {
  readonly positions: readonly number[];
  readonly count: number;
}

/** At most `count` contexts in which the unit is active, each once; of held-out text where there is any. */
export function drawOccurrences(
  text: ReadText,
  column: ActiveTokens,
  count: number,
  random: Random,
): Occurrence[] {
  const { context } = text;
  const end = text.heldout > 0 ? text.heldout * context : text.tokens.length;
  const usable = Array.from(column.rows.keys()).filter(
    (i) => column.rows[i]! < end && predictsText(text, column.rows[i]!),
  );
  const max = usable.reduce((most, i) => Math.max(most, column.values[i]!), 0);
  const intervals: number[][] = Array.from({ length: INTERVALS }, () => []);
  for (const i of usable) {
    intervals[Math.min(INTERVALS - 1, Math.floor((INTERVALS * column.values[i]!) / max))]!.push(i);
  }
  for (const interval of intervals) random.shuffle(interval);
  const drawn = new Map<number, number>();
  let left = true;
  while (left && drawn.size < count) {
    left = false;
    for (const interval of intervals.toReversed()) {
      const i = takeFromNewContext(interval, (at) => drawn.has(Math.floor(column.rows[at]! / context)));
      if (i === undefined || drawn.size === count) continue;
      drawn.set(Math.floor(column.rows[i]! / context), i);
      left = true;
    }
  }
  return [...drawn].map(([number, i]) => occurrence(text, column, number, column.rows[i]! % context, random));
}

function takeFromNewContext(from: number[], isTaken: (i: number) => boolean): number | undefined {
  let i = from.pop();
  while (i !== undefined && isTaken(i)) i = from.pop();
  return i;
}

function occurrence(
  text: ReadText,
  column: ActiveTokens,
  number: number,
  drawn: number,
  random: Random,
): Occurrence {
  const { context } = text;
  const from = firstAtLeast(column.rows, number * context);
  const to = firstAtLeast(column.rows, (number + 1) * context);
  const positions = Array.from(column.rows.subarray(from, to), (row) => row - number * context);
  const isActive = new Set(positions);
  const predicts = (position: number) => predictsText(text, number * context + position);
  const places = Array.from(positions.keys()).filter((i) => predicts(positions[i]!));
  const others = random.shuffle(places.filter((i) => positions[i] !== drawn));
  const here = [positions.indexOf(drawn), ...others.slice(0, PREDICTIONS - 1)];
  const inactive = Array.from({ length: context }, (_, position) => position).filter(
    (position) => !isActive.has(position) && predicts(position),
  );
  const some = (among: readonly number[]): SomePositions => ({
    positions: random.shuffle([...among]).slice(0, PREDICTIONS),
    count: among.length,
  });
  const behind = inactive.filter((position) => position > positions[0]!);
  return {
    context: number,
    positions,
    values: Array.from(column.values.subarray(from, to)),
    here,
    elsewhere: random.shuffle([...inactive]).slice(0, here.length),
    next: some(behind.filter((position) => isActive.has(position - 1))),
    later: some(behind.filter((position) => !isActive.has(position - 1))),
    active: places.length,
  };
}
