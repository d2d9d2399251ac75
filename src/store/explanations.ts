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
  readonly score: number | null;
  readonly score_kind: string | null;
  readonly details: string;
}

const PERSON = "person";

/** People before methods; people by time, methods by score; then the newest. Of each unit the first is the one that is shown. */
const ORDER = `author = '${PERSON}' DESC, CASE WHEN author = '${PERSON}' THEN id END DESC, score DESC, id DESC`;

const OF_UNIT = "sae = ? AND kind = ? AND subject = ? AND idx = ?";

export function readExplanations(
  connection: Connection,
  { sae, kind, subject }: Explained,
  index: number,
): StoredExplanation[] {
  return connection
    .all<ExplanationRow>(
      `SELECT id, text, author, created, score, score_kind, details FROM explanation WHERE ${OF_UNIT} ORDER BY ${ORDER}`,
      sae,
      kind,
      subject,
      index,
    )
    .map(explanationOf);
}

export function addExplanation(
  connection: Connection,
  { sae, kind, subject }: Explained,
  index: number,
  explanation: NewExplanation,
): StoredExplanation {
  const text = explanation.text.toWellFormed().trim();
  if (text === "") throw new Failure("an explanation needs at least one word");
  const { id } = connection.run(
    `INSERT INTO explanation (sae, kind, subject, idx, text, words, author, created, score, score_kind, details)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    sae,
    kind,
    subject,
    index,
    text,
    indexedWords(text),
    explanation.author.toWellFormed(),
    explanation.created ?? new Date().toISOString(),
    finiteOrNull(explanation.score),
    explanation.scoreKind ?? null,
    JSON.stringify(explanation.details ?? null),
  );
  revise(connection, "explanations");
  return readExplanation(connection, id)!;
}

export function scoreExplanation(
  connection: Connection,
  id: number,
  score: number | null,
  scoreKind: string | null,
  details: unknown,
): boolean {
  const { changes } = connection.run(
    "UPDATE explanation SET score = ?, score_kind = ?, details = coalesce(?, details) WHERE id = ?",
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

/** What stands for a unit in lists: its words and its highest score. */
export function shownExplanation(
  connection: Connection,
  { sae, kind, subject }: Explained,
  index: number,
): { readonly text: string | null; readonly score: number | null } {
  return connection.get<{ text: string | null; score: number | null }>(
    `SELECT max(score) AS score, (SELECT text FROM explanation WHERE ${OF_UNIT} ORDER BY ${ORDER} LIMIT 1) AS text
     FROM explanation WHERE ${OF_UNIT}`,
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

/** The highest score of each of `count` units; NaN: none. */
export function highestScores(
  connection: Connection,
  { sae, kind, subject }: Explained,
  count: number,
): Float64Array {
  const scores = new Float64Array(count).fill(NaN);
  for (const [index, score] of connection.arrays<[number, number]>(
    `SELECT idx, max(score) FROM explanation WHERE sae = ? AND kind = ? AND subject = ? AND score IS NOT NULL GROUP BY idx`,
    sae,
    kind,
    subject,
  )) {
    scores[index] = score;
  }
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

function readExplanation(connection: Connection, id: number): StoredExplanation | undefined {
  const row = connection.get<ExplanationRow>(
    "SELECT id, text, author, created, score, score_kind, details FROM explanation WHERE id = ?",
    id,
  );
  return row && explanationOf(row);
}

function explanationOf(row: ExplanationRow): StoredExplanation {
  const { id, text, author, created, score } = row;
  return { id, text, author, created, score, scoreKind: row.score_kind, details: JSON.parse(row.details) };
}

/** Correlations with a constant are not a number: no score. */
function finiteOrNull(score: number | null | undefined): number | null {
  return score !== undefined && score !== null && Number.isFinite(score) ? score : null;
}
