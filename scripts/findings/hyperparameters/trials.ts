/** The trials of the study as one population whose decay rates are levels, and the outcomes that are looked at. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { collectOutcomes } from "../../../src/study/outcomes/collect.ts";
import {
  outcomeOf,
  type OutcomeDefinition,
  type StudyOutcomes,
  type TrialOutcomes,
} from "../../../src/study/outcomes/outcome.ts";
import {
  columnOf,
  type OutcomeColumn,
  type Population,
  populationsOf,
  varies,
} from "../../../src/study/report/population.ts";
import { StudyFolder } from "../../../src/study/study-folder.ts";
import { mean } from "../../../src/statistics/correlation.ts";

/** 0.9, 0.99 and 0.999 are no equal steps, and 0 and 0.9 no doubling. */
const LEVELS = ["beta1", "beta2"];

/** In the order of the tables; the published score first, to be held against. */
export const OUTCOMES: readonly (readonly [name: string, title: string])[] = [
  ["loss_recovered_zero", "score (loss recovered, zero ablation)"],
  ["ce_increase", "loss increase, nats"],
  ["explained_variance", "explained variance"],
  ["l0", "L0"],
  ["dead_fraction", "dead share"],
  ["ultralow_fraction", "ultralow share"],
  ["fraction_above_10pct", "share on more than 10 % of tokens"],
  ["shrinkage", "shrinkage γ"],
  ["encoder_decoder_cosine", "encoder–decoder cosine"],
  ["single_token_share", "single-token share"],
  ["score_bricken_2023", "Bricken score"],
  ["score_bricken_2023_single_token", "– single-token features"],
  ["score_bricken_2023_other_features", "– other features"],
  ["less_random_directions", "– less random directions as rare"],
  ["score_bricken_2023_weighted", "weighted Bricken score"],
  ["score_logits", "logit test"],
];

export const SCORE = "loss_recovered_zero";

export interface Studied {
  readonly folder: StudyFolder;
  readonly study: StudyOutcomes;
  readonly population: Population;
  readonly columns: readonly OutcomeColumn[];
}

export function openStudied(path: string): Studied {
  const folder = StudyFolder.open(path);
  const all = withDifferences(collectOutcomes(folder));
  const study = {
    ...all,
    trials: all.trials.filter(({ outcomes }) => outcomes.some(({ name }) => name === SCORE)).map(asLevels),
  };
  const population = populationsOf(study).find(({ shuffled }) => !shuffled);
  if (population === undefined) throw new Error(`${path} has no evaluated dictionaries yet`);
  return { folder, study, population, columns: columnsOf(study, population) };
}

/** Those outcomes that are there and vary. */
export function columnsOf(study: StudyOutcomes, population: Population): OutcomeColumn[] {
  return OUTCOMES.flatMap(([name, title]) => {
    const definition = study.definitions.find((one) => one.name === name);
    return definition === undefined ? [] : [columnOf(population, { ...definition, label: title })];
  }).filter(varies);
}

function asLevels(trial: TrialOutcomes): TrialOutcomes {
  const factors = Object.entries(trial.factors).map(([name, value]) => [
    name,
    LEVELS.includes(name) ? String(value) : value,
  ]);
  return { ...trial, factors: Object.fromEntries(factors) };
}

function withDifferences(study: StudyOutcomes): StudyOutcomes {
  const [from, less] = ["score_bricken_2023", "score_bricken_2023_random_directions"];
  const definition: OutcomeDefinition = {
    name: "less_random_directions",
    label: "",
    definition: `${from} less ${less}`,
    group: "interpretability",
    better: "higher",
    unit: "score",
    log: false,
  };
  return {
    ...study,
    definitions: [...study.definitions, definition],
    trials: study.trials.map((trial) => {
      const [a, b] = [outcomeOf(trial, from!), outcomeOf(trial, less!)];
      if (a === undefined || b === undefined) return trial;
      const outcome = {
        name: definition.name,
        value: a.value - b.value,
        low: null,
        high: null,
        varies: null,
      };
      return { ...trial, outcomes: [...trial.outcomes, outcome] };
    }),
  };
}

/** Trials of the configuration that was repeated. */
export function repeatsIn({ trials, configurations }: Population): TrialOutcomes[] {
  const [most] = [...Map.groupBy(trials.keys(), (i) => configurations[i]).values()].sort(
    (a, b) => b.length - a.length,
  );
  return most!.length < 2 ? [] : most!.map((i) => trials[i]!);
}

export interface LogPoint {
  readonly step: number;
  readonly loss: number;
  readonly l0: number;
  readonly explainedVariance: number;
}

/** What the training of a trial wrote down on its way. */
export function trainingLog({ folder }: Studied, trial: TrialOutcomes): LogPoint[] {
  if (trial.result === null) return [];
  return readFileSync(join(folder.path, trial.result, "metrics.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line["kind"] === "train" && line["sae"] === trial.name)
    .map((line) => ({
      step: Number(line["step"]),
      loss: Number(line["loss"]),
      l0: Number(line["l0"]),
      explainedVariance: Number(line["explained_variance"]),
    }));
}

/** How much less the loss is over the last fifth of the steps than over the fifth before, as a share of it: 0 when it has settled. */
export function stillFalling(log: readonly LogPoint[]): number | null {
  const last = log.at(-1)?.step ?? 0;
  const part = (from: number, to: number) => {
    const inside = log.filter(({ step }) => step > from * last && step <= to * last);
    return inside.length === 0 ? null : mean(inside.map(({ loss }) => loss));
  };
  const [before, after] = [part(0.6, 0.8), part(0.8, 1)];
  return before === null || after === null ? null : 1 - after / before;
}
