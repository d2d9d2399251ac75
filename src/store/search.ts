/**
 * What a search finds: by number, by token, by the words of explanations. Whatever is asked for is text and never syntax: tokens are
 * compared as they are, and words reach SQLite's full-text search as quoted phrases of letters and digits.
 */

import type { Connection } from "./connection.ts";
import { readPostings } from "./postings.ts";
import { fold, type TokenTexts } from "./token-texts.ts";
import { FEW, type RowDetail } from "./unit-text.ts";

/** Why a unit was found; the smallest comes first in a list, whatever it is sorted by. 0: not found. */
export const FOUND = {
  number: 1,
  /** The token is one of the few that stand for the unit. */
  standsForUnit: 2,
  firesOnToken: 3,
  raisesToken: 4,
  tokenInOtherCase: 5,
  explanation: 6,
  beginningOfToken: 7,
} as const;

/** Longer than any token or sentence that somebody looks for. */
const LONGEST_QUERY = 200;
const MOST_WORDS = 16;

export interface SearchedUnits {
  /** Number of the analysis. */
  readonly analysis: number;
  readonly count: number;
  /** By number of the explanation; −1 or beyond the end: of other units. */
  readonly unitOfExplanation: () => Int32Array;
}

/** For each unit one of FOUND, or 0. */
export function search(
  connection: Connection,
  tokens: TokenTexts,
  units: SearchedUnits,
  query: string,
): Uint8Array {
  const q = query.toWellFormed().slice(0, LONGEST_QUERY);
  const found = new Uint8Array(units.count);
  const mark = (unit: number, why: number) => {
    if (unit < units.count && (found[unit] === 0 || found[unit]! > why)) found[unit] = why;
  };
  const number = /^\s*#?(\d{1,9})\s*$/.exec(q)?.[1];
  if (number !== undefined) mark(Number(number), FOUND.number);
  searchTokens(connection, tokens, units.analysis, q, mark);
  const phrase = phraseOf(q);
  if (phrase !== undefined) {
    const unitOf = units.unitOfExplanation();
    for (const id of explanationsWith(connection, phrase)) {
      const unit = unitOf[id] ?? -1;
      if (unit >= 0) mark(unit, FOUND.explanation);
    }
  }
  return found;
}

/** One value for all rows: a common word is in a hundred thousand explanations. */
function explanationsWith(connection: Connection, phrase: string): number[] {
  const { ids } = connection.get<{ ids: string }>(
    "SELECT json_group_array(rowid) AS ids FROM explanation_words WHERE explanation_words MATCH ?",
    phrase,
  )!;
  return JSON.parse(ids) as number[];
}

function searchTokens(
  connection: Connection,
  tokens: TokenTexts,
  analysis: number,
  q: string,
  mark: (unit: number, why: number) => void,
): void {
  const trimmed = q.trim();
  const folded = fold(q);
  const { ids, texts, trimmed: trimmedTexts, folded: foldedTexts } = tokens.list();
  const how = new Map<number, "exact" | "otherCase" | "beginning">();
  for (let i = 0; i < ids.length; i++) {
    // A token of nothing but spaces is found by itself alone.
    if (texts[i] === q || (trimmed !== "" && trimmedTexts[i] === trimmed)) how.set(ids[i]!, "exact");
    else if (folded !== "" && foldedTexts[i]!.startsWith(folded)) {
      how.set(ids[i]!, foldedTexts[i] === folded ? "otherCase" : "beginning");
    }
  }
  const exact = new Set<number>();
  const firing = new Set<number>();
  for (const { token, fires, raises } of readPostings(connection, analysis, [...how.keys()])) {
    const [ofFiring, ofRaising] = REASONS[how.get(token)!];
    for (const unit of fires) mark(unit, ofFiring);
    for (const unit of raises) mark(unit, ofRaising);
    if (ofFiring !== FOUND.firesOnToken) continue;
    exact.add(token);
    for (const unit of fires) firing.add(unit);
  }
  for (const unit of standingFor(connection, analysis, firing, exact)) mark(unit, FOUND.standsForUnit);
}

/** Those of the units for which one of the tokens stands. */
function standingFor(
  connection: Connection,
  analysis: number,
  units: ReadonlySet<number>,
  tokens: ReadonlySet<number>,
): number[] {
  if (units.size === 0) return [];
  return connection
    .arrays<[number, string]>(
      "SELECT idx, row FROM detail WHERE analysis = ? AND idx IN (SELECT value FROM json_each(?))",
      analysis,
      JSON.stringify([...units]),
    )
    .filter(([, row]) =>
      (JSON.parse(row) as RowDetail).tokens.slice(0, FEW).some((token) => tokens.has(token)),
    )
    .map(([unit]) => unit);
}

const REASONS = {
  exact: [FOUND.firesOnToken, FOUND.raisesToken],
  otherCase: [FOUND.tokenInOtherCase, FOUND.tokenInOtherCase],
  beginning: [FOUND.beginningOfToken, FOUND.beginningOfToken],
} as const;

/** Scripts that put no spaces between words: each of their characters is a word of its own. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/gu;

/** The text of an explanation as the full-text index gets it. */
export function indexedWords(text: string): string {
  return text.replace(UNSPACED, " $& ");
}

/** An expression of FTS5 that all words of `q` are there, the last of them perhaps unfinished. Undefined without any word. */
function phraseOf(q: string): string | undefined {
  const phrases = q
    .split(/\s+/)
    .map((word) =>
      indexedWords(word)
        .match(/[\p{L}\p{N}\p{M}]+/gu)
        ?.join(" "),
    )
    .filter((words) => words !== undefined)
    .slice(0, MOST_WORDS)
    .map((words) => `"${words}"`);
  return phrases.length === 0 ? undefined : `${phrases.join(" AND ")} *`;
}
