/** A store as it was written in format 1, before explanations had intervals, scores beside the first, and raw answers. */

import { rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { openStore } from "../../src/store/store.ts";
import { writeAnalysis } from "./synthetic.ts";

/** `PRAGMA application_id` of a store. */
const APPLICATION = 0x6d6f6e6f;

const TABLES = `
CREATE TABLE analysis (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sae TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('writing', 'current', 'retired')),
  subject TEXT NOT NULL,
  touched INTEGER NOT NULL,
  record TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX analysis_current ON analysis (sae, kind) WHERE state = 'current';

CREATE TABLE unit (
  analysis INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  density REAL NOT NULL,
  mean REAL NOT NULL,
  max REAL NOT NULL,
  entropy REAL,
  single_token INTEGER,
  x REAL,
  y REAL,
  words TEXT NOT NULL,
  PRIMARY KEY (analysis, idx)
) STRICT;

CREATE TABLE detail (
  analysis INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  row TEXT NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY (analysis, idx)
) STRICT;

CREATE TABLE context (
  analysis INTEGER NOT NULL,
  split TEXT NOT NULL,
  context INTEGER NOT NULL,
  tokens BLOB NOT NULL,
  PRIMARY KEY (analysis, split, context)
) STRICT;

CREATE TABLE posting (
  analysis INTEGER NOT NULL,
  token INTEGER NOT NULL,
  fires BLOB NOT NULL,
  raises BLOB NOT NULL,
  PRIMARY KEY (analysis, token)
) STRICT;

CREATE TABLE ablation (
  analysis INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  split TEXT NOT NULL,
  context INTEGER NOT NULL,
  result BLOB NOT NULL,
  PRIMARY KEY (analysis, idx, split, context)
) STRICT;

CREATE TABLE token (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;

CREATE TABLE explanation (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sae TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  idx INTEGER NOT NULL,
  text TEXT NOT NULL,
  words TEXT NOT NULL,
  author TEXT NOT NULL,
  created TEXT NOT NULL,
  score REAL,
  score_kind TEXT,
  details TEXT NOT NULL
) STRICT;
CREATE INDEX explanation_of_unit ON explanation (sae, kind, subject, idx, score);

CREATE VIRTUAL TABLE explanation_words USING fts5 (
  words, content = 'explanation', content_rowid = 'id', prefix = '2 3', tokenize = "unicode61 remove_diacritics 2"
);
CREATE TRIGGER explanation_added AFTER INSERT ON explanation BEGIN
  INSERT INTO explanation_words (rowid, words) VALUES (new.id, new.words);
END;
CREATE TRIGGER explanation_removed AFTER DELETE ON explanation BEGIN
  INSERT INTO explanation_words (explanation_words, rowid, words) VALUES ('delete', old.id, old.words);
END;
CREATE TRIGGER explanation_changed AFTER UPDATE OF words ON explanation BEGIN
  INSERT INTO explanation_words (explanation_words, rowid, words) VALUES ('delete', old.id, old.words);
  INSERT INTO explanation_words (rowid, words) VALUES (new.id, new.words);
END;

CREATE TABLE revision (name TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT;
INSERT INTO revision VALUES ('tokens', 0), ('explanations', 0);
`;

/** An empty store of that format. */
export function createFormat1(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA auto_vacuum = INCREMENTAL");
  database.exec(`BEGIN; ${TABLES}; PRAGMA application_id = ${APPLICATION}; PRAGMA user_version = 1; COMMIT`);
  return database;
}

/** With an analysis of 20 units, an explanation of one, and another one that was taken away. */
export function fillFormat1(path: string): void {
  const shape = { count: 20, seed: 2 };
  const made = `${path}-made`;
  const store = openStore(made);
  writeAnalysis(store, "sae", shape);
  store.close();
  const database = createFormat1(path);
  database.exec(`ATTACH '${made}' AS made`);
  for (const table of ["analysis", "unit", "detail", "context", "posting", "token"]) {
    database.exec(`INSERT INTO main.${table} SELECT * FROM made.${table}`);
  }
  database.exec("UPDATE main.revision SET number = 7");
  const insert = database.prepare(
    `INSERT INTO explanation (id, sae, kind, subject, idx, text, words, author, created, score, score_kind, details)
     VALUES (?, 'sae', 'feature', '', 3, ?, ?, 'rule', '2025-01-02T00:00:00.000Z', 0.5, 'detection', '{"a":1}')`,
  );
  for (const [id, text] of [
    [9, "words of old"],
    [10, "gone"],
  ] as const)
    insert.run(id, text, text);
  database.exec("DELETE FROM explanation WHERE id = 10");
  database.close();
  rmSync(made);
}
