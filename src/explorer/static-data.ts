/**
 * How an exported page finds its data. Opened from a folder (`file://`) it may fetch nothing, but it may load scripts: what
 * the server answers to a GET lies in chunks, each a script that hands its values to one function on the global object:
 *
 *     monosemanticChunk("one-layer/x8/feature-3.js", "…")        of { "96": { …UnitPage }, "97": … }
 *
 * The values are JSON, deflated (a quarter of the size) and in base64, since a script is text.
 *
 * The page asks for the same paths as of the server. `staticPlace` says in which chunk the answer lies, and under which key.
 * Only the list is different: a chunk holds every row, packed, and the page searches and sorts them itself.
 */

import type { UnitRow } from "./api.ts";

/** Function on the global object that a chunk calls with its own file name and its packed values. */
export const CHUNK_FUNCTION = "monosemanticChunk";

/** Folder of the chunks, beside index.html. */
export const DATA_FOLDER = "data";

/**
 * Attribute of the document's root element: "server" where there is one, "export" in an exported folder. There the page's
 * states are in the address behind a `#`, since a folder has no other addresses than its files.
 */
export const MODE_ATTRIBUTE = "data-mode";

/** Id of the element that the page is drawn into. */
export const ROOT_ID = "app";

/** Units in one chunk: a few megabytes of JSON, which take less than a tenth of a second to unpack. */
export const UNITS_PER_CHUNK = 32;

/**
 * Numbers of explanations in one chunk. Only what stands for a unit is exported with the text that it was scored on, about one number
 * in as many as there are explainers; a chunk without any is there all the same, so that a page can tell what was left out from
 * what is missing.
 */
export const EXPLANATIONS_PER_CHUNK = 128;

/** Key of a chunk that holds one answer. */
export const WHOLE = "";

export interface StaticPlace {
  /** Below DATA_FOLDER, with forward slashes; every part may stand in an address as it is. */
  readonly file: string;
  readonly key: string;
  /** "rows": the chunk holds PackedRows, whatever the query says. */
  readonly holds: "answer" | "rows";
}

/** Where the answer to `GET path` lies in an exported folder; null for what needs a server. */
export function staticPlace(path: string): StaticPlace | null {
  const [bare = ""] = path.split("?");
  const parts = bare.split("/").map(decoded);
  if (parts.shift() !== "" || parts.shift() !== "api" || parts.shift() !== "runs") return null;
  const answer = (file: string, key = WHOLE): StaticPlace => ({ file, key, holds: "answer" });
  const [run, second, third, kind, index] = parts;
  if (run === undefined) return answer("runs.js");
  const folder = fileName(run);
  if (parts.length === 2 && (second === "curves" || second === "quality")) {
    return answer(`${folder}/${second}.js`);
  }
  if (second === undefined || third === undefined) return null;
  const below = `${folder}/saes/${fileName(second)}`;
  if (parts.length === 3 && third === "map") return answer(`${below}/map.js`);
  if (parts.length === 3 && (third === "interpretations" || third === "ratings")) {
    return answer(`${below}/${third}.js`);
  }
  if (parts.length === 4 && third === "explanations" && /^\d{1,15}$/.test(kind!)) {
    const chunk = Math.floor(Number(kind) / EXPLANATIONS_PER_CHUNK);
    return answer(`${below}/explanations-${chunk}.js`, String(Number(kind)));
  }
  if (parts.length === 3 && third === "units") {
    const asked = new URLSearchParams(path.slice(bare.length)).get("kind") ?? "feature";
    return { file: `${below}/${fileName(asked)}-rows.js`, key: WHOLE, holds: "rows" };
  }
  if (parts.length === 5 && third === "units" && /^\d+$/.test(index!)) {
    const chunk = Math.floor(Number(index) / UNITS_PER_CHUNK);
    return answer(`${below}/${fileName(kind!)}-${chunk}.js`, String(Number(index)));
  }
  return null;
}

/** A chunk's values by key, from what it calls the function with. @throws when it is damaged */
export async function chunkValues(packed: string): Promise<Record<string, unknown>> {
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const json = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return (await new Response(json).json()) as Record<string, unknown>;
}

/** A name as a part of a file's path and of an address at once: `%` would be read as an escape in the address. */
function fileName(name: string): string {
  const escaped = encodeURIComponent(name).replaceAll("~", "%7E").replaceAll("*", "%2A").replaceAll("%", "~");
  return /^\.+$/.test(escaped) ? escaped.replaceAll(".", "~2E") : escaped;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** All rows of a list, as columns: a third of the size of as many UnitRows. */
export interface PackedRows {
  readonly index: readonly number[];
  readonly density: readonly number[];
  readonly mean: readonly number[];
  readonly max: readonly number[];
  readonly singleToken: readonly (boolean | null)[];
  readonly entropy: readonly (number | null)[];
  /** Largest count of each sparkline, and one character for each count: its logarithm in LEVELS steps. */
  readonly peak: readonly number[];
  readonly sparkline: readonly string[];
  readonly tokens: readonly (readonly string[])[];
  readonly logits: readonly (readonly string[])[];
  readonly explanation: readonly (string | null)[];
  readonly score: readonly (number | null)[];
}

/** Printable characters from "0" on, but for the backslash, which JSON would double. */
const LEVELS = [...Array(78).keys()].map((i) => String.fromCharCode(48 + i)).filter((c) => c !== "\\");
const LEVEL_OF = new Map(LEVELS.map((character, level) => [character, level]));

export function packRows(rows: readonly UnitRow[]): PackedRows {
  const column = <K extends keyof UnitRow>(name: K): UnitRow[K][] => rows.map((row) => row[name]);
  const peak = rows.map(({ sparkline }) => Math.max(0, ...sparkline));
  return {
    index: column("index"),
    density: column("density").map(short),
    mean: column("mean").map(short),
    max: column("max").map(short),
    singleToken: column("singleToken"),
    entropy: column("entropy").map(short),
    peak,
    sparkline: rows.map(({ sparkline }, i) => sparkline.map((count) => levelFor(count, peak[i]!)).join("")),
    tokens: column("tokens"),
    logits: column("logits"),
    explanation: column("explanation"),
    score: column("score").map(short),
  };
}

/** Row number `at` of the packed ones, numbers rounded to five digits, counts of its sparkline to about a tenth. */
export function unpackRow(rows: PackedRows, at: number): UnitRow {
  const peak = rows.peak[at]!;
  return {
    index: rows.index[at]!,
    density: rows.density[at]!,
    mean: rows.mean[at]!,
    max: rows.max[at]!,
    singleToken: rows.singleToken[at]!,
    entropy: rows.entropy[at]!,
    sparkline: [...rows.sparkline[at]!].map((character) => countOf(character, peak)),
    tokens: rows.tokens[at]!,
    logits: rows.logits[at]!,
    explanation: rows.explanation[at]!,
    score: rows.score[at]!,
  };
}

function short<T extends number | null>(value: T): T {
  return (value === null ? null : Number(value.toPrecision(5))) as T;
}

/** The lowest level is 0 and nothing else: an empty bin stays empty. */
function levelFor(count: number, peak: number): string {
  if (count <= 0 || peak <= 0) return LEVELS[0]!;
  const steps = LEVELS.length - 1;
  return LEVELS[Math.max(1, Math.round((steps * Math.log1p(count)) / Math.log1p(peak)))]!;
}

function countOf(character: string, peak: number): number {
  const level = LEVEL_OF.get(character) ?? 0;
  return Math.round(Math.expm1((level / (LEVELS.length - 1)) * Math.log1p(peak)));
}
