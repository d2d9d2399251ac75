/** Every figure of a study's report, by the section that it stands in. */

import type { Figure } from "../../report/figure.ts";
import type { PopulationAnalysis, StudyAnalysis } from "./analysis.ts";
import { colouringOf, strongestFactor } from "./plots/colours.ts";
import { correlationFigure } from "./plots/correlation-matrix.ts";
import { costFigures } from "./plots/cost.ts";
import { deadFigure } from "./plots/dead.ts";
import { studyFrontierFigure } from "./plots/frontier.ts";
import { onTheWayFigures } from "./plots/on-the-way.ts";
import { dependenceFigure } from "./plots/partial-dependence.ts";
import { scalingFigure } from "./plots/scaling.ts";
import { sharesFigure, variationShares } from "./plots/shares.ts";

export interface PopulationFigures {
  readonly dependences: readonly Figure[];
  readonly shares: Figure | null;
  readonly frontiers: readonly Figure[];
  readonly dead: Figure | null;
  readonly scalings: readonly Figure[];
  readonly onTheWay: readonly Figure[];
  readonly correlations: Figure | null;
}

export interface StudyFigures {
  /** By position of the population. */
  readonly populations: readonly PopulationFigures[];
  readonly cost: readonly Figure[];
}

export function studyFigures(analysis: StudyAnalysis): StudyFigures {
  return {
    populations: analysis.populations.map((one) => populationFigures(one, analysis)),
    cost: costFigures(analysis.study.parts),
  };
}

function populationFigures(
  { population, effects, dependences, frontiers, scalings, correlations }: PopulationAnalysis,
  { definitions, study }: StudyAnalysis,
): PopulationFigures {
  const byL0 = strongestFactor(effects, "l0");
  const shares = effects
    .filter(({ name }) => study.primary.includes(name))
    .map((one) => variationShares(one, definitions.get(one.name)!, population.seeds));
  const figures: PopulationFigures = {
    dependences: dependences.map((one) => dependenceFigure(population, one)),
    shares: sharesFigure(shares),
    frontiers: frontiers.map((one) =>
      studyFrontierFigure(one, colouringOf(population, effects, one.y.name, byL0)),
    ),
    dead: deadFigure(population),
    scalings: scalings.map(scalingFigure),
    onTheWay: onTheWayFigures(population, definitions, (outcome) =>
      colouringOf(population, effects, outcome),
    ),
    correlations: correlations && correlationFigure(correlations),
  };
  return population.shuffled ? renamed(figures) : figures;
}

/** Figures of controls, under names of their own. */
function renamed(figures: PopulationFigures): PopulationFigures {
  const one = (figure: Figure): Figure => ({ ...figure, name: `shuffled-${figure.name}` });
  const maybe = (figure: Figure | null) => figure && one(figure);
  return {
    dependences: figures.dependences.map(one),
    shares: maybe(figures.shares),
    frontiers: figures.frontiers.map(one),
    dead: maybe(figures.dead),
    scalings: figures.scalings.map(one),
    onTheWay: figures.onTheWay.map(one),
    correlations: maybe(figures.correlations),
  };
}

export function allFigures({ populations, cost }: StudyFigures): Figure[] {
  return [
    ...populations.flatMap((one) => [
      ...one.dependences,
      ...[one.shares, one.dead, one.correlations].filter((figure) => figure !== null),
      ...one.frontiers,
      ...one.scalings,
      ...one.onTheWay,
    ]),
    ...cost,
  ];
}
