/**
 * From format 1 to format 2: explanations gain an interval, a choice and the interpretation that they are part of; scores, raw
 * answers and ratings have tables of their own. Numbers of explanations stay, since addresses and the index of words hold them.
 */

import type { Connection } from "./connection.ts";
import { EXPLANATION_INDEX, EXPLANATION_TRIGGERS, explanationTable, SCORE_TABLES } from "./tables.ts";

/** Columns that both formats have. */
const KEPT = "id, sae, kind, subject, idx, text, words, author, created, score, score_kind, details";

const ADDED = "interpretation, chosen, low, high, answered_by";

/** Within a transaction that writes: killed on the way it leaves format 1. */
export function migrate(connection: Connection): void {
  connection.execute(explanationTable("explanation_2"));
  connection.execute(`INSERT INTO explanation_2 (${KEPT}) SELECT ${KEPT} FROM explanation`);
  // A number that was removed shall not be given again.
  connection.execute(`
    DELETE FROM sqlite_sequence WHERE name = 'explanation_2';
    INSERT INTO sqlite_sequence (name, seq) SELECT 'explanation_2', seq FROM sqlite_sequence WHERE name = 'explanation';
    DROP TABLE explanation;
    ALTER TABLE explanation_2 RENAME TO explanation;
  `);
  connection.execute(EXPLANATION_INDEX);
  connection.execute(SCORE_TABLES);
  connection.execute(EXPLANATION_TRIGGERS);
  connection.execute("UPDATE revision SET number = number + 1 WHERE name = 'explanations'");
}

/**
 * Lets a reader of format 1 ask as of format 2, without a change of the file: names of this connection alone stand before those of
 * the file, the columns that are missing are null, the tables empty.
 */
export function readAsNew(connection: Connection): void {
  const added = ADDED.split(", ").map((column) => `${column === "chosen" ? 0 : "NULL"} AS ${column}`);
  const tables = SCORE_TABLES.replaceAll("CREATE TABLE", "CREATE TEMP TABLE").replace(/CREATE INDEX.*\n/, "");
  connection.execute(`
    PRAGMA query_only = OFF;
    PRAGMA temp_store = MEMORY;
    CREATE TEMP VIEW explanation AS SELECT ${KEPT}, ${added.join(", ")} FROM main.explanation;
    ${tables}
    PRAGMA query_only = ON;
  `);
  connection.readsOlder = true;
}
