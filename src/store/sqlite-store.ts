/** The store (store.ts) over its SQLite file. Every method that reads does it in one transaction, so what it returns fits together. */

import { Failure, messageOf } from "../errors.ts";
import type { AnalysisRecord, ContextPlace, StoredContext } from "../features/records.ts";
import { type UnitKind, UNIT_KINDS } from "../features/units.ts";
import { putAblation, readAblations, tokensOf } from "./ablations.ts";
import { beginAnalysis } from "./analysis-writer.ts";
import { UnitColumns } from "./columns.ts";
import { type Connection, damaged } from "./connection.ts";
import { unpackTokens } from "./context-value.ts";
import {
  addExplanation,
  type Explained,
  findExplanation,
  readExplanations,
  removeExplanation,
  scoreExplanation,
  shownExplanation,
  shownScores,
  shownTexts,
  unitsOfExplanations,
} from "./explanations.ts";
import { readScored, readScores, beginInterpretation } from "./interpretations.ts";
import { select } from "./list.ts";
import type { ListQuery, MapPoints, ShownContext, UnitList, UnitRow } from "./listing.ts";
import { putRating, readRatings, removeRating } from "./ratings.ts";
import { isOutdated, revisionOf } from "./schema.ts";
import { search } from "./search.ts";
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
import { putTokens, TokenTexts } from "./token-texts.ts";
import { type RowDetail, shorten } from "./unit-text.ts";
import { unpackUnit } from "./unit-value.ts";

/** An analysis that readers see. */
interface Current extends Explained {
  readonly id: number;
}

/** By dictionary and kind. */
type Cache<T> = Map<string, { readonly analysis: number; readonly revision: number; readonly value: T }>;

interface UnitRowOfTable {
  readonly density: number;
  readonly mean: number;
  readonly max: number;
  readonly entropy: number | null;
  readonly single_token: number | null;
  readonly row: string;
}

export class SqliteStore {
  readonly #connection: Connection;
  readonly #tokens: TokenTexts;
  readonly #columns = new Map<string, UnitColumns>();
  readonly #scores: Cache<Float64Array> = new Map();
  readonly #explained: Cache<Int32Array> = new Map();

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#tokens = new TokenTexts(connection);
  }

  get path(): string {
    return this.#connection.path;
  }

  close(): void {
    this.#connection.close();
  }

  analyses(): StoredAnalysis[] {
    return this.#connection
      .all<{ sae: string; subject: string; record: string }>(
        "SELECT sae, subject, record FROM analysis WHERE state = 'current' ORDER BY sae, kind",
      )
      .map(({ sae, subject, record }) => ({ sae, subject, record: JSON.parse(record) as AnalysisRecord }));
  }

  analysis(sae: string, kind: UnitKind): StoredAnalysis | undefined {
    return this.analyses().find((analysis) => analysis.sae === sae && analysis.record.kind === kind);
  }

  begin(sae: string, record: AnalysisRecord, options: BeginOptions): AnalysisWriter {
    return beginAnalysis(this.#connection, sae, record, options);
  }

  list(sae: string, query: ListQuery): UnitList {
    return this.#reading(sae, query.kind, { total: 0, rows: [] }, (current) => {
      const columns = this.#columnsOf(current);
      const scores = () => this.#scoresOf(current, columns.count);
      const searched = {
        analysis: current.id,
        count: columns.count,
        unitOfExplanation: () =>
          this.#revised(this.#explained, current, () => unitsOfExplanations(this.#connection, current)),
      };
      const found = query.q === "" ? undefined : search(this.#connection, this.#tokens, searched, query.q);
      const selected = select(columns, query, scores, found);
      const start = Math.max(0, query.offset);
      const page = selected.subarray(start, start + Math.max(0, query.limit));
      return { total: selected.length, rows: this.#rows(current, page) };
    });
  }

  unit(sae: string, kind: UnitKind, index: number): StoredUnit | undefined {
    return this.#reading(sae, kind, undefined, (current) => {
      const value = this.#connection.get<{ record: Uint8Array }>(
        "SELECT record FROM detail WHERE analysis = ? AND idx = ?",
        current.id,
        index,
      );
      if (value === undefined) return undefined;
      const record = this.#intact(`${kind} ${index} of ${sae}`, () => unpackUnit(value.record));
      const [row] = this.#rows(current, [index]);
      const contexts = this.#contexts(current, record.examples).map(
        ({ split, context, tokens }): ShownContext => ({
          split,
          context,
          tokens: Array.from(tokens, (id) => this.#tokens.text(id)),
        }),
      );
      return row && { row, record, contexts };
    });
  }

  rows(sae: string, kind: UnitKind, indices: readonly number[]): UnitRow[] {
    return this.#reading(sae, kind, [], (current) => this.#rows(current, indices));
  }

  words(sae: string, kind: UnitKind, indices: readonly number[]): string[] {
    const nothing = indices.map(() => "");
    return this.#reading(sae, kind, nothing, (current) =>
      indices.map((index) => {
        const { text } = shownExplanation(this.#connection, current, index);
        if (text !== null) return shorten(text);
        const unit = this.#connection.get<{ words: string }>(
          "SELECT words FROM unit WHERE analysis = ? AND idx = ?",
          current.id,
          index,
        );
        return unit?.words ?? "";
      }),
    );
  }

  map(sae: string, kind: UnitKind): MapPoints {
    const nothing: MapPoints = { index: [], x: [], y: [], density: [], words: [] };
    return this.#reading(sae, kind, nothing, (current) => {
      const rows = this.#connection.arrays<[number, number, number, number, string]>(
        "SELECT idx, x, y, density, words FROM unit WHERE analysis = ? AND x IS NOT NULL AND y IS NOT NULL ORDER BY idx",
        current.id,
      );
      const texts = shownTexts(this.#connection, current);
      return {
        index: rows.map(([index]) => index),
        x: rows.map(([, x]) => x),
        y: rows.map(([, , y]) => y),
        density: rows.map(([, , , density]) => density),
        words: rows.map(([index, , , , words]) => {
          const text = texts.get(index);
          return text === undefined ? words : shorten(text);
        }),
      };
    });
  }

  densities(sae: string, kind: UnitKind): Float64Array {
    return this.#reading(sae, kind, new Float64Array(0), (current) =>
      this.#columnsOf(current).density.slice(),
    );
  }

  tokenColumns(sae: string, kind: UnitKind): { singleToken: Int8Array; entropy: Float64Array } {
    const none = { singleToken: new Int8Array(0), entropy: new Float64Array(0) };
    return this.#reading(sae, kind, none, (current) => {
      const { singleToken, entropy } = this.#columnsOf(current);
      return { singleToken: singleToken.slice(), entropy: entropy.slice() };
    });
  }

  contexts(sae: string, kind: UnitKind, places: Iterable<ContextPlace>): StoredContext[] {
    return this.#reading(sae, kind, [], (current) => this.#contexts(current, places));
  }

  tokenText(id: number): string {
    return this.#connection.read(() => {
      this.#tokens.refresh();
      return this.#tokens.text(id);
    });
  }

  ablations(sae: string, kind: UnitKind, index: number): StoredAblation[] {
    return this.#reading(sae, kind, [], (current) =>
      this.#intact(`ablations of ${kind} ${index} of ${sae}`, () =>
        readAblations(this.#connection, current.id, index),
      ),
    );
  }

  putAblations(
    sae: string,
    kind: UnitKind,
    index: number,
    ablations: readonly StoredAblation[],
    tokenText: TokenText,
  ): void {
    this.#connection.write(() => {
      const current = this.#analysed(sae, kind, index);
      for (const ablation of ablations) putAblation(this.#connection, current.id, index, ablation);
      putTokens(this.#connection, new Set(ablations.flatMap(tokensOf)), tokenText);
    });
  }

  explanations(sae: string, kind: UnitKind, index: number): StoredExplanation[] {
    return this.#reading(sae, kind, [], (current) => readExplanations(this.#connection, current, index));
  }

  addExplanation(sae: string, kind: UnitKind, index: number, explanation: NewExplanation): StoredExplanation {
    return this.#connection.write(() =>
      addExplanation(this.#connection, this.#analysed(sae, kind, index), index, explanation),
    );
  }

  addExplanations(
    sae: string,
    kind: UnitKind,
    explanations: Iterable<NewExplanation & { readonly index: number }>,
  ): void {
    this.#connection.write(() => {
      for (const explanation of explanations) {
        const { index } = explanation;
        addExplanation(this.#connection, this.#analysed(sae, kind, index), index, explanation);
      }
    });
  }

  score(id: number, score: number | null, scoreKind: string | null, details?: unknown): boolean {
    return this.#connection.write(() => scoreExplanation(this.#connection, id, score, scoreKind, details));
  }

  removeExplanation(id: number): boolean {
    return this.#connection.write(() => removeExplanation(this.#connection, id));
  }

  beginInterpretation(
    sae: string,
    kind: UnitKind,
    name: string,
    options: InterpretationOptions,
  ): InterpretationWriter {
    const begin = () => {
      const current = this.#current(sae, kind);
      if (current === undefined)
        throw new Failure(`${this.path} holds no analysis of the ${kind}s of ${sae}`);
      return current;
    };
    const analysed = (index: number) => this.#analysed(sae, kind, index);
    return beginInterpretation(this.#connection, name, begin, analysed, options);
  }

  putInterpretation(
    sae: string,
    kind: UnitKind,
    name: string,
    explanations: Iterable<ScoredExplanation>,
    options: InterpretationOptions,
  ): void {
    const writer = this.beginInterpretation(sae, kind, name, options);
    writer.put(explanations);
    writer.finish();
  }

  explanation(id: number): ExplanationRecord | undefined {
    return this.#connection.read(() => {
      const found = findExplanation(this.#connection, id);
      if (found === undefined || this.#current(found.sae, found.kind)?.subject !== found.subject)
        return undefined;
      const { sae, kind, index, explanation } = found;
      const what = `answers of explanation ${id}`;
      const scored = this.#intact(what, () => readScored(this.#connection, id));
      return { sae, kind, index, explanation, ...scored };
    });
  }

  scores(id: number): Omit<StoredScore, "answers">[] {
    return this.#connection.read(() => readScores(this.#connection, id));
  }

  ratings(sae: string): StoredRating[] {
    return this.#connection
      .read(() =>
        UNIT_KINDS.flatMap((kind) => {
          const current = this.#current(sae, kind);
          return current === undefined ? [] : readRatings(this.#connection, current);
        }),
      )
      .sort((a, b) => a.id - b.id);
  }

  putRating(sae: string, rating: NewRating): StoredRating {
    return this.#connection.write(() =>
      putRating(this.#connection, this.#analysed(sae, rating.kind, rating.index), rating),
    );
  }

  removeRating(id: number): boolean {
    return this.#connection.write(() => removeRating(this.#connection, id));
  }

  outdated(): boolean {
    return isOutdated(this.#connection);
  }

  #reading<T>(sae: string, kind: UnitKind, otherwise: T, work: (current: Current) => T): T {
    return this.#connection.read(() => {
      const current = this.#current(sae, kind);
      if (current === undefined) return otherwise;
      this.#tokens.refresh();
      return work(current);
    });
  }

  #current(sae: string, kind: UnitKind): Current | undefined {
    const row = this.#connection.get<{ id: number; subject: string }>(
      "SELECT id, subject FROM analysis WHERE sae = ? AND kind = ? AND state = 'current'",
      sae,
      kind,
    );
    return row && { ...row, sae, kind };
  }

  #analysed(sae: string, kind: UnitKind, index: number): Current {
    const current = this.#current(sae, kind);
    const unit =
      current &&
      this.#connection.get("SELECT idx FROM unit WHERE analysis = ? AND idx = ?", current.id, index);
    if (unit === undefined) throw new Failure(`${this.path} holds no analysis of ${kind} ${index} of ${sae}`);
    return current!;
  }

  #columnsOf(current: Current): UnitColumns {
    const key = JSON.stringify([current.sae, current.kind]);
    let columns = this.#columns.get(key);
    if (columns?.analysis !== current.id) {
      columns = new UnitColumns(this.#connection, current.id);
      this.#columns.set(key, columns);
    }
    return columns;
  }

  #scoresOf(current: Current, count: number): Float64Array {
    return this.#revised(this.#scores, current, () => shownScores(this.#connection, current, count));
  }

  /** What was read of explanations, for as long as none changes. */
  #revised<T>(cache: Cache<T>, { id, sae, kind }: Current, read: () => T): T {
    const revision = revisionOf(this.#connection, "explanations");
    const key = JSON.stringify([sae, kind]);
    const known = cache.get(key);
    if (known?.analysis === id && known.revision === revision) return known.value;
    const value = read();
    cache.set(key, { analysis: id, revision, value });
    return value;
  }

  #rows(current: Current, indices: Iterable<number>): UnitRow[] {
    const rows: UnitRow[] = [];
    for (const index of indices) {
      const row = this.#connection.get<UnitRowOfTable>(
        `SELECT density, mean, max, entropy, single_token, row FROM unit JOIN detail USING (analysis, idx)
         WHERE analysis = ? AND idx = ?`,
        current.id,
        index,
      );
      if (row === undefined) continue;
      const { density, mean, max, entropy } = row;
      const detail = JSON.parse(row.row) as RowDetail;
      const { text, score } = shownExplanation(this.#connection, current, index);
      rows.push({
        index,
        density,
        mean,
        max,
        singleToken: row.single_token === null ? null : row.single_token === 1,
        entropy,
        sparkline: detail.sparkline,
        tokens: detail.tokens.map((id) => this.#tokens.text(id)),
        logits: detail.logits.map((id) => this.#tokens.text(id)),
        explanation: text,
        score,
      });
    }
    return rows;
  }

  /** Each place once. */
  #contexts(current: Current, places: Iterable<ContextPlace>): StoredContext[] {
    const seen = new Set<string>();
    const contexts: StoredContext[] = [];
    for (const { split, context } of places) {
      const key = `${split} ${context}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const row = this.#connection.get<{ tokens: Uint8Array }>(
        "SELECT tokens FROM context WHERE analysis = ? AND split = ? AND context = ?",
        current.id,
        split,
        context,
      );
      if (row !== undefined) contexts.push({ split, context, tokens: unpackTokens(row.tokens) });
    }
    return contexts;
  }

  /** SQLite does not check the bytes of what it stores: a value's own checksum does. */
  #intact<T>(what: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw damaged(this.path, `${what}: ${messageOf(error)}`, error);
    }
  }
}
