/** What factors do to outcomes and where these vary from, by the report's own computations, in the report's own words. */

import { type Estimate, leavesOutZero } from "../../statistics/estimate.ts";
import type { OutcomeDefinition } from "../../study/outcomes/outcome.ts";
import { effectsOn, levelMeans } from "../../study/report/effects.ts";
import {
  columnOf,
  type OutcomeColumn,
  type Population,
  type StudiedFactor,
  varies,
} from "../../study/report/population.ts";
import { variationOf } from "../../study/report/variation.ts";
import { contrastText, deviationText, effectInterval, effectText } from "../../study/report/words.ts";
import type { OutcomeEffectsAnswer, ShownFactor, ShownVariation, VariationAnswer } from "../study-api.ts";

export function shownEffects(
  populations: readonly Population[],
  definition: OutcomeDefinition,
): OutcomeEffectsAnswer {
  return {
    outcome: definition.name,
    populations: populations.map((population) => {
      const column = columnOf(population, definition);
      const found = varies(column) ? effectsOn(population, column) : null;
      const contrasts = found?.contrasts ?? [];
      return {
        shuffled: population.shuffled,
        trials: column.values.filter((value) => value !== null).length,
        seeds: population.seeds,
        log: column.log,
        effects: contrasts.map(({ effect, ...contrast }) => ({
          factor: contrast.factor,
          words: contrastText(contrast),
          effect: effect && effectText(definition, column.log, effect.value),
          interval: effect === null ? "" : effectInterval(definition, column.log, effect),
          sure: effect !== null && leavesOutZero(effect),
        })),
        factors: population.factors.map((factor) => {
          const { share = null, p = null } = found?.shares.find((one) => one.factor === factor.name) ?? {};
          return { ...shownFactor(population, column, factor), share, p };
        }),
        aliased: found?.aliased ?? [],
      };
    }),
  };
}

function shownFactor(
  population: Population,
  column: OutcomeColumn,
  factor: StudiedFactor,
): Omit<ShownFactor, "share" | "p"> {
  const back = (value: number | null) => (value === null || !column.log ? value : Math.exp(value));
  return {
    name: factor.name,
    levels: varies(column)
      ? levelMeans(population, column, factor).map(({ level, trials, value, low, high }) => ({
          level,
          trials,
          value: back(value),
          low: back(low),
          high: back(high),
        }))
      : [],
    trials: population.trials.flatMap(({ name }, i) => {
      const value = column.outcomes[i]?.value;
      return value === undefined ? [] : [{ name, level: factor.binned[i]!, value }];
    }),
  };
}

export function shownVariation(
  populations: readonly Population[],
  definitions: readonly OutcomeDefinition[],
): VariationAnswer {
  return {
    populations: populations.map((population) => ({
      shuffled: population.shuffled,
      rows: definitions.flatMap((definition): ShownVariation[] => {
        const column = columnOf(population, definition);
        const found = varies(column) ? variationOf(population, column) : null;
        if (found === null) return [];
        const text = (value: number | null) => deviationText(definition, found.log, value);
        const estimate = (one: Estimate | null) =>
          one === null
            ? "–"
            : `${text(one.value)}${one.interval === null ? "" : ` [${one.interval.map((end) => text(end).replace(/ (pts|%)$/, "")).join(", ")}]`}`;
        return [
          {
            outcome: definition.name,
            configurations: estimate(found.configurations),
            seeds: estimate(found.seeds),
            measurement: text(found.measurement),
            measuredOver: found.measuredOver ?? "–",
          },
        ];
      }),
    })),
  };
}
