/** What is written into the store and read from it, beside the records of the analysis themselves. Tokens are ids here. */

import type { AnalysisRecord, ContextPlace, StoredContext, UnitRecord } from "../features/records.ts";
import type { UnitKind } from "../features/units.ts";
import type { RawAnswers, Score, ScoreKind } from "../interpretation/scores/score.ts";
import type { Explanation, ShownContext, UnitRow } from "./listing.ts";

/** Text of a token for display: `Tokenizer.tokenText`. */
export type TokenText = (id: number) => string;

export interface StoredAnalysis {
  readonly sae: string;
  /** What of the dictionary was analysed, when the writer said it: see `BeginOptions`. */
  readonly subject: string;
  readonly record: AnalysisRecord;
}

export interface BeginOptions {
  readonly tokenText: TokenText;
  /**
   * Identifies the weights that were analysed, such as their hash. Explanations belong to a subject: those of another one are kept,
   * and not shown until it is analysed again. Default "".
   */
  readonly subject?: string;
}

/** A new analysis, which nobody sees before `commit`. Killed on the way, it leaves the old one standing. */
export interface AnalysisWriter {
  /** Each index in [0, record.count) once, in any order; ascending is fastest. Values of examples are kept in float32. */
  putUnit(unit: UnitRecord): void;
  /** Contexts that examples refer to; one that is there already is replaced by the same. */
  putContexts(contexts: Iterable<StoredContext>): void;
  /**
   * Puts it in the place of the old one. `record` replaces that of `begin`, for what is known at the end only.
   * @throws Failure when a unit is missing, or another process began the same analysis meanwhile
   */
  commit(record?: AnalysisRecord): void;
  /** Drops it. Does nothing after `commit`. */
  discard(): void;
}

export interface StoredUnit {
  readonly row: UnitRow;
  readonly record: UnitRecord;
  /** The contexts that its examples are from, each once, in the order of the examples. */
  readonly contexts: readonly ShownContext[];
}

/** A token whose probability changed. */
export interface StoredTokenChange {
  readonly token: number;
  readonly before: number;
  readonly after: number;
}

/** A unit taken away at every token of a context: element t belongs to token t. As in the explorer's API, with ids of tokens. */
export interface StoredAblation extends ContextPlace {
  readonly activations: ArrayLike<number>;
  /** Loss of each token with the unit taken away, minus without; element 0 is 0. Nats. */
  readonly lossChange: ArrayLike<number>;
  readonly lowered: readonly (readonly StoredTokenChange[])[];
  readonly raised: readonly (readonly StoredTokenChange[])[];
}

export interface NewExplanation {
  readonly text: string;
  /** "person", or the method. */
  readonly author: string;
  /** ISO time; default now. */
  readonly created?: string;
  readonly score?: number | null;
  readonly scoreKind?: string | null;
  /** Whatever belongs to the explanation or its score; becomes JSON. */
  readonly details?: unknown;
}

export interface StoredExplanation extends Required<Explanation> {
  readonly details: unknown;
}

export interface InterpretationOptions {
  /** For the tokens of the answers. */
  readonly tokenText: TokenText;
  /**
   * What the interpretation of this name said before goes, unit by unit as the new words come, so that a unit is never without; in the
   * end all of it. Otherwise they are added, as a job does that goes on where it was stopped.
   */
  readonly replace: boolean;
}

/** Explanations are written in parts of about a megabyte. Killed on the way, each unit has the old words, the new ones, or both. */
export interface InterpretationWriter {
  put(explanations: Iterable<ScoredExplanation>): void;
  /** Writes what was put now. */
  flush(): void;
  /** To be called when all was put: what is replaced and has no successor goes. */
  finish(): void;
}

/** All that is kept of one explanation. */
export interface ExplanationRecord {
  readonly sae: string;
  readonly kind: UnitKind;
  readonly index: number;
  readonly explanation: StoredExplanation;
  /** In the order in which they were given. */
  readonly scores: readonly StoredScore[];
  /** What the scores were computed from, each once. */
  readonly answers: readonly StoredAnswers[];
}

/** One explanation of a unit with all of its scores, as an interpretation writes it. */
export interface ScoredExplanation {
  readonly index: number;
  readonly text: string;
  readonly author: string;
  /** It stands for the unit in lists, before others of methods. */
  readonly chosen: boolean;
  /** Of its scores the one that stands for it; null when it has none. */
  readonly primary: ScoreKind | null;
  readonly details: unknown;
  readonly scores: readonly StoredScore[];
}

export interface StoredScore extends Score {
  /** What answered: an endpoint's model and mode, or "rule" for an explainer's own predictions. */
  readonly answeredBy: string;
  /**
   * What it was computed from. Excerpts are resolved: `tokens` are ids, so that they can be shown without the run's text. Scores of
   * the same task share one value.
   */
  readonly answers: StoredAnswers | null;
}

/** Raw answers with the tokens of every excerpt [excerpts][length]; of intruder trials, trial after trial; empty for logits. */
export interface StoredAnswers {
  readonly raw: RawAnswers;
  readonly tokens: readonly (readonly number[])[];
}

export type { NewRating, StoredRating } from "../interpretation/ratings/rating.ts";
export type { Rubric } from "../interpretation/ratings/rubric.ts";
