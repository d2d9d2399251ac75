/**
 * What an interpretation says of many units: explanations with all of their scores and the answers behind these.
 *
 * It is written in transactions of about a megabyte, unit by unit. A new run of the same interpretation has a larger number, and each
 * of its explanations takes the place, and the number, of the one that the same author gave of the same unit; those that are left are
 * removed in the end. Killed on the way, each unit has the old words, the new ones, or both, and never none.
 */

import { createHash } from "node:crypto";
import { Failure } from "../errors.ts";
import { packAnswers, questionBytes, tokensOf, unpackAnswers } from "./answers-value.ts";
import type { Connection } from "./connection.ts";
import { type Explained, finiteOrNull, insertExplanation } from "./explanations.ts";
import { compress } from "./packed.ts";
import { revise } from "./schema.ts";
import type {
  InterpretationOptions,
  InterpretationWriter,
  ScoredExplanation,
  StoredAnswers,
  StoredScore,
} from "./stored.ts";
import { putTokens } from "./token-texts.ts";

/** Bytes collected before they are written, and explanations. */
const BYTES = 1 << 20;
const ROWS = 500;

/** Explanations removed in one transaction. */
const REMOVED = 500;

/** Questions whose numbers are remembered: explanations of one unit come one after the other. */
const REMEMBERED = 64;

interface Question {
  readonly hash: Uint8Array;
  readonly value: Uint8Array;
}

interface Pending {
  readonly explanation: ScoredExplanation;
  readonly answers: readonly { readonly question: Question; readonly value: Uint8Array }[];
  /** Of each score, which of the answers it was computed from. */
  readonly answersOf: readonly (number | null)[];
}

/**
 * @param analysed within a transaction: to which explanations of the unit belong
 * @throws Failure as `analysed` does, and when another process began the same meanwhile
 */
export function beginInterpretation(
  connection: Connection,
  name: string,
  begin: () => Explained,
  analysed: (index: number) => Explained,
  { replace, tokenText }: InterpretationOptions,
): InterpretationWriter {
  const { of, number } = connection.write(() => {
    const explained = begin();
    const known = replace ? undefined : numbersOf(connection, explained, name).at(-1);
    return { of: explained, number: known ?? newInterpretation(connection, explained, name) };
  });
  const prepare = preparing();
  const spelled = new Set<number>();
  let pending: Pending[] = [];
  let bytes = 0;
  const flush = () => {
    if (pending.length === 0) return;
    const tokens = new Set<number>();
    connection.write(() => {
      const numbers = numbersOf(connection, of, name);
      if (numbers.at(-1) !== number) throw overtaken(connection, of, name);
      for (const { explanation, answers, answersOf } of pending) {
        const { subject } = analysed(explanation.index);
        if (subject !== of.subject) throw overtaken(connection, of, name);
        putOne(connection, of, numbers, number, { explanation, answers, answersOf });
        for (const score of explanation.scores) {
          if (score.answers === null) continue;
          for (const list of tokensOf(score.answers)) for (const id of list) tokens.add(id);
        }
      }
      putTokens(connection, tokens.difference(spelled), tokenText);
      revise(connection, "explanations");
    });
    for (const id of tokens) spelled.add(id);
    pending = [];
    bytes = 0;
  };
  return {
    put(explanations) {
      for (const explanation of explanations) {
        const prepared = prepare(explanation);
        pending.push(prepared);
        bytes += prepared.answers.reduce(
          (sum, { question, value }) => sum + question.value.length + value.length,
          500,
        );
        if (bytes >= BYTES || pending.length >= ROWS) flush();
      }
    },
    flush,
    finish() {
      flush();
      if (replace) removeEarlier(connection, of, name, number);
    },
  };
}

/** Scores in their order, and what they were computed from; those of one task have one value. */
export function readScores(connection: Connection, explanation: number): Omit<StoredScore, "answers">[] {
  return scoreRows(connection, explanation).map(scoreOf);
}

/** @throws whatever a damaged value leads to */
export function readScored(
  connection: Connection,
  explanation: number,
): { readonly scores: StoredScore[]; readonly answers: StoredAnswers[] } {
  const answers = new Map<number, StoredAnswers>();
  for (const row of connection.all<{ number: number; question: Uint8Array; value: Uint8Array }>(
    `SELECT answers.number, question.value AS question, answers.value FROM answers
     JOIN question ON question.id = answers.question WHERE explanation = ? ORDER BY number`,
    explanation,
  )) {
    answers.set(row.number, unpackAnswers(row.question, row.value));
  }
  const scores = scoreRows(connection, explanation).map((row) => ({
    ...scoreOf(row),
    answers: row.answers === null ? null : (answers.get(row.answers) ?? null),
  }));
  return { scores, answers: [...answers.values()] };
}

/** Ascending: of several the last is the newest. */
function numbersOf(connection: Connection, { sae, kind, subject }: Explained, name: string): number[] {
  return connection
    .all<{ id: number }>(
      "SELECT id FROM interpretation WHERE sae = ? AND kind = ? AND subject = ? AND name = ? ORDER BY id",
      sae,
      kind,
      subject,
      name,
    )
    .map(({ id }) => id);
}

function newInterpretation(connection: Connection, { sae, kind, subject }: Explained, name: string): number {
  return connection.run(
    "INSERT INTO interpretation (sae, kind, subject, name, created) VALUES (?, ?, ?, ?, ?)",
    sae,
    kind,
    subject,
    name,
    new Date().toISOString(),
  ).id;
}

function overtaken(connection: Connection, { sae, kind }: Explained, name: string): Failure {
  return new Failure(
    `${connection.path}: another process began the interpretation "${name}" of the ${kind}s of ${sae} meanwhile, or analysed ` +
      "another dictionary under that name, so the rest of this one was not stored: let that one finish, and give the command again",
  );
}

/** Compresses outside of transactions, each question once. */
function preparing(): (explanation: ScoredExplanation) => Pending {
  const questions = new Map<string, Question>();
  const questionOf = (answers: StoredAnswers): Question => {
    const bytes = questionBytes(answers);
    const hash = createHash("sha256").update(bytes).digest().subarray(0, 16);
    const key = hash.toString("latin1");
    const question = questions.get(key) ?? { hash, value: compress(bytes) };
    questions.delete(key);
    questions.set(key, question);
    if (questions.size > REMEMBERED) questions.delete(questions.keys().next().value!);
    return question;
  };
  return (explanation) => {
    const distinct: StoredAnswers[] = [];
    const answersOf = explanation.scores.map(({ answers }) => {
      if (answers === null) return null;
      if (!distinct.includes(answers)) distinct.push(answers);
      return distinct.indexOf(answers);
    });
    const answers = distinct.map((one) => ({ question: questionOf(one), value: packAnswers(one.raw) }));
    return { explanation, answers, answersOf };
  };
}

function putOne(
  connection: Connection,
  of: Explained,
  numbers: readonly number[],
  number: number,
  { explanation, answers, answersOf }: Pending,
): void {
  const { index, text, author, chosen, primary, details, scores } = explanation;
  const earlier = connection
    .all<{ id: number }>(
      `SELECT id FROM explanation WHERE sae = ? AND kind = ? AND subject = ? AND idx = ? AND author = ?
       AND interpretation IN (SELECT value FROM json_each(?)) ORDER BY id`,
      of.sae,
      of.kind,
      of.subject,
      index,
      author.toWellFormed(),
      JSON.stringify(numbers),
    )
    .map(({ id }) => id);
  for (const id of earlier) connection.run("DELETE FROM explanation WHERE id = ?", id);
  const first = scores.find(({ kind }) => kind === primary);
  const id = insertExplanation(connection, of, index, {
    id: earlier[0] ?? null,
    text,
    author,
    created: new Date().toISOString(),
    interpretation: number,
    chosen,
    score: first?.value ?? null,
    scoreKind: primary,
    interval: first?.interval ?? null,
    answeredBy: first?.answeredBy ?? null,
    details,
  });
  answers.forEach(({ question, value }, i) => {
    connection.run(
      "INSERT INTO answers (explanation, number, question, value) VALUES (?, ?, ?, ?)",
      id,
      i,
      questionNumber(connection, question),
      value,
    );
  });
  scores.forEach((score, i) => putScore(connection, id, i, score, answersOf[i]!));
}

function questionNumber(connection: Connection, { hash, value }: Question): number {
  const known = connection.get<{ id: number }>("SELECT id FROM question WHERE hash = ?", hash);
  return known?.id ?? connection.run("INSERT INTO question (hash, value) VALUES (?, ?)", hash, value).id;
}

function putScore(
  connection: Connection,
  explanation: number,
  number: number,
  score: StoredScore,
  answers: number | null,
): void {
  connection.run(
    `INSERT INTO score (explanation, number, kind, value, low, high, degenerate, asked, failed, answered_by, answers, others)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    explanation,
    number,
    score.kind,
    finiteOrNull(score.value),
    finiteOrNull(score.interval?.[0]),
    finiteOrNull(score.interval?.[1]),
    Number(score.degenerate),
    score.asked,
    score.failed,
    score.answeredBy.toWellFormed(),
    answers,
    JSON.stringify(score.others),
  );
}

/** In small pieces, so that others come in between. */
function removeEarlier(connection: Connection, of: Explained, name: string, number: number): void {
  const earlier = numbersOf(connection, of, name).filter((one) => one < number);
  if (earlier.length === 0) return;
  const sql = `DELETE FROM explanation WHERE id IN (SELECT id FROM explanation WHERE sae = ? AND kind = ? AND subject = ?
    AND interpretation IN (SELECT value FROM json_each(?)) LIMIT ${REMOVED})`;
  const numbers = JSON.stringify(earlier);
  const remove = () => {
    const { changes } = connection.run(sql, of.sae, of.kind, of.subject, numbers);
    if (changes > 0) revise(connection, "explanations");
    return changes;
  };
  while (connection.write(remove) > 0);
  connection.run("DELETE FROM interpretation WHERE id IN (SELECT value FROM json_each(?))", numbers);
}

interface ScoreRow {
  readonly kind: StoredScore["kind"];
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly degenerate: number;
  readonly asked: number;
  readonly failed: number;
  readonly answered_by: string;
  readonly answers: number | null;
  readonly others: string;
}

function scoreRows(connection: Connection, explanation: number): ScoreRow[] {
  return connection.all<ScoreRow>(
    `SELECT kind, value, low, high, degenerate, asked, failed, answered_by, answers, others FROM score
     WHERE explanation = ? ORDER BY number`,
    explanation,
  );
}

function scoreOf(row: ScoreRow): Omit<StoredScore, "answers"> {
  const { kind, value, low, high, asked, failed } = row;
  return {
    kind,
    value,
    interval: low === null || high === null ? null : [low, high],
    degenerate: row.degenerate === 1,
    asked,
    failed,
    others: JSON.parse(row.others) as StoredScore["others"],
    answeredBy: row.answered_by,
  };
}
