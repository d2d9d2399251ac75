/**
 * Drawing examples: in random order, without replacement, until there are enough or none is left. Real text repeats itself (licences,
 * headers), and a copy of an example is no second example, so windows are told apart by their tokens and each is taken once.
 */

import { windowKey } from "../evidence/examples.ts";
import type { Passage } from "../evidence/passage.ts";
import type { Random } from "../../random.ts";

/** The windows that have been taken, and those that must not be. */
export class DistinctWindows {
  readonly #passage: Passage;
  readonly #taken: Set<string>;

  constructor(passage: Passage, without: Iterable<{ readonly start: number; readonly length: number }> = []) {
    this.#passage = passage;
    this.#taken = new Set();
    for (const window of without) this.take(window);
  }

  /** False, and nothing is taken, when a window of the same tokens was before. */
  take({ start, length }: { readonly start: number; readonly length: number }): boolean {
    const key = windowKey(this.#passage, start, length);
    if (this.#taken.has(key)) return false;
    this.#taken.add(key);
    return true;
  }
}

/**
 * Places in [0, size) in random order, each at most once, until `wanted` were accepted. Fisher–Yates that keeps only the places it has
 * moved, so a draw from millions costs no more than one from a few.
 * @param accept what is drawn, or null to go on with another place
 */
export function drawDistinct<T>(
  size: number,
  wanted: number,
  random: Random,
  accept: (place: number) => T | null,
): T[] {
  const moved = new Map<number, number>();
  const drawn: T[] = [];
  for (let left = size; left > 0 && drawn.length < wanted; left--) {
    const at = random.integer(left);
    const place = moved.get(at) ?? at;
    const last = moved.get(left - 1) ?? left - 1;
    moved.set(at, last);
    const accepted = accept(place);
    if (accepted !== null) drawn.push(accepted);
  }
  return drawn;
}
