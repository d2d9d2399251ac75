/** What is written into the store and read from it, beside the records of the analysis themselves. Tokens are ids here. */

import type { AnalysisRecord, ContextPlace, StoredContext, UnitRecord } from "../features/records.ts";
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

export interface StoredExplanation extends Explanation {
  readonly scoreKind: string | null;
  readonly details: unknown;
}
