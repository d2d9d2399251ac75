/**
 * Which units are explained when not all of them are: by a rule that is stated with the result, never by a look at them.
 *
 *     all          every alive unit
 *     uniform      each alive unit as likely as every other
 *     stratified   as many from each tenth of the alive units, ordered by density: rare and common ones are both there
 */

import { Random } from "../../random.ts";
import type { SAMPLING_RULES } from "../options.ts";

export type SamplingRule = (typeof SAMPLING_RULES)[number];

const STRATA = 10;

/**
 * @param densities of all units of the set: those with 0 are not alive
 * @returns numbers of the units, ascending; all alive ones when there are not more than `count`
 */
export function sampleUnits(
  densities: ArrayLike<number>,
  rule: SamplingRule,
  count: number,
  seed: number,
  purpose: string,
): number[] {
  const alive = Array.from({ length: densities.length }, (_, i) => i).filter((i) => densities[i]! > 0);
  if (rule === "all" || alive.length <= count) return alive;
  const random = Random.of(seed, `units that are explained: ${purpose}`);
  const chosen =
    rule === "uniform" ? drawn(alive, count, random) : stratified(densities, alive, count, random);
  return chosen.sort((a, b) => a - b);
}

function drawn(from: readonly number[], count: number, random: Random): number[] {
  const left = [...from];
  for (let i = 0; i < count; i++) {
    const j = i + random.integer(left.length - i);
    [left[i], left[j]] = [left[j]!, left[i]!];
  }
  return left.slice(0, count);
}

function stratified(
  densities: ArrayLike<number>,
  alive: readonly number[],
  count: number,
  random: Random,
): number[] {
  const ordered = [...alive].sort((a, b) => densities[a]! - densities[b]! || a - b);
  return Array.from({ length: STRATA }, (_, stratum) => {
    const from = Math.floor((stratum * ordered.length) / STRATA);
    const to = Math.floor(((stratum + 1) * ordered.length) / STRATA);
    // The shares of all strata add up to `count`.
    const share = Math.floor(((stratum + 1) * count) / STRATA) - Math.floor((stratum * count) / STRATA);
    return drawn(ordered.slice(from, to), Math.min(share, to - from), random);
  }).flat();
}
