/**
 * What people and methods say of units. Explanations belong to a dictionary's weights (their subject) and not to an analysis, so
 * analysing it again keeps them; those of other weights under the same name are kept too, and not shown.
 */

import { Failure } from "../errors.ts";
import type { UnitKind } from "../features/units.ts";
import type { Connection } from "./connection.ts";
import { revise } from "./schema.ts";
import { indexedWords } from "./search.ts";
import type { NewExplanation, StoredExplanation } from "./stored.ts";

export interface Explained {
  readonly sae: string;
  readonly kind: UnitKind;
  readonly subject: string;
}

interface ExplanationRow {
  readonly id: number;
  readonly text: string;
  readonly author: string;
  readonly created: string;
  readonly interpretation: string | null;
  readonly chosen: number;
  readonly score: number | null;
  readonly score_kind: string | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly answered_by: string | null;
  readonly details: string;
}

const COLUMNS = `id, text, author, created, chosen, score, score_kind, low, high, answered_by, details,
  (SELECT name FROM interpretation WHERE interpretation.id = explanation.interpretation) AS interpretation`;

/** An explanation as it is written; `id` when it takes the place of one that was removed. */
export type Inserted = Omit<StoredExplanation, "id" | "interpretation"> & {
  readonly id: number | null;
  readonly interpretation: number | null;
};

const PERSON = "person";

/**
 * What a unit's explanations are ordered by (`UnitRow` in listing.ts): people before methods, people by time; of methods the chosen ones
 * first, those of the newest interpretation before others, then by score; then the newest.
 */
const ORDER = `author = '${PERSON}' DESC, CASE WHEN author = '${PERSON}' THEN id END DESC,
  chosen DESC, CASE WHEN chosen THEN interpretation END DESC, score DESC, id DESC`;

const OF_UNIT = "sae = ? AND kind = ? AND subject = ? AND idx = ?";

export function readExplanations(
  connection: Connection,
  { sae, kind, subject }: Explained,
  index: number,
): StoredExplanation[] {
  return connection
    .all<ExplanationRow>(
      `SELECT ${COLUMNS} FROM explanation WHERE ${OF_UNIT} ORDER BY ${ORDER}`,
      sae,
      kind,
      subject,
      index,
    )
    .map(explanationOf);
}

export function addExplanation(
  connection: Connection,
  of: Explained,
  index: number,
  { text, author, created, score, scoreKind, details }: NewExplanation,
): StoredExplanation {
  const id = insertExplanation(connection, of, index, {
    id: null,
    text,
    author,
    created: created ?? new Date().toISOString(),
    interpretation: null,
    chosen: false,
    score: score ?? null,
    scoreKind: scoreKind ?? null,
    interval: null,
    answeredBy: null,
    details,
  });
  revise(connection, "explanations");
  return readExplanation(connection, id)!;
}

/** Returns its number. Whoever adds the last one of several has to say that explanations were revised. */
export function insertExplanation(
  connection: Connection,
  { sae, kind, subject }: Explained,
  index: number,
  explanation: Inserted,
): number {
  const text = explanation.text.toWellFormed().trim();
  if (text === "") throw new Failure("an explanation needs at least one word");
  return connection.run(
    `INSERT INTO explanation (id, sae, kind, subject, idx, text, words, author, created, interpretation, chosen, score, score_kind,
       low, high, answered_by, details)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    explanation.id,
    sae,
    kind,
    subject,
    index,
    text,
    indexedWords(text),
    explanation.author.toWellFormed(),
    explanation.created,
    explanation.interpretation,
    Number(explanation.chosen),
    finiteOrNull(explanation.score),
    explanation.scoreKind,
    finiteOrNull(explanation.interval?.[0]),
    finiteOrNull(explanation.interval?.[1]),
    explanation.answeredBy,
    JSON.stringify(explanation.details ?? null),
  ).id;
}

export function scoreExplanation(
  connection: Connection,
  id: number,
  score: number | null,
  scoreKind: string | null,
  details: unknown,
): boolean {
  const { changes } = connection.run(
    `UPDATE explanation SET score = ?, score_kind = ?, low = NULL, high = NULL, answered_by = NULL, details = coalesce(?, details)
     WHERE id = ?`,
    finiteOrNull(score),
    scoreKind,
    details === undefined ? null : JSON.stringify(details),
    id,
  );
  if (changes > 0) revise(connection, "explanations");
  return changes > 0;
}

export function removeExplanation(connection: Connection, id: number): boolean {
  const { changes } = connection.run("DELETE FROM explanation WHERE id = ?", id);
  if (changes > 0) revise(connection, "explanations");
  return changes > 0;
}

/** What stands for a unit in lists: the first of its explanations, and the score of the first that is a method's. */
export function shownExplanation(
  connection: Connection,
  { sae, kind, subject }: Explained,
  index: number,
): { readonly text: string | null; readonly score: number | null } {
  return connection.get<{ text: string | null; score: number | null }>(
    `SELECT (SELECT text FROM explanation WHERE ${OF_UNIT} ORDER BY ${ORDER} LIMIT 1) AS text,
       (SELECT score FROM explanation WHERE ${OF_UNIT} AND author <> '${PERSON}' ORDER BY ${ORDER} LIMIT 1) AS score`,
    sae,
    kind,
    subject,
    index,
    sae,
    kind,
    subject,
    index,
  )!;
}

/** Of every explained unit the text that is shown. */
export function shownTexts(connection: Connection, { sae, kind, subject }: Explained): Map<number, string> {
  const texts = new Map<number, string>();
  for (const [index, text] of connection.arrays<[number, string]>(
    `SELECT idx, text FROM explanation WHERE sae = ? AND kind = ? AND subject = ? ORDER BY idx, ${ORDER}`,
    sae,
    kind,
    subject,
  )) {
    if (!texts.has(index)) texts.set(index, text);
  }
  return texts;
}

/** What `shownExplanation` says is the score of each of `count` units; NaN: none. */
export function shownScores(
  connection: Connection,
  { sae, kind, subject }: Explained,
  count: number,
): Float64Array {
  const scores = new Float64Array(count).fill(NaN);
  const of = `sae = ? AND kind = ? AND subject = ? AND author <> '${PERSON}'`;
  const read = (sql: string) => {
    for (const [index, score] of connection.arrays<[number, number | null]>(sql, sae, kind, subject)) {
      scores[index] = score ?? NaN;
    }
  };
  read(`SELECT idx, max(score) FROM explanation WHERE ${of} AND score IS NOT NULL GROUP BY idx`);
  // The last of a unit is the first in ORDER.
  read(
    `SELECT idx, score FROM explanation WHERE ${of} AND chosen = 1 ORDER BY idx, interpretation, score, id`,
  );
  return scores;
}

/** The unit of each explanation, by its number; −1: of other units. */
export function unitsOfExplanations(connection: Connection, { sae, kind, subject }: Explained): Int32Array {
  const { ids, units } = connection.get<{ ids: string; units: string }>(
    `SELECT json_group_array(id) AS ids, json_group_array(idx) AS units FROM explanation
     WHERE sae = ? AND kind = ? AND subject = ?`,
    sae,
    kind,
    subject,
  )!;
  const numbers = JSON.parse(ids) as number[];
  const unitOf = new Int32Array(numbers.reduce((a, b) => Math.max(a, b), 0) + 1).fill(-1);
  (JSON.parse(units) as number[]).forEach((unit, i) => (unitOf[numbers[i]!] = unit));
  return unitOf;
}

/** By number, whosever it is; with the units that it belongs to. */
export function findExplanation(
  connection: Connection,
  id: number,
): (Explained & { readonly index: number; readonly explanation: StoredExplanation }) | undefined {
  const row = connection.get<ExplanationRow & Explained & { readonly idx: number }>(
    `SELECT sae, kind, subject, idx, ${COLUMNS} FROM explanation WHERE id = ?`,
    id,
  );
  return (
    row && {
      sae: row.sae,
      kind: row.kind,
      subject: row.subject,
      index: row.idx,
      explanation: explanationOf(row),
    }
  );
}

function readExplanation(connection: Connection, id: number): StoredExplanation | undefined {
  return findExplanation(connection, id)?.explanation;
}

function explanationOf(row: ExplanationRow): StoredExplanation {
  const { id, text, author, created, interpretation, score, low, high } = row;
  return {
    id,
    text,
    author,
    created,
    interpretation,
    chosen: row.chosen === 1,
    score,
    scoreKind: row.score_kind,
    interval: low === null || high === null ? null : [low, high],
    answeredBy: row.answered_by,
    details: JSON.parse(row.details),
  };
}

/** Correlations with a constant are not a number: no score. */
export function finiteOrNull(score: number | null | undefined): number | null {
  return score !== undefined && score !== null && Number.isFinite(score) ? score : null;
}
