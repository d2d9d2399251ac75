/** What a list shows of a unit before anybody has explained it: its histogram's counts and its first tokens. */

import type { UnitRecord } from "../features/records.ts";

/** Tokens of a row of the list, of each of both kinds. */
const SHOWN = 8;

/** Tokens that stand for a unit on the map and beside its neighbours. */
export const FEW = 3;

export const LONGEST_WORDS = 80;

export interface RowDetail {
  readonly sparkline: readonly number[];
  readonly tokens: readonly number[];
  readonly logits: readonly number[];
}

export function rowDetail(unit: UnitRecord): RowDetail {
  return {
    sparkline: unit.statistics.histogram.counts,
    tokens: tokensOf(unit).slice(0, SHOWN),
    logits: unit.logits?.top.slice(0, SHOWN).map(({ token }) => token) ?? [],
  };
}

/** What it fires on: at its strongest first, since most of a unit's active tokens are hardly active, then by total activation. */
export function tokensOf({ peaks, tokenAnalysis }: UnitRecord): number[] {
  return [...new Set([...peaks, ...(tokenAnalysis?.tokens ?? []).map(({ token }) => token)])];
}

/** Its first tokens, without spaces around, each once; a token of nothing else is shown by signs for its characters. */
export function fewWords(unit: UnitRecord, tokenText: (id: number) => string): string {
  const words = new Set(rowDetail(unit).tokens.map((id) => visible(tokenText(id))));
  return shorten([...words].slice(0, FEW).join(" · "));
}

export function shorten(text: string): string {
  const characters = [...text];
  return characters.length <= LONGEST_WORDS ? text : `${characters.slice(0, LONGEST_WORDS - 1).join("")}…`;
}

const SIGNS: Readonly<Record<string, string>> = { " ": "␣", "\n": "↵", "\r": "␍", "\t": "⇥" };

function visible(text: string): string {
  return text.trim() || [...text].map((character) => SIGNS[character] ?? character).join("");
}
