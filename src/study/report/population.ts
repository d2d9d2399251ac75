/**
 * The trials of a study as columns for statistics: which factors there are to compare, which trials are repeats of one configuration, and
 * the outcome of each trial on the scale that it is compared on.
 *
 * Trials on a model with shuffled weights are controls and a population of their own: mixed with the others they would make every
 * outcome look as if it hung on whatever else differs.
 */

import type { FactorTable } from "../../statistics/factor.ts";
import type { FactorValue } from "../plan.ts";
import {
  type Outcome,
  type OutcomeDefinition,
  outcomeOf,
  type StudyOutcomes,
  type TrialOutcomes,
} from "../outcomes/outcome.ts";

/** Factors that make repeats or controls, not configurations. */
const REPEATS = "seed";
const CONTROL = "shuffleWeights";

/** More levels than this of a number are a range that was drawn from, and no grid. */
const MOST_LEVELS = 6;
const BINS = 4;

export interface StudiedFactor {
  readonly name: string;
  /** Of each trial. */
  readonly values: readonly FactorValue[];
  /** Of each trial: its level, or the part of the range that it lies in. */
  readonly binned: readonly FactorValue[];
  /** Of the table above, in order, without repeats. */
  readonly levels: readonly FactorValue[];
  /** All numbers above 0, of which the largest is at least twice the smallest: it is compared by doublings. */
  readonly doubles: boolean;
  readonly isNumeric: boolean;
}

export interface Population {
  readonly shuffled: boolean;
  readonly trials: readonly TrialOutcomes[];
  /** With more than one level among these trials; seeds are none. */
  readonly factors: readonly StudiedFactor[];
  /** Of each trial: which configuration it is, the same for those that differ in their seed alone. */
  readonly configurations: readonly string[];
  /** Distinct seeds of the configuration that has the most. */
  readonly seeds: number;
}

/** The trials of models as they are, and those of models with shuffled weights, as far as there are any. */
export function populationsOf(study: StudyOutcomes): Population[] {
  return [false, true].flatMap((shuffled) => {
    const trials = study.trials.filter((trial) => trial.shuffled === shuffled);
    return trials.length === 0 ? [] : [populationOf(study, trials, shuffled)];
  });
}

function populationOf(study: StudyOutcomes, trials: readonly TrialOutcomes[], shuffled: boolean): Population {
  const names = Object.keys(study.factors).filter((name) => name !== REPEATS && name !== CONTROL);
  const configurations = trials.map(({ factors }) =>
    JSON.stringify(names.map((name) => factors[name] ?? null)),
  );
  const factors = names
    .map((name) =>
      factorColumn(
        name,
        trials.map((trial) => trial.factors[name] ?? null),
      ),
    )
    .filter(({ levels }) => levels.length > 1);
  const counts = Map.groupBy(configurations, (one) => one);
  return {
    shuffled,
    trials,
    factors,
    configurations,
    seeds: Math.max(0, ...[...counts.values()].map(({ length }) => length)),
  };
}

/** A factor as these trials have it. */
export function factorColumn(name: string, values: readonly FactorValue[]): StudiedFactor {
  const levels = distinct(values);
  const isNumeric = levels.every((level) => typeof level === "number");
  const numbers = isNumeric ? (levels as readonly number[]) : [];
  const doubles =
    numbers.length > 1 && numbers.every((value) => value > 0) && numbers.at(-1)! >= 2 * numbers[0]!;
  const binned = isNumeric && levels.length > MOST_LEVELS ? inBins(values as readonly number[]) : values;
  return { name, values, binned, levels: distinct(binned), isNumeric, doubles };
}

function distinct(values: readonly FactorValue[]): FactorValue[] {
  const all = [...new Set(values)];
  return all.every((value) => typeof value === "number") ? all.sort((a, b) => Number(a) - Number(b)) : all;
}

/** Parts with equally many values each, under the middle one of each. */
function inBins(values: readonly number[]): number[] {
  const order = values.map((value, i) => ({ value, i })).sort((a, b) => a.value - b.value);
  const binned: number[] = [];
  for (let bin = 0; bin < BINS; bin++) {
    const [from, to] = [bin, bin + 1].map((edge) => Math.floor((edge * order.length) / BINS)) as [
      number,
      number,
    ];
    const middle = order[Math.floor((from + to - 1) / 2)]!.value;
    for (const { i } of order.slice(from, to)) binned[i] = middle;
  }
  return binned;
}

/** An outcome of every trial on the scale that it is compared on: its logarithm where it is compared by ratios. */
export interface OutcomeColumn {
  readonly definition: OutcomeDefinition;
  readonly outcomes: readonly (Outcome | undefined)[];
  readonly values: readonly (number | null)[];
  readonly log: boolean;
}

export function columnOf({ trials }: Population, definition: OutcomeDefinition): OutcomeColumn {
  const outcomes = trials.map((trial) => outcomeOf(trial, definition.name));
  const known = outcomes.flatMap((outcome) => outcome?.value ?? []);
  const log = definition.log && known.every((value) => value > 0);
  return {
    definition,
    outcomes,
    log,
    values: outcomes.map((outcome) =>
      outcome === undefined ? null : log ? Math.log(outcome.value) : outcome.value,
    ),
  };
}

/** Where there is something to compare: trials with a value, of which not all are the same. */
export function varies({ values }: OutcomeColumn): boolean {
  return new Set(values.filter((value) => value !== null)).size > 1;
}

export function binnedTable({ factors }: Population): FactorTable {
  return Object.fromEntries(factors.map(({ name, binned }) => [name, binned]));
}
