/**
 * Writes an analysis beside the one that is there, in transactions of about a megabyte, and puts it in its place in one more.
 * Readers see the old one until then and wait for none of it: what is "writing" is not found by any of their queries.
 *
 * A process that dies on the way leaves rows that the next writer of the same units removes. Two that write the same units at once
 * would both go by what they read before: the one that began first is refused at its next transaction.
 */

import { Failure } from "../errors.ts";
import type { AnalysisRecord, StoredContext, UnitRecord } from "../features/records.ts";
import type { Connection } from "./connection.ts";
import { packTokens } from "./context-value.ts";
import { PostingsWriter } from "./postings.ts";
import { ROWS_OF_ANALYSIS } from "./schema.ts";
import type { AnalysisWriter, BeginOptions } from "./stored.ts";
import { putTokens } from "./token-texts.ts";
import { fewWords, rowDetail, tokensOf } from "./unit-text.ts";
import { packUnit } from "./unit-value.ts";

/** Bytes collected before they are written, and rows: a transaction should be short, and still worth its flush to the disk. */
const BYTES = 1 << 20;
const ROWS = 5_000;

/** An analysis of other units that was not touched for this long belongs to nobody any more. */
const ABANDONED_MS = 24 * 3600_000;

export function beginAnalysis(
  connection: Connection,
  sae: string,
  record: AnalysisRecord,
  options: BeginOptions,
): AnalysisWriter {
  const { kind } = record;
  const id = connection.write(() => {
    connection.run(
      "UPDATE analysis SET state = 'retired' WHERE state = 'writing' AND (sae = ? AND kind = ? OR touched < ?)",
      sae,
      kind,
      Date.now() - ABANDONED_MS,
    );
    return connection.run(
      "INSERT INTO analysis (sae, kind, state, subject, touched, record) VALUES (?, ?, 'writing', ?, ?, ?)",
      sae,
      kind,
      options.subject ?? "",
      Date.now(),
      JSON.stringify(record),
    ).id;
  });
  removeRetired(connection);
  return new Writer(connection, id, sae, record, options);
}

class Writer implements AnalysisWriter {
  readonly #connection: Connection;
  readonly #id: number;
  readonly #sae: string;
  readonly #record: AnalysisRecord;
  readonly #options: BeginOptions;
  readonly #postings = new PostingsWriter();
  readonly #tokens = new Set<number>();
  #pending: (() => void)[] = [];
  #bytes = 0;
  #done = false;

  constructor(
    connection: Connection,
    id: number,
    sae: string,
    record: AnalysisRecord,
    options: BeginOptions,
  ) {
    this.#connection = connection;
    this.#id = id;
    this.#sae = sae;
    this.#record = record;
    this.#options = options;
  }

  putUnit(unit: UnitRecord): void {
    const { kind, count } = this.#record;
    if (unit.kind !== kind || !(Number.isInteger(unit.index) && unit.index >= 0 && unit.index < count)) {
      throw new Error(`${unit.kind} ${unit.index} is none of the ${count} units of kind ${kind}`);
    }
    for (const token of tokensOf(unit)) this.#tokens.add(token);
    for (const { token } of unit.logits?.top ?? []) this.#tokens.add(token);
    for (const { token } of unit.logits?.bottom ?? []) this.#tokens.add(token);
    this.#postings.add(unit);
    const { statistics, singleToken, tokenAnalysis, map } = unit;
    const row = JSON.stringify(rowDetail(unit));
    const value = packUnit(unit);
    const words = fewWords(unit, this.#options.tokenText).toWellFormed();
    this.#put(value.length + row.length, () => {
      this.#connection.run(
        "INSERT INTO unit (analysis, idx, density, mean, max, entropy, single_token, x, y, words) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        this.#id,
        unit.index,
        statistics.density,
        statistics.mean,
        statistics.max,
        tokenAnalysis?.entropy ?? null,
        singleToken === null ? null : Number(singleToken),
        map?.[0] ?? null,
        map?.[1] ?? null,
        words,
      );
      this.#connection.run(
        "INSERT INTO detail (analysis, idx, row, record) VALUES (?, ?, ?, ?)",
        this.#id,
        unit.index,
        row,
        value,
      );
    });
  }

  putContexts(contexts: Iterable<StoredContext>): void {
    for (const { split, context, tokens } of contexts) {
      for (let i = 0; i < tokens.length; i++) this.#tokens.add(tokens[i]!);
      const value = packTokens(tokens);
      this.#put(value.length, () => {
        this.#connection.run(
          "INSERT OR REPLACE INTO context (analysis, split, context, tokens) VALUES (?, ?, ?, ?)",
          this.#id,
          split,
          context,
          value,
        );
      });
    }
  }

  commit(record: AnalysisRecord = this.#record): void {
    this.#flush();
    this.#postings.write(this.#connection, this.#id, () => this.#touch());
    this.#connection.write(() => {
      this.#touch();
      this.#refuseMissing();
      putTokens(this.#connection, this.#tokens, this.#options.tokenText);
      this.#connection.run(
        "UPDATE analysis SET state = 'retired' WHERE sae = ? AND kind = ? AND state = 'current'",
        this.#sae,
        this.#record.kind,
      );
      this.#connection.run(
        "UPDATE analysis SET state = 'current', record = ? WHERE id = ?",
        JSON.stringify(record),
        this.#id,
      );
    });
    this.#done = true;
    try {
      removeRetired(this.#connection);
    } catch {
      // The analysis is there; whoever writes next removes the old one.
    }
  }

  discard(): void {
    if (this.#done) return;
    this.#done = true;
    this.#pending = [];
    this.#connection.run(
      "UPDATE analysis SET state = 'retired' WHERE id = ? AND state = 'writing'",
      this.#id,
    );
    removeRetired(this.#connection);
  }

  #put(bytes: number, write: () => void): void {
    if (this.#done) throw new Error("this analysis was committed or discarded already");
    this.#pending.push(write);
    this.#bytes += bytes;
    if (this.#bytes >= BYTES || this.#pending.length >= ROWS) this.#flush();
  }

  #flush(): void {
    const pending = this.#pending;
    this.#pending = [];
    this.#bytes = 0;
    this.#connection.write(() => {
      this.#touch();
      for (const write of pending) write();
    });
  }

  #touch(): void {
    const { changes } = this.#connection.run(
      "UPDATE analysis SET touched = ? WHERE id = ? AND state = 'writing'",
      Date.now(),
      this.#id,
    );
    if (changes === 1) return;
    throw new Failure(
      `${this.#connection.path}: another process began to analyse the ${this.#record.kind}s of ${this.#sae} meanwhile, ` +
        "so this analysis was not stored: let that one finish",
    );
  }

  #refuseMissing(): void {
    const { n } = this.#connection.get<{ n: number }>(
      "SELECT count(*) AS n FROM unit WHERE analysis = ?",
      this.#id,
    )!;
    if (n !== this.#record.count)
      throw new Error(`${n} of ${this.#record.count} units were put into the store`);
  }
}

/** In small pieces, so that others come in between; then the file gives back what it no longer needs. */
function removeRetired(connection: Connection): void {
  const retired = connection.all<{ id: number }>("SELECT id FROM analysis WHERE state = 'retired'");
  if (retired.length === 0) return;
  for (const { id } of retired) {
    for (const [table, rows] of ROWS_OF_ANALYSIS) {
      const sql = `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE analysis = ? LIMIT ${rows})`;
      while (connection.write(() => connection.run(sql, id)).changes > 0);
    }
    connection.run("DELETE FROM analysis WHERE id = ? AND state = 'retired'", id);
  }
  const freePages = () =>
    Number(connection.get<{ freelist_count: number }>("PRAGMA freelist_count")!.freelist_count);
  for (let left = freePages(), before = Infinity; left > 0 && left < before;) {
    connection.execute("PRAGMA incremental_vacuum(1000)");
    before = left;
    left = freePages();
  }
}
