/** The list of an exported page: searched, filtered and sorted here, since there is no server that would. */

import type { UnitList } from "../../api.ts";
import { unpackRow, type PackedRows } from "../../static-data.ts";

/**
 * Why a unit was found; the smallest comes first, whatever the list is sorted by. As in the store, but that only the tokens and the
 * explanation that a row shows are looked through.
 */
const FOUND = {
  number: 1,
  firstTokens: 2,
  token: 3,
  logit: 4,
  otherCase: 5,
  explanation: 6,
  beginning: 7,
} as const;

/** Tokens that stand for a unit. */
const FIRST = 3;

/** Answers the parameters of `GET …/units` from all rows. */
export function listOfPacked(rows: PackedRows, parameters: URLSearchParams): UnitList {
  const accepts = filterOf(rows, parameters);
  const q = parameters.get("q") ?? "";
  const found: number[] = [];
  const why = new Map<number, number>();
  for (let at = 0; at < rows.index.length; at++) {
    if (!accepts(at)) continue;
    const reason = q === "" ? 1 : reasonFor(rows, at, q);
    if (reason === undefined) continue;
    why.set(at, reason);
    found.push(at);
  }
  const key = keyOf(rows, parameters.get("sort") ?? "index");
  const sign = parameters.get("descending") === "true" ? -1 : 1;
  found.sort(
    (a, b) => why.get(a)! - why.get(b)! || compare(key(a), key(b), sign) || rows.index[a]! - rows.index[b]!,
  );
  const offset = Number(parameters.get("offset") ?? 0);
  const limit = Number(parameters.get("limit") ?? 100);
  return {
    total: found.length,
    rows: found.slice(offset, offset + limit).map((at) => unpackRow(rows, at)),
  };
}

function reasonFor(rows: PackedRows, at: number, q: string): number | undefined {
  const trimmed = q.trim();
  const folded = trimmed.toLowerCase();
  if (/^\s*#?(\d{1,9})\s*$/.exec(q)?.[1] === String(rows.index[at])) return FOUND.number;
  const isIt = (token: string) => token === q || (trimmed !== "" && token.trim() === trimmed);
  const [tokens, logits] = [rows.tokens[at]!, rows.logits[at]!];
  if (tokens.slice(0, FIRST).some(isIt)) return FOUND.firstTokens;
  if (tokens.some(isIt)) return FOUND.token;
  if (logits.some(isIt)) return FOUND.logit;
  if (folded === "") return undefined;
  const all = [...tokens, ...logits].map((token) => token.trim().toLowerCase());
  if (all.includes(folded)) return FOUND.otherCase;
  const explanation = rows.explanation[at];
  if (explanation !== null && explanation !== undefined && hasWords(explanation, folded))
    return FOUND.explanation;
  return all.some((token) => token.startsWith(folded)) ? FOUND.beginning : undefined;
}

/** Whether all words are there, the last of them perhaps unfinished. */
function hasWords(text: string, folded: string): boolean {
  const present = wordsOf(text.toLowerCase());
  const wanted = wordsOf(folded);
  return (
    wanted.length > 0 &&
    wanted.every((word, at) =>
      at === wanted.length - 1 ? present.some((one) => one.startsWith(word)) : present.includes(word),
    )
  );
}

function wordsOf(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
}

function filterOf(rows: PackedRows, parameters: URLSearchParams): (at: number) => boolean {
  const limit = (name: string, otherwise: number) => {
    const text = parameters.get(name);
    return text === null ? otherwise : Number(text);
  };
  const minDensity = limit("minDensity", -Infinity);
  const maxDensity = limit("maxDensity", Infinity);
  const minMax = limit("minMax", -Infinity);
  const minScore = limit("minScore", -Infinity);
  const filter = parameters.get("filter") ?? "all";
  return (at) => {
    const density = rows.density[at]!;
    if (density < minDensity || density > maxDensity || rows.max[at]! < minMax) return false;
    if (minScore > -Infinity && !((rows.score[at] ?? -Infinity) >= minScore)) return false;
    if (filter === "alive" ? density === 0 : filter === "dead" ? density > 0 : false) return false;
    if (filter === "single" && rows.singleToken[at] !== true) return false;
    if (filter === "other" && rows.singleToken[at] !== false) return false;
    return true;
  };
}

function keyOf(rows: PackedRows, sort: string): (at: number) => number | null {
  if (sort === "random") return (at) => Math.imul(rows.index[at]! + 1, 0x9e3779b1) >>> 0;
  if (sort === "density" || sort === "max" || sort === "mean" || sort === "score" || sort === "entropy") {
    const column = rows[sort];
    return (at) => column[at]!;
  }
  return (at) => rows.index[at]!;
}

/** What has no value comes last, whichever way it is sorted. */
function compare(a: number | null, b: number | null, sign: number): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return sign * (a - b);
}
