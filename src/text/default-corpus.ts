/**
 * The embedded default text: what the packages under `node_modules` bring along. Documentation, sources, type
 * declarations, locale files, licences and the originals inside source maps: real text in dozens of natural and formal
 * languages, present after `npm ci` on every machine without any of it being in the repository.
 *
 * The same packages give the same documents in the same order everywhere: files are taken in codepoint order of their
 * paths, contents alone decide what is dropped or cut, and packages built for one platform only (a `cpu` or `os` field) are left
 * out. A held-out share would be worthless if the same code stood on both sides, so copies go: exact ones, and files
 * most of whose lines were seen before (the ESM and CommonJS builds of one source).
 */

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure } from "../errors.ts";
import type { TextDocument } from "./document.ts";
import { contentHash } from "./hash.ts";
import { LineMemory } from "./near-duplicates.ts";
import { kindOfFile } from "./kinds.ts";

/** Longest part of one file that is used, in UTF-16 units; of minified code, which is hardly text, a glimpse. */
const longestDocument = 400_000;
const longestMinified = 16_000;
/** What one package may contribute, so that no large one sets the tone. */
const largestPackage = 3_500_000;
const shortestDocument = 100;

/**
 * Dependencies whose text is not part of it: numbers that were measured on this text would otherwise change with every package that
 * is added for another purpose.
 */
const leftOut = new Set(["hyparquet-writer"]);

/** Share of a document's lines that may have been seen before in another one. */
const repeatedLines = 0.6;

interface Candidate extends TextDocument {
  readonly package: string;
  readonly order: string;
}

/**
 * The documents of the packages in `folder`, in an order that mixes packages and kinds and depends on contents alone.
 * Holds the whole text (under 100 MB) while it runs.
 * @param folder a `node_modules` folder; by default the one that this package's own dependencies are in
 * @throws Failure when there is no such folder
 */
export function* defaultCorpus(folder = nodeModules()): Generator<TextDocument> {
  const seen = new Set<string>();
  const lines = new LineMemory();
  const candidates: Candidate[] = [];
  for (const name of packagesIn(folder)) {
    for (const document of packageDocuments(join(folder, name), name)) {
      if (document.text.length < shortestDocument) continue;
      const hash = contentHash(document.text);
      if (seen.has(hash)) continue;
      seen.add(hash);
      if (lines.repeated(document.text) > repeatedLines) continue;
      candidates.push({ ...document, package: name, order: contentHash(`default corpus ${hash}`) });
    }
  }
  candidates.sort((a, b) => (a.order < b.order ? -1 : 1));
  const taken = new Map<string, number>();
  for (const { name, text, kind, package: owner } of candidates) {
    const before = taken.get(owner) ?? 0;
    if (before + text.length > largestPackage) continue;
    taken.set(owner, before + text.length);
    yield { name, text, kind };
  }
}

/** Changes when packages are added, removed or updated: names and versions of all that are used. */
export function defaultCorpusVersion(folder = nodeModules()): string {
  const versions = packagesIn(folder).map((name) => {
    const manifest = parse(readText(join(folder, name, "package.json")) ?? "") as
      | { version?: unknown }
      | undefined;
    return `${name}@${String(manifest?.version)}`;
  });
  return contentHash(versions.join("\n"));
}

/** The `node_modules` folder that holds this package's dependencies, in a checkout or installed beside them. */
export function nodeModules(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules");
    if (existsSync(join(candidate, "@huggingface", "tokenizers"))) return candidate;
    if (dirname(folder) === folder) break;
  }
  throw new Failure(
    `no node_modules folder found above ${import.meta.dirname}: run npm ci, or name a text source of your own`,
  );
}

function packagesIn(folder: string): string[] {
  const names: string[] = [];
  for (const name of foldersIn(folder)) {
    if (name.startsWith("@")) names.push(...foldersIn(join(folder, name)).map((inner) => `${name}/${inner}`));
    else names.push(name);
  }
  return names
    .filter((name) => !leftOut.has(name) && !isForOnePlatform(join(folder, name)))
    .sort(byCodepoints);
}

function foldersIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => entry.name);
}

function isForOnePlatform(folder: string): boolean {
  const manifest = parse(readText(join(folder, "package.json")) ?? "");
  return typeof manifest === "object" && manifest !== null && ("cpu" in manifest || "os" in manifest);
}

function* packageDocuments(folder: string, name: string): Generator<TextDocument> {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => byCodepoints(a.name, b.name));
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    const label = `${name}/${entry.name}`;
    if (entry.isDirectory()) yield* packageDocuments(path, label);
    else if (entry.isFile() && entry.name.endsWith(".map")) yield* mappedSources(path, label);
    else if (entry.isFile()) yield* fileDocument(path, label);
  }
}

function* fileDocument(path: string, label: string): Generator<TextDocument> {
  const kind = kindOfFile(label);
  if (kind === undefined) return;
  const text = readText(path);
  if (text !== undefined) yield shortened(label, text, kind);
}

/** The original sources that a source map carries; the map itself is no text. */
function* mappedSources(path: string, label: string): Generator<TextDocument> {
  const map = parse(readText(path) ?? "") as { sources?: unknown; sourcesContent?: unknown } | undefined;
  if (!Array.isArray(map?.sourcesContent) || !Array.isArray(map.sources)) return;
  for (const [i, text] of map.sourcesContent.entries()) {
    const source = String(map.sources[i]);
    const kind = kindOfFile(source);
    if (typeof text === "string" && kind !== undefined)
      yield shortened(`${label}!${source}`, text.toWellFormed(), kind);
  }
}

function shortened(name: string, text: string, kind: string): TextDocument {
  const minified = isMinified(text);
  const limit = minified ? longestMinified : longestDocument;
  const kept = text.length <= limit ? text : text.slice(0, limit).toWellFormed();
  return { name, text: kept, kind: minified ? "minified" : kind };
}

/** Lines of more than 300 characters on average, in a text of some length: bundles, tables, generated code. */
function isMinified(text: string): boolean {
  if (text.length < 5000) return false;
  let lines = 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  return text.length / lines > 300;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The file's text, or `undefined` when it is missing, not UTF-8, or holds NUL and so is no text. */
function readText(path: string): string | undefined {
  try {
    const bytes = readFileSync(path);
    return bytes.includes(0) ? undefined : utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function byCodepoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
