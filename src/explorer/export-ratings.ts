/** What people rated in a run, as one file: everything as JSON, or one line a rating as CSV for a spreadsheet. */

import { resolve } from "node:path";
import { Failure, UsageError } from "../errors.ts";
import { writeAtomic, writeJson } from "../files/atomic.ts";
import { shellWord } from "../files/shell-word.ts";
import { CRITERIA } from "../interpretation/ratings/rubric.ts";
import { versions } from "../version.ts";
import type { RatingResults } from "./api.ts";
import { ratingResults } from "./rating-results.ts";
import { Explored } from "./server/explored.ts";
import { RunCatalogue } from "./server/run-catalogue.ts";
import { notAnalysed } from "./server/run-store.ts";

export interface RatingsExportRequest {
  readonly run: string;
  /** Ends in .json or .csv. */
  readonly file: string;
  /** Names of dictionaries; all that were analysed unless given. */
  readonly saes?: readonly string[] | undefined;
}

export interface RatingsExport {
  readonly file: string;
  readonly ratings: number;
  readonly raters: number;
}

const CSV_COLUMNS = [
  "sae",
  "kind",
  "index",
  "interval",
  "rater",
  ...CRITERIA.map(({ key }) => key),
  "total",
  "interpretation",
  "created",
  "score",
] as const;

/** @throws UsageError for another ending or names that are not there; Failure when nobody has rated, or it cannot be written */
export function exportRatings({ run: folder, file, saes }: RatingsExportRequest): RatingsExport {
  const format = /\.(json|csv)$/i.exec(file)?.[1]?.toLowerCase();
  if (format === undefined) {
    throw new UsageError(`--ratings ${file}: expected a file whose name ends in .json or .csv`);
  }
  const catalogue = new RunCatalogue([folder]);
  const [run, another] = catalogue.runs();
  if (run === undefined || another !== undefined) {
    throw new UsageError(`${folder} holds several runs: export one of them at a time`);
  }
  const explored = new Explored(catalogue, () => ({ possible: false, reason: null }));
  try {
    const store = explored.store(run).readIfThere();
    if (store === undefined) throw notAnalysed(run);
    const names = [...new Set(store.analyses().map(({ sae }) => sae))];
    const unknown = saes?.find((name) => !names.includes(name));
    if (unknown !== undefined) {
      throw new UsageError(`${folder} has no analysis of "${unknown}": it has ${names.join(", ")}`);
    }
    const results = new Map((saes ?? names).map((name) => [name, ratingResults(store, name)]));
    const all = [...results.values()].flatMap(({ ratings }) => ratings);
    if (all.length === 0) {
      throw new Failure(
        `nobody has rated any feature of ${folder} yet: "monosemantic explore ${shellWord(folder)}" shows where to begin`,
      );
    }
    const path = resolve(file);
    if (format === "csv") writeAtomic(path, csvOf(results));
    else
      writeJson(path, {
        format: 1,
        version: versions.monosemantic,
        run: run.name,
        saes: Object.fromEntries(results),
      });
    return { file: path, ratings: all.length, raters: new Set(all.map(({ rater }) => rater)).size };
  } finally {
    explored.close();
  }
}

function csvOf(results: ReadonlyMap<string, RatingResults>): string {
  const lines = [CSV_COLUMNS.join(",")];
  for (const [sae, { ratings }] of results) {
    for (const rating of ratings) {
      const row: Record<string, string | number | null> = { sae, ...rating };
      lines.push(CSV_COLUMNS.map((column) => cell(row[column] ?? null)).join(","));
    }
  }
  return `${lines.join("\r\n")}\r\n`;
}

/** RFC 4180. Text that a spreadsheet would take for a formula gets an apostrophe before it, which spreadsheets do not show. */
function cell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
