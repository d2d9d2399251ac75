/** How many intervals leave out 0, and how many would if no factor did anything: settings are dealt out anew to the configurations. */

import { Random } from "../../../src/random.ts";
import { leavesOutZero } from "../../../src/statistics/estimate.ts";
import { quantile } from "../../../src/statistics/quantiles.ts";
import type { StudyOutcomes } from "../../../src/study/outcomes/outcome.ts";
import { effectsOn, type OutcomeEffects } from "../../../src/study/report/effects.ts";
import { type Population, populationsOf } from "../../../src/study/report/population.ts";
import { columnsOf } from "./trials.ts";

export interface Counted {
  readonly intervals: number;
  readonly leaveOutZero: number;
}

export function countOf(effects: readonly OutcomeEffects[]): Counted {
  const known = effects
    .flatMap(({ contrasts }) => contrasts.flatMap(({ effect }) => effect ?? []))
    .filter(({ interval }) => interval !== null);
  return { intervals: known.length, leaveOutZero: known.filter(leavesOutZero).length };
}

/** Outcomes of a trial stay together, and so do repeats. @returns counts of intervals that leave out 0: mean, median, 95th percentile, most */
export function byChance(
  study: StudyOutcomes,
  { trials, configurations }: Population,
  replicates: number,
): { readonly mean: number; readonly median: number; readonly high: number; readonly most: number } {
  const random = Random.of(0, "settings dealt out anew");
  const names = [...new Set(configurations)];
  const counts = Array.from({ length: replicates }, () => {
    const order = random.permutation(names.length);
    const dealt = trials.map((trial, i) => {
      const other = names[order[names.indexOf(configurations[i]!)]!]!;
      const { seed } = trial.factors;
      const factors = trials[configurations.indexOf(other)]!.factors;
      return { ...trial, factors: { ...factors, ...(seed !== undefined && { seed }) } };
    });
    const population = populationsOf({ ...study, trials: dealt })[0]!;
    const columns = columnsOf(study, population);
    return countOf(columns.flatMap((column) => effectsOn(population, column) ?? [])).leaveOutZero;
  }).sort((a, b) => a - b);
  return {
    mean: counts.reduce((sum, count) => sum + count, 0) / replicates,
    median: quantile(counts, 0.5),
    high: quantile(counts, 0.95),
    most: counts.at(-1)!,
  };
}
