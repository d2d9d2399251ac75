/** Everything that the report computes from the outcomes of a study, as plain data but for the fitted curves. */

import type { OutcomeDefinition, StudyOutcomes } from "../outcomes/outcome.ts";
import { type CorrelationMatrix, correlationsIn } from "./correlations.ts";
import { type Control, controlsOf } from "./controls.ts";
import { effectsOn, levelMeans, type LevelMean, type OutcomeEffects } from "./effects.ts";
import { type Frontier, frontierOf } from "./frontiers.ts";
import { columnOf, type OutcomeColumn, type Population, populationsOf, varies } from "./population.ts";
import { type Scaling, scalingsOf } from "./scaling.ts";
import { type OutcomeVariation, variationOf } from "./variation.ts";

export interface PartialDependence {
  readonly column: OutcomeColumn;
  readonly factor: string;
  readonly levels: readonly LevelMean[];
}

export interface PopulationAnalysis {
  readonly population: Population;
  /** Of every outcome that varies, the primary ones first. */
  readonly effects: readonly OutcomeEffects[];
  /** Of primary outcomes. */
  readonly dependences: readonly PartialDependence[];
  readonly variations: readonly OutcomeVariation[];
  readonly frontiers: readonly Frontier[];
  readonly scalings: readonly Scaling[];
  readonly correlations: CorrelationMatrix | null;
}

export interface StudyAnalysis {
  readonly study: StudyOutcomes;
  /** Definitions of the outcomes that are shown first. */
  readonly primary: readonly OutcomeDefinition[];
  readonly definitions: ReadonlyMap<string, OutcomeDefinition>;
  readonly populations: readonly PopulationAnalysis[];
  /** Models as they are beside models with shuffled weights, of every outcome that both have, the primary ones first. */
  readonly controls: readonly Control[];
}

/** Shown beside the primary ones in the matrix of rank correlations, where they are there. */
const ALSO_CORRELATED = ["ce_increase", "kl_recovered_zero", "score_logits", "score_bills_2023"];

/** Of which scaling laws are fitted. */
const SCALED = ["mse", "ce_increase", "explained_variance"];

export function analyseStudy(study: StudyOutcomes): StudyAnalysis {
  const definitions = new Map(study.definitions.map((one) => [one.name, one]));
  const named = (names: readonly string[]) => names.flatMap((name) => definitions.get(name) ?? []);
  const primary = named(study.primary);
  const scores = primary.filter(({ group }) => group === "interpretability");
  const inOrder = [...primary, ...study.definitions.filter(({ name }) => !study.primary.includes(name))];
  const split = populationsOf(study);
  const populations = split.map((population): PopulationAnalysis => {
    const columns = inOrder.map((definition) => columnOf(population, definition)).filter(varies);
    const isPrimary = ({ definition }: OutcomeColumn) => study.primary.includes(definition.name);
    return {
      population,
      effects: columns.flatMap((column) => effectsOn(population, column) ?? []),
      dependences: columns.filter(isPrimary).flatMap((column) =>
        population.factors.map((factor) => ({
          column,
          factor: factor.name,
          levels: levelMeans(population, column, factor),
        })),
      ),
      variations: columns.filter(isPrimary).flatMap((column) => variationOf(population, column) ?? []),
      frontiers: frontiersIn(population, definitions, scores),
      scalings: scalingsOf(population, [...named(SCALED), ...scores]),
      correlations: correlationsIn(population, [
        ...primary,
        ...named(ALSO_CORRELATED).filter(({ name }) => !study.primary.includes(name)),
      ]),
    };
  });
  return {
    study,
    primary,
    definitions,
    populations,
    controls: controlsOf(
      split,
      inOrder.filter(({ group }) => group !== "cost"),
    ),
  };
}

function frontiersIn(
  population: Population,
  definitions: ReadonlyMap<string, OutcomeDefinition>,
  scores: readonly OutcomeDefinition[],
): Frontier[] {
  const l0 = definitions.get("l0");
  if (l0 === undefined) return [];
  const against = ["loss_recovered_zero", "explained_variance"].flatMap(
    (name) => definitions.get(name) ?? [],
  );
  return [...against, ...scores].flatMap((y) => frontierOf(population, l0, y) ?? []);
}
