/**
 * The tables of features.sqlite in SQL, as a new store gets them. Columns that lists read stand before those that may be long: SQLite
 * reads a row from its beginning, and the rest of a long one lies on other pages.
 */

/** What an analysis writes. */
export const ANALYSIS_TABLES = `
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
`;

/** Of units, with the one of its scores that stands for it. */
export const explanationTable = (table = "explanation"): string => `
CREATE TABLE ${table} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sae TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  idx INTEGER NOT NULL,
  text TEXT NOT NULL,
  words TEXT NOT NULL,
  author TEXT NOT NULL,
  created TEXT NOT NULL,
  interpretation INTEGER,
  chosen INTEGER NOT NULL DEFAULT 0,
  score REAL,
  score_kind TEXT,
  low REAL,
  high REAL,
  answered_by TEXT,
  details TEXT NOT NULL
) STRICT;
`;

/** Holds all that it takes to say which explanation of a unit stands first. */
export const EXPLANATION_INDEX = `
CREATE INDEX explanation_of_unit ON explanation (sae, kind, subject, idx, chosen, interpretation, score, author);
`;

export const EXPLANATION_WORDS = `
CREATE VIRTUAL TABLE explanation_words USING fts5 (
  words, content = 'explanation', content_rowid = 'id', prefix = '2 3', tokenize = "unicode61 remove_diacritics 2"
);
`;

/** What hangs on an explanation goes with it; a question goes with the last of its answers. */
export const EXPLANATION_TRIGGERS = `
CREATE TRIGGER explanation_added AFTER INSERT ON explanation BEGIN
  INSERT INTO explanation_words (rowid, words) VALUES (new.id, new.words);
END;
CREATE TRIGGER explanation_removed AFTER DELETE ON explanation BEGIN
  INSERT INTO explanation_words (explanation_words, rowid, words) VALUES ('delete', old.id, old.words);
  DELETE FROM score WHERE explanation = old.id;
  DELETE FROM answers WHERE explanation = old.id;
END;
CREATE TRIGGER explanation_changed AFTER UPDATE OF words ON explanation BEGIN
  INSERT INTO explanation_words (explanation_words, rowid, words) VALUES ('delete', old.id, old.words);
  INSERT INTO explanation_words (rowid, words) VALUES (new.id, new.words);
END;
CREATE TRIGGER answers_removed AFTER DELETE ON answers BEGIN
  DELETE FROM question WHERE id = old.question AND NOT EXISTS (SELECT 1 FROM answers WHERE question = old.question);
END;
`;

/** What interpretations and raters write beside explanations. */
export const SCORE_TABLES = `
CREATE TABLE interpretation (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sae TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  name TEXT NOT NULL,
  created TEXT NOT NULL
) STRICT;

CREATE TABLE score (
  explanation INTEGER NOT NULL,
  number INTEGER NOT NULL,
  kind TEXT NOT NULL,
  value REAL,
  low REAL,
  high REAL,
  degenerate INTEGER NOT NULL,
  asked INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  answered_by TEXT NOT NULL,
  answers INTEGER,
  others TEXT NOT NULL,
  PRIMARY KEY (explanation, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE question (
  id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,
  value BLOB NOT NULL
) STRICT;

CREATE TABLE answers (
  explanation INTEGER NOT NULL,
  number INTEGER NOT NULL,
  question INTEGER NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (explanation, number)
) STRICT;
CREATE INDEX answers_of_question ON answers (question);

CREATE TABLE rating (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sae TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  idx INTEGER NOT NULL,
  interval INTEGER NOT NULL,
  rater TEXT NOT NULL,
  confidence INTEGER NOT NULL,
  activations INTEGER NOT NULL,
  logits INTEGER NOT NULL,
  separation INTEGER,
  specificity INTEGER NOT NULL,
  interpretation TEXT NOT NULL,
  created TEXT NOT NULL,
  UNIQUE (sae, kind, subject, idx, interval, rater)
) STRICT;
`;

export const REVISION_TABLE = `
CREATE TABLE revision (name TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT;
INSERT INTO revision VALUES ('tokens', 0), ('explanations', 0);
`;

export const TABLES = [
  ANALYSIS_TABLES,
  explanationTable(),
  EXPLANATION_INDEX,
  EXPLANATION_WORDS,
  SCORE_TABLES,
  EXPLANATION_TRIGGERS,
  REVISION_TABLE,
].join("");
