/**
 * Which outcomes go together over the dictionaries of a study: Spearman's ρ of every pair, with intervals that draw whole
 * configurations, since seeds of one configuration are nearly the same dictionary again.
 */

import { rankCorrelation } from "../../statistics/rank-correlation.ts";
import type { OutcomeDefinition } from "../outcomes/outcome.ts";
import { columnOf, type Population, varies } from "./population.ts";

export interface OutcomeCorrelation {
  readonly a: string;
  readonly b: string;
  readonly rho: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly trials: number;
  readonly configurations: number;
}

export interface CorrelationMatrix {
  readonly shuffled: boolean;
  /** That vary, in order. */
  readonly outcomes: readonly OutcomeDefinition[];
  /** Every pair once, a before b. */
  readonly pairs: readonly OutcomeCorrelation[];
}

const REPLICATES = 1000;
/** Fewer trials order themselves alike by chance. */
const FEWEST = 4;

/** Null where fewer than two outcomes vary. */
export function correlationsIn(
  population: Population,
  definitions: readonly OutcomeDefinition[],
): CorrelationMatrix | null {
  const columns = definitions
    .map((definition) => columnOf(population, definition))
    .filter((column) => varies(column) && column.values.filter((value) => value !== null).length >= FEWEST);
  if (columns.length < 2) return null;
  const pairs = columns.flatMap((first, i) =>
    columns.slice(i + 1).flatMap((second): OutcomeCorrelation[] => {
      const found = rankCorrelation(first.values, second.values, {
        seed: 0,
        clusters: population.configurations,
        replicates: REPLICATES,
      });
      if (found.observations < FEWEST || found.degenerate) return [];
      const { value, interval } = found.spearman;
      return [
        {
          a: first.definition.name,
          b: second.definition.name,
          rho: value,
          low: interval?.[0] ?? null,
          high: interval?.[1] ?? null,
          trials: found.observations,
          configurations: found.clusters,
        },
      ];
    }),
  );
  return {
    shuffled: population.shuffled,
    outcomes: columns.map(({ definition }) => definition),
    pairs,
  };
}
