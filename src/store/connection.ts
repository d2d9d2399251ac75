/**
 * A connection to an SQLite file: prepared statements, transactions, and one sentence for whatever the file or disk refuses.
 *
 * The file keeps SQLite's rollback journal, not a write-ahead log. A log needs memory shared by all processes at the file, which
 * network file systems do not give, and a folder that even its readers may write to; with a journal the store is one plain file
 * between transactions, which can be read from a read-only disk, copied, and used from several machines as far as their file
 * system has locks. What a log would buy, readers beside a long write, is not needed: writers keep each transaction short
 * (analysis-writer.ts), and whoever comes in between waits for milliseconds, `BUSY_MS` at most. `synchronous` stays FULL: after
 * `kill -9` or a power cut the next one to open the file rolls back what was not finished.
 */

import { accessSync, constants } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { Failure, messageOf } from "../errors.ts";
import { writeFailure } from "../files/atomic.ts";

export const BUSY_MS = 15_000;

/** Another process keeps the file longer than anybody waits. */
export class StoreBusy extends Failure {}

export type Value = SQLInputValue;
export type Row = Record<string, unknown>;

export class Connection {
  readonly path: string;
  /** A reader of an earlier format (migration.ts). */
  readsOlder = false;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #depth = 0;

  /** @throws Failure when the file cannot be opened */
  constructor(path: string, readonly: boolean) {
    this.path = path;
    // A reader that may write can roll back what a killed writer left; a read-only connection could only refuse.
    const sealed = readonly && !isWritable(path);
    this.#database = this.#guard(() => new DatabaseSync(path, { readOnly: sealed, timeout: BUSY_MS }));
    if (readonly) this.#guard(() => this.#database.exec("PRAGMA query_only = ON"));
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  execute(sql: string): void {
    this.#guard(() => this.#database.exec(sql));
  }

  run(sql: string, ...values: Value[]): { readonly changes: number; readonly id: number } {
    const { changes, lastInsertRowid } = this.#guard(() => this.#prepare(sql).run(...values));
    return { changes: Number(changes), id: Number(lastInsertRowid) };
  }

  get<T = Row>(sql: string, ...values: Value[]): T | undefined {
    return this.#guard(() => this.#prepare(sql).get(...values)) as T | undefined;
  }

  all<T = Row>(sql: string, ...values: Value[]): T[] {
    return this.#guard(() => this.#prepare(sql).all(...values)) as T[];
  }

  /** Rows as arrays in the order of the columns: for many of them. */
  arrays<T extends readonly unknown[]>(sql: string, ...values: Value[]): T[] {
    return this.#guard(() => {
      const statement = this.#prepare(sql, true);
      return statement.all(...values) as unknown as T[];
    });
  }

  /** Whatever `work` reads, it reads of one state of the file. */
  read<T>(work: () => T): T {
    return this.#transaction("BEGIN", work);
  }

  /** All that `work` writes is there afterwards, or nothing of it. */
  write<T>(work: () => T): T {
    return this.#transaction("BEGIN IMMEDIATE", work);
  }

  #transaction<T>(begin: string, work: () => T): T {
    if (this.#depth > 0) return work();
    this.execute(begin);
    this.#depth++;
    try {
      const result = work();
      this.execute("COMMIT");
      return result;
    } catch (error) {
      // SQLite has ended the transaction itself after a full disk and some other errors.
      if (this.#database.isOpen && this.#database.isTransaction) this.execute("ROLLBACK");
      throw error;
    } finally {
      this.#depth--;
    }
  }

  #prepare(sql: string, asArrays = false): StatementSync {
    const key = asArrays ? `[]${sql}` : sql;
    let statement = this.#statements.get(key);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      if (asArrays) statement.setReturnArrays(true);
      this.#statements.set(key, statement);
    }
    return statement;
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storeFailure(this.path, error);
    }
  }
}

/** SQLite wants to make its journal beside the file. */
function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    accessSync(dirname(path), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The sentence for an error of SQLite, by its primary result code; any other error as it is. */
function storeFailure(path: string, error: unknown): unknown {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (code !== "ERR_SQLITE_ERROR" || typeof errcode !== "number") return error;
  switch (errcode & 0xff) {
    case 5: // BUSY
    case 6: // LOCKED
      return new StoreBusy(
        `${path} is in use: another process has kept it for ${BUSY_MS / 1000} seconds; try again when that one has finished`,
        { cause: error },
      );
    case 8: // READONLY
      return new Failure(`cannot write ${path}: the file or its folder is read-only`, { cause: error });
    case 10: // IOERR
      return writeFailure(path, Object.assign(new Error(messageOf(error)), { code: "EIO" }));
    case 11: // CORRUPT
    case 26: // NOTADB
      return damaged(path, messageOf(error), error);
    case 13: // FULL
      return writeFailure(path, Object.assign(new Error(messageOf(error)), { code: "ENOSPC" }));
    case 14: // CANTOPEN
      return new Failure(
        `cannot open ${path}: it is no file, or it or its folder is not yours to read and write`,
        { cause: error },
      );
    default:
      return error;
  }
}

/** The sentence for a file whose bytes are not what was written. */
export function damaged(path: string, what: string, cause?: unknown): Failure {
  return new Failure(
    `${path} is damaged (${what}): move it away and analyse the run again with "monosemantic features"`,
    { cause },
  );
}
