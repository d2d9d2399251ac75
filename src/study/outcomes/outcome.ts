/**
 * What came of a study, as plain data: a flat list of numbers for every trial, each with its interval and what that interval is over,
 * beside the trial's factors. It is what trials.json holds, what the report shows, and what the explorer serves.
 */

import type { FactorValue, Forecast, Stage } from "../plan.ts";

/**
 * What would give another number. Documents: other text of the same kind (bootstrap; over sequences where tokens do not say
 * where documents begin). Features: another sample of the dictionary's
 * features (bootstrap over those that were explained). Null: counted on all there is, so that only other seeds and other text would
 * change it, and no interval says how much.
 */
export type Variation = "documents" | "sequences" | "features" | null;

export interface Outcome {
  /** As in catalogue.ts, which defines it. */
  readonly name: string;
  readonly value: number;
  /** Of the 95 % interval; null where there is none. */
  readonly low: number | null;
  readonly high: number | null;
  readonly varies: Variation;
}

/** The part of a study in which an outcome is looked for. */
export const OUTCOME_GROUPS = [
  "faithfulness",
  "sparsity",
  "features",
  "interpretability",
  "effects",
  "stability",
  "training",
  "cost",
] as const;
export type OutcomeGroup = (typeof OUTCOME_GROUPS)[number];

export interface OutcomeDefinition {
  readonly name: string;
  readonly label: string;
  readonly definition: string;
  readonly group: OutcomeGroup;
  /** Null where neither direction is a virtue of its own. */
  readonly better: "higher" | "lower" | null;
  readonly unit: "share" | "number" | "score" | "seconds" | "bytes";
  /** Compared by ratios: it spans orders of magnitude. */
  readonly log: boolean;
}

/** An evaluation on the way, on held-out text; null where it was not defined. */
export interface CurvePoint {
  readonly tokens: number;
  readonly values: Readonly<Record<string, number | null>>;
}

export type PartCondition = "done" | "running" | "interrupted" | "failed" | "cancelled" | "waiting";

/** A part of the plan, how it stands, and what it took beside what was expected. */
export interface PartFacts {
  readonly part: string;
  readonly stage: Stage;
  readonly subject: string;
  readonly condition: PartCondition;
  /** Why it failed or stopped, in the words of its last attempt. */
  readonly sentence: string | null;
  readonly attempts: number;
  readonly forecast: Forecast;
  /** Of the attempts that its result came from, what an interrupted one did included; null before it is done. */
  readonly seconds: number | null;
  /** Largest memory that was seen; null where none was written down. */
  readonly memoryBytes: number | null;
}

export interface TrialOutcomes {
  readonly name: string;
  readonly factors: Readonly<Record<string, FactorValue>>;
  readonly group: string;
  /** Why it has no dictionary while those beside it have: its training diverged. */
  readonly leftOut: string | null;
  /** Its source model's weights are shuffled: a control. */
  readonly shuffled: boolean;
  /** The last stage whose result is there; null: none yet. */
  readonly stage: Stage | null;
  /** Folder of that result, relative to the study's. */
  readonly result: string | null;
  readonly size: {
    readonly d_in: number | null;
    readonly d_sae: number | null;
    /** Activation vectors it was trained on. */
    readonly tokens: number | null;
    /** The sparsity coefficient at the end of training. */
    readonly Lambda: number | null;
  };
  readonly outcomes: readonly Outcome[];
  /** Ascending in tokens; empty without evaluations on the way. */
  readonly curve: readonly CurvePoint[];
  /** Names of parts that it waits for. */
  readonly missing: readonly string[];
  /** A sentence for each file that could not be read. */
  readonly problems: readonly string[];
}

/** Two trials that differ in their seed alone. */
export interface ComparisonOutcomes {
  readonly name: string;
  readonly a: string;
  readonly b: string;
  /** Means of both ways. */
  readonly outcomes: readonly Outcome[];
}

export interface StudyOutcomes {
  readonly format: 1;
  readonly version: string;
  readonly title: string;
  readonly question: string | null;
  readonly factors: Readonly<Record<string, readonly FactorValue[]>>;
  /** Of everything that occurs below, in the catalogue's order. */
  readonly definitions: readonly OutcomeDefinition[];
  /** The few that are shown first. */
  readonly primary: readonly string[];
  readonly trials: readonly TrialOutcomes[];
  readonly comparisons: readonly ComparisonOutcomes[];
  readonly parts: readonly PartFacts[];
  /** Different shuffles of the text that trials were trained on; 1: seeds of the dictionaries alone differ. */
  readonly streams: number;
  /** Everything that was planned is there, the report itself not counted. */
  readonly complete: boolean;
}

/** An outcome of a trial, if it has it. */
export function outcomeOf(
  trial: { readonly outcomes: readonly Outcome[] },
  name: string,
): Outcome | undefined {
  return trial.outcomes.find((outcome) => outcome.name === name);
}
