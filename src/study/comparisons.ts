/**
 * Pairs of trials that differ in their seed alone, and in the order of the text where that is the seed's: what one finds again in the
 * other does not hang on chance.
 */

import { canonical } from "./canonical.ts";
import type { Comparison } from "./plan.ts";
import type { TrialRequest } from "./study-request.ts";

/** Of one set of seeds: more pairs say little more, and each is a pass over the text. */
const MOST_PAIRS = 3;

/** @param names of the trials, in their order */
export function comparisonsOf(trials: readonly TrialRequest[], names: readonly string[]): Comparison[] {
  const sets = Map.groupBy(
    trials.map((_, i) => i),
    (i) => {
      const { stream, options } = trials[i]!;
      return canonical([
        { ...stream, streamSeed: null },
        { ...options, seed: null },
      ]);
    },
  );
  const pairs = [...sets.values()].flatMap(pairsOf);
  return pairs.map(([a, b], i) => ({ name: `c${i + 1}`, a: names[a]!, b: names[b]! }));
}

/** Neighbours first, so that each dictionary is in few pairs. */
function pairsOf(members: readonly number[]): [number, number][] {
  const pairs: [number, number][] = [];
  for (let apart = 1; apart < members.length; apart++) {
    for (let i = 0; i + apart < members.length; i++) {
      if (pairs.length === MOST_PAIRS) return pairs;
      pairs.push([members[i]!, members[i + apart]!]);
    }
  }
  return pairs;
}
