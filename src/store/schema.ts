/**
 * The tables of features.sqlite. Columns that a person may want to query with other tools are plain; the rest of a unit, its
 * examples above all, is one compressed value (unit-value.ts).
 *
 * An analysis has a number of its own, which all its rows carry. It is written as "writing", becomes "current" in one transaction
 * that makes the one before it "retired", and retired rows are then deleted in small pieces: no reader waits for long, and one
 * that was killed leaves rows that nobody sees and the next writer removes.
 */

import { existsSync, statSync } from "node:fs";
import { Failure } from "../errors.ts";
import { Connection, damaged } from "./connection.ts";
import { migrate, readAsNew } from "./migration.ts";
import { TABLES } from "./tables.ts";

/** `PRAGMA user_version`. A store with a larger number was made by a later version. */
export const FORMAT = 2;

/** The oldest that can be read, and is brought up to date by whoever writes. */
const OLDEST = 1;

/** `PRAGMA application_id`, "mono": says that an SQLite file is a store at all. */
const APPLICATION = 0x6d6f6e6f;

/** Tables whose rows belong to one analysis and go with it, and how many go in one transaction. */
export const ROWS_OF_ANALYSIS = [
  ["unit", 10_000],
  ["detail", 200],
  ["context", 10_000],
  ["posting", 5_000],
  ["ablation", 200],
] as const;

/** What is kept in memory is read again when its number has changed. */
export type Revised = "tokens" | "explanations";

/**
 * A store of an earlier format is brought up to date when it is opened for writing, all of it or nothing. A reader changes nothing: it
 * sees such a store as it would be then.
 * @throws Failure when there is no store to read, or the file is damaged, another program's, or of a later version
 */
export function connect(path: string, readonly: boolean): Connection {
  if (readonly && !holdsAnything(path)) throw missing(path);
  const connection = new Connection(path, readonly);
  try {
    const found = formatOf(connection);
    if (found === FORMAT) return connection;
    if (found === OLDEST) {
      if (readonly) readAsNew(connection);
      else upgrade(connection);
      return connection;
    }
    if (found !== "empty") throw wrongFormat(path, found);
    if (readonly) throw missing(path);
    create(connection);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function holdsAnything(path: string): boolean {
  return existsSync(path) && statSync(path).size > 0;
}

function missing(path: string): Failure {
  return new Failure(
    `${path} holds no analysis: make one with "monosemantic features", which takes the run's folder`,
  );
}

function wrongFormat(path: string, found: number): Failure {
  if (found > FORMAT) {
    return new Failure(
      `${path} has format ${found}, and this version of monosemantic reads up to ${FORMAT}: use the version that wrote it, or a later one`,
    );
  }
  return damaged(path, `format ${found}, expected ${FORMAT}`);
}

/** The number of the format, or that nothing was written yet: a file that was only just made. */
function formatOf(connection: Connection): number | "empty" {
  return connection.read(() => {
    const number = (name: string) => Number(Object.values(connection.get(`PRAGMA ${name}`)!)[0]);
    const tables = Number(connection.get<{ n: number }>("SELECT count(*) AS n FROM sqlite_master")!.n);
    const [application, format] = [number("application_id"), number("user_version")];
    if (application === 0 && format === 0 && tables === 0) return "empty";
    if (application !== APPLICATION) {
      throw new Failure(
        `${connection.path} is an SQLite file of another program, expected a store of features: move it away`,
      );
    }
    return format;
  });
}

function create(connection: Connection): void {
  connection.execute("PRAGMA auto_vacuum = INCREMENTAL");
  connection.write(() => {
    // Another process may have been first.
    if (formatOf(connection) === FORMAT) return;
    connection.execute(TABLES);
    connection.execute(`PRAGMA application_id = ${APPLICATION}`);
    connection.execute(`PRAGMA user_version = ${FORMAT}`);
  });
}

function upgrade(connection: Connection): void {
  connection.write(() => {
    // Another process may have been first.
    if (formatOf(connection) === FORMAT) return;
    migrate(connection);
    connection.execute(`PRAGMA user_version = ${FORMAT}`);
  });
}

/** Whether a reader that opened it in an earlier format would see more now: somebody has brought it up to date. */
export function isOutdated(connection: Connection): boolean {
  return connection.readsOlder && formatOf(connection) === FORMAT;
}

export function revisionOf(connection: Connection, name: Revised): number {
  return connection.get<{ number: number }>("SELECT number FROM revision WHERE name = ?", name)!.number;
}

export function revise(connection: Connection, name: Revised): void {
  connection.run("UPDATE revision SET number = number + 1 WHERE name = ?", name);
}
