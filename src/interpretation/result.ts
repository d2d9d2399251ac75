/**
 * What one interpretation of a dictionary found: every score of every unit with the controls beside it, as it is kept in
 * RUN/interpretation/SAE/NAME.json and shown by the report and the explorer.
 */

import type { EndpointSupport, SimulatorMode, Spent } from "./endpoint/endpoint.ts";
import type { ProtocolName } from "./protocols/task.ts";
import type { ScoreKind } from "./scores/score.ts";

/** Folder of a run in which interpretations lie: RUN/interpretation/SAE/NAME.json. */
export const INTERPRETATION_FOLDER = "interpretation";

/** What is explained: the dictionary's features, and what they are compared with. */
export const SUBJECTS = ["features", "neurons", "shuffled-weights", "random-directions"] as const;
export type SubjectName = (typeof SUBJECTS)[number];

/**
 * What predicts: the explanation; another unit's of the same subject; the place alone, active in the middle of every excerpt that was
 * chosen for its middle token (bricken-2023); or nothing, 0 everywhere, which gets the score's chance level.
 */
export const PREDICTIONS = ["own", "other", "place", "zero"] as const;
export type PredictionName = (typeof PREDICTIONS)[number];

export interface SubjectScores {
  readonly subject: SubjectName;
  /** Units of the set, those alive on the text, and those that were chosen but have too few examples. */
  readonly count: number;
  readonly alive: number;
  readonly tooRare: number;
  /** Tokens of text that they were read on. */
  readonly tokens: number;
  /** The units that were explained, by number; the arrays below have one element for each. */
  readonly units: readonly number[];
  readonly density: readonly number[];
  readonly singleToken: readonly (boolean | null)[];
  /** Which explainer was chosen for each, on documents that nothing is scored on; null where there was only one. */
  readonly chosen: readonly (string | null)[];
  readonly scores: readonly ScoreColumn[];
}

/** One score of every unit; null where it could not be scored. */
export interface ScoreColumn {
  readonly kind: ScoreKind;
  /** The explainer; "chosen" for the one that was chosen for each unit. */
  readonly explainer: string;
  readonly prediction: Exclude<PredictionName, "zero">;
  readonly values: readonly (number | null)[];
  /** Of columns that stand for their units ("chosen", or the only explainer) the 95 % interval; empty for others. */
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
}

/** Mean, median and 95 % interval of the mean (units resampled) of a column, of all its units, single-token ones, others. */
export interface ColumnSummary {
  readonly units: number;
  readonly mean: number | null;
  readonly interval: readonly [low: number, high: number] | null;
  readonly median: number | null;
}

export type Split = "all" | "single-token" | "other";

export interface SummaryRow {
  readonly kind: ScoreKind;
  readonly explainer: string;
  readonly split: Split;
  readonly cells: readonly (ColumnSummary & {
    readonly subject: SubjectName;
    readonly prediction: PredictionName;
  })[];
}

export interface Interpretation {
  readonly format: 1;
  readonly version: string;
  readonly sae: string;
  /** Hash of the dictionary's weights. */
  readonly weights: string;
  readonly hook: string;
  readonly name: string;
  readonly started: string;
  readonly finished: string | null;
  /** Why it ended before all units were done, such as a spent budget. */
  readonly stopped: string | null;
  readonly seconds: number;
  readonly protocols: readonly ProtocolName[];
  /** The score that stands for the whole in lists and the conclusion. */
  readonly primary: ScoreKind;
  /** Null for explainers that need no language model. */
  readonly endpoint: {
    readonly model: string;
    readonly address: string;
    readonly support: EndpointSupport;
    readonly mode: SimulatorMode;
    readonly parameters: Readonly<Record<string, unknown>>;
    /** Prompt files and the SHA-256 of each. */
    readonly prompts: Readonly<Record<string, string>>;
    readonly spent: Spent;
    /** How the answers were: src/interpretation/simulators/tally.ts. */
    readonly tally: Readonly<Record<string, number>>;
  } | null;
  readonly explainers: readonly string[];
  readonly text: {
    readonly tokens: number;
    readonly documents: Readonly<Record<"explain" | "choose" | "score", number>>;
  };
  readonly sampling: {
    readonly rule: "all" | "uniform" | "stratified";
    readonly seed: number;
    readonly asked: number | null;
  };
  readonly subjects: readonly SubjectScores[];
  /** Excerpts, items, trials and tokens asked about, and those without a usable answer. */
  readonly asked: number;
  readonly failed: number;
  readonly summary: readonly SummaryRow[];
  /** What the comparison allows one to conclude, in one sentence. */
  readonly conclusion: string;
  /** What holds for this interpretation in particular: a control that is missing, one trained on less text. */
  readonly notes: readonly string[];
}
