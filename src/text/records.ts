/** What JSONL lines and Parquet rows have in common: named columns, one of which is the text. */

import { Failure, nearest } from "../errors.ts";

/** Columns that name a record's kind, the first that is there wins; the Pile's is the first. */
const kindColumns = ["meta.pile_set_name", "meta.subset", "subset"];

export interface RecordColumns {
  /** Column that holds the text; "text" unless given. */
  readonly textColumn?: string;
  /** Column that holds token ids (Parquet only): no text is read then. */
  readonly tokensColumn?: string;
  /** Column that says what kind of text it is, with dots for parts of a column. */
  readonly kindColumn?: string;
}

/** The kind of `record`, or `otherwise`. */
export function kindOfRecord(record: unknown, { kindColumn }: RecordColumns, otherwise: string): string {
  for (const column of kindColumn === undefined ? kindColumns : [kindColumn]) {
    const kind = column.split(".").reduce((value, key) => property(value, key), record);
    if (typeof kind === "string" && kind !== "") return kind.toWellFormed();
  }
  return otherwise;
}

/** The whole columns in which `kindOfRecord` looks. */
export function kindRoots({ kindColumn }: RecordColumns): string[] {
  const columns = kindColumn === undefined ? kindColumns : [kindColumn];
  return [...new Set(columns.map((column) => column.split(".", 1)[0]!))];
}

function property(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

/** The file's name without folders and endings: the kind of records that do not say it themselves. */
export function stemOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/\.(jsonl|ndjson|parquet)(\.(gz|zst))?$/i, "");
}

export function missingColumn(where: string, column: string, columns: readonly string[]): Failure {
  const there =
    columns.length === 0 ? "it has none" : `it has ${columns.map((name) => `"${name}"`).join(", ")}`;
  const [close] = nearest(column, columns, 1);
  const hint = close === undefined ? "" : `; name the one that holds the text, for example "${close}"`;
  return new Failure(`${where} has no column "${column}": ${there}${hint}`);
}
