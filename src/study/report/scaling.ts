/**
 * How outcomes go on with more tokens or a wider dictionary: y = a + b · N^(−c), fitted where there are four values of N or more, once for
 * every setting of the other factors.
 *
 * Tokens are those of trials that were trained on different numbers of them, or, where all were trained alike, of the evaluations on the
 * way. The second is not the same: learning rates there have not come down yet.
 */

import { fitScalingLaw, type ScalingLaw } from "../../statistics/scaling-law.ts";
import { type OutcomeDefinition, outcomeOf, type TrialOutcomes } from "../outcomes/outcome.ts";
import type { Population } from "./population.ts";

export type ScalingVariable = "width" | "tokens" | "tokens on the way";

export interface ScalingPoint {
  readonly at: number;
  readonly value: number;
  readonly trial: string;
}

export interface FittedLaw {
  /** The other factors, in words; "" where there are none. */
  readonly setting: string;
  readonly points: readonly ScalingPoint[];
  readonly law: ScalingLaw;
}

export interface Scaling {
  readonly variable: ScalingVariable;
  readonly outcome: OutcomeDefinition;
  readonly laws: readonly FittedLaw[];
}

const FEWEST = 4;

/** Factors that say how wide a dictionary is, or on how much it is trained. */
const SIZES: Readonly<Record<ScalingVariable, readonly string[]>> = {
  width: ["expansion"],
  tokens: ["tokens", "textTokens"],
  "tokens on the way": [],
};

export function scalingsOf(population: Population, outcomes: readonly OutcomeDefinition[]): Scaling[] {
  const variables: ScalingVariable[] = ["width", "tokens", "tokens on the way"];
  return variables.flatMap((variable) =>
    outcomes.flatMap((outcome): Scaling[] => {
      const laws = lawsOf(population, variable, outcome);
      return laws.length === 0 ? [] : [{ variable, outcome, laws }];
    }),
  );
}

function lawsOf(population: Population, variable: ScalingVariable, outcome: OutcomeDefinition): FittedLaw[] {
  const settings = Map.groupBy(population.trials, (trial) => settingOf(population, trial, variable));
  return [...settings].flatMap(([setting, trials]) => {
    const points = trials.flatMap((trial) => pointsOf(trial, variable, outcome));
    const several = (of: (point: ScalingPoint) => number) => new Set(points.map(of)).size;
    if (several(({ at }) => at) < FEWEST || several(({ value }) => value) < 2) return [];
    const law = fitScalingLaw(
      [{ name: variable, values: points.map(({ at }) => at) }],
      points.map(({ value }) => value),
      { seed: 0, groups: points.map(({ trial }) => trial) },
    );
    return law === null ? [] : [{ setting, points, law }];
  });
}

function settingOf({ factors }: Population, trial: TrialOutcomes, variable: ScalingVariable): string {
  return factors
    .filter(({ name }) => !SIZES[variable].includes(name))
    .map(({ name }) => `${name} ${trial.factors[name] ?? "not given"}`)
    .join(", ");
}

function pointsOf(
  trial: TrialOutcomes,
  variable: ScalingVariable,
  { name }: OutcomeDefinition,
): ScalingPoint[] {
  if (variable === "tokens on the way") {
    return trial.curve.flatMap(({ tokens, values }) => {
      const value = values[name];
      return value === null || value === undefined ? [] : [{ at: tokens, value, trial: trial.name }];
    });
  }
  const at = variable === "width" ? trial.size.d_sae : trial.size.tokens;
  const outcome = outcomeOf(trial, name);
  return at === null || !(at > 0) || outcome === undefined
    ? []
    : [{ at, value: outcome.value, trial: trial.name }];
}
