/**
 * RUN/features.sqlite: what was found out about the units of a run's dictionaries, and what people and methods said of them.
 *
 *     const store = openStore("RUN/features.sqlite");
 *     const writer = store.begin("sae", record, { tokenText: (id) => tokenizer.tokenText(id) });
 *     for (…) writer.putUnit(unit);
 *     writer.putContexts(contexts);
 *     writer.commit();
 *     store.list("sae", query).rows;
 *
 * All of it is synchronous. What a method reads belongs together: an analysis that is replaced meanwhile is seen before or after.
 */

import type { AnalysisRecord, ContextPlace, StoredContext, UnitRecord } from "../features/records.ts";
import type { UnitKind } from "../features/units.ts";
import type { Explanation, ListQuery, MapPoints, ShownContext, UnitList, UnitRow } from "./listing.ts";

export const STORE_FILE = "features.sqlite";

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

export interface Store {
  readonly path: string;
  close(): void;

  analyses(): StoredAnalysis[];
  /** Undefined when these units were not analysed. */
  analysis(sae: string, kind: UnitKind): StoredAnalysis | undefined;
  /** Begins to write; the methods below go on reading the old analysis until `commit`. */
  begin(sae: string, record: AnalysisRecord, options: BeginOptions): AnalysisWriter;

  /** Empty when there is no analysis. Never throws for what is searched. */
  list(sae: string, query: ListQuery): UnitList;
  /** Undefined when there is no analysis or no such unit. */
  unit(sae: string, kind: UnitKind, index: number): StoredUnit | undefined;
  /** Rows of units by number, in that order; numbers that are not there are left out. */
  rows(sae: string, kind: UnitKind, indices: readonly number[]): UnitRow[];
  /** A few words on each unit: its explanation, else the tokens that it fires on; empty for one that is not there. */
  words(sae: string, kind: UnitKind, indices: readonly number[]): string[];
  map(sae: string, kind: UnitKind): MapPoints;
  /** Density of each unit, by number. */
  densities(sae: string, kind: UnitKind): Float64Array;
  /** Those that are stored, in the order asked for. */
  contexts(sae: string, kind: UnitKind, places: Iterable<ContextPlace>): StoredContext[];
  /** Text of a token that occurs in the store; `<token 17>` for another one. */
  tokenText(id: number): string;

  /** In the order of their contexts. They go when the analysis is replaced. */
  ablations(sae: string, kind: UnitKind, index: number): StoredAblation[];
  /** Adds to the stored ones, or replaces those of the same context. */
  putAblations(
    sae: string,
    kind: UnitKind,
    index: number,
    ablations: readonly StoredAblation[],
    tokenText: TokenText,
  ): void;

  /** A person's first, newest first; then the others by score, highest first. */
  explanations(sae: string, kind: UnitKind, index: number): StoredExplanation[];
  /** @throws Failure when there is no such analysed unit */
  addExplanation(sae: string, kind: UnitKind, index: number, explanation: NewExplanation): StoredExplanation;
  /** Gives a score to an explanation, or takes it away with null. False when it is not there. */
  score(id: number, score: number | null, scoreKind: string | null, details?: unknown): boolean;
  /** False when it is not there. */
  removeExplanation(id: number): boolean;
}

export interface StoreOptions {
  /** Nothing is created or changed. */
  readonly readonly?: boolean;
}

/**
 * Opens the store at `path`, which is created unless `readonly`.
 * @throws Failure when there is none, or it is damaged, of another program or of a newer version
 */
export function openStore(path: string, options: StoreOptions = {}): Store {
  throw new Error(`not there yet: ${path} ${options.readonly}`);
}
