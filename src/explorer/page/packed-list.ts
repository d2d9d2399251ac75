/** The list of an exported page: searched, filtered and sorted here, since there is no server that would. */

import type { UnitList } from "../api.ts";
import { unpackRow, type PackedRows } from "../static-data.ts";

/** Answers the parameters of `GET …/units` from all rows. A search compares whole or partial words without regard to case. */
export function listOfPacked(rows: PackedRows, parameters: URLSearchParams): UnitList {
  const found: number[] = [];
  const accepts = filterOf(rows, parameters);
  for (let at = 0; at < rows.index.length; at++) if (accepts(at)) found.push(at);
  const key = keyOf(rows, parameters.get("sort") ?? "index");
  const sign = parameters.get("descending") === "true" ? -1 : 1;
  found.sort((a, b) => compare(key(a), key(b), sign) || rows.index[a]! - rows.index[b]!);
  const offset = Number(parameters.get("offset") ?? 0);
  const limit = Number(parameters.get("limit") ?? 100);
  return {
    total: found.length,
    rows: found.slice(offset, offset + limit).map((at) => unpackRow(rows, at)),
  };
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
  const wanted = (parameters.get("q") ?? "").trim().toLowerCase();
  return (at) => {
    const density = rows.density[at]!;
    if (density < minDensity || density > maxDensity || rows.max[at]! < minMax) return false;
    if (minScore > -Infinity && !((rows.score[at] ?? -Infinity) >= minScore)) return false;
    if (filter === "alive" ? density === 0 : filter === "dead" ? density > 0 : false) return false;
    if (filter === "single" && rows.singleToken[at] !== true) return false;
    if (filter === "other" && rows.singleToken[at] !== false) return false;
    return wanted === "" || matches(rows, at, wanted);
  };
}

/** A number means the unit of that number, and tokens that are it. */
function matches(rows: PackedRows, at: number, wanted: string): boolean {
  if (String(rows.index[at]) === wanted) return true;
  if (rows.tokens[at]!.some((token) => token.trim().toLowerCase() === wanted)) return true;
  if (rows.explanation[at]?.toLowerCase().includes(wanted) === true) return true;
  return wanted.length > 2 && rows.tokens[at]!.some((token) => token.toLowerCase().includes(wanted));
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
