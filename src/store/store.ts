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

import type { AnalysisRecord, ContextPlace, StoredContext } from "../features/records.ts";
import type { UnitKind } from "../features/units.ts";
import type { ListQuery, MapPoints, UnitList, UnitRow } from "./listing.ts";
import { connect } from "./schema.ts";
import { SqliteStore } from "./sqlite-store.ts";
import type {
  AnalysisWriter,
  BeginOptions,
  ExplanationRecord,
  InterpretationOptions,
  InterpretationWriter,
  NewExplanation,
  NewRating,
  ScoredExplanation,
  StoredAblation,
  StoredAnalysis,
  StoredExplanation,
  StoredRating,
  StoredScore,
  StoredUnit,
  TokenText,
} from "./stored.ts";

export type * from "./stored.ts";

export const STORE_FILE = "features.sqlite";

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
  /** Of each unit, by number: 1 for one of a single token, 0 for another, −1 where it is unknown; and the entropy of its tokens, NaN where it is. */
  tokenColumns(sae: string, kind: UnitKind): { singleToken: Int8Array; entropy: Float64Array };
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
  /** Many at once, in one transaction. @throws Failure when there is no such analysed unit; none is added then */
  addExplanations(
    sae: string,
    kind: UnitKind,
    explanations: Iterable<NewExplanation & { readonly index: number }>,
  ): void;
  /** Gives a score to an explanation, or takes it away with null. False when it is not there. */
  score(id: number, score: number | null, scoreKind: string | null, details?: unknown): boolean;
  /** False when it is not there. */
  removeExplanation(id: number): boolean;

  /**
   * Explanations with their scores and answers, as one interpretation of that name has them: of each unit one of each author, the later
   * in place of the earlier, under the same number.
   * @throws Failure, as the writer's methods do, when a unit was not analysed, or another process began the same interpretation
   *   meanwhile; what was written stays
   */
  beginInterpretation(
    sae: string,
    kind: UnitKind,
    name: string,
    options: InterpretationOptions,
  ): InterpretationWriter;
  /** The same in one call: explanations are written while they are taken from the iterable. */
  putInterpretation(
    sae: string,
    kind: UnitKind,
    name: string,
    explanations: Iterable<ScoredExplanation>,
    options: InterpretationOptions,
  ): void;
  /** Undefined when it is not there, or of weights that are not the analysed ones. */
  explanation(id: number): ExplanationRecord | undefined;
  /** Scores of an explanation without what they were computed from; empty when it is not there. */
  scores(id: number): Omit<StoredScore, "answers">[];

  /** Of features and neurons, the oldest first. They outlive an analysis as explanations do. */
  ratings(sae: string): StoredRating[];
  /** Of one interval by one rater the newest counts. It is on the disk when this returns. @throws Failure when there is no such analysed unit */
  putRating(sae: string, rating: NewRating): StoredRating;
  /** False when it is not there. */
  removeRating(id: number): boolean;

  /** Whether it was opened for reading in an earlier format, and has been brought up to date since: open it anew to see all of it. */
  outdated(): boolean;
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
  return new SqliteStore(connect(path, options.readonly === true));
}
