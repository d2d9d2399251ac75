/**
 * Where text comes from, by name: `default` (the text of the installed packages), a file, a folder, a glob, a dataset of
 * the hub, or several of these separated by commas. Several sources are read evenly, and so are the files of one, in an
 * order that the files' names decide: whoever stops after five million tokens has seen a mixture, not the letter A.
 */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { UsageError } from "../errors.ts";
import type { HubOptions } from "../model/hub-request.ts";
import { defaultCorpus, defaultCorpusVersion } from "./default-corpus.ts";
import type { DocumentStream, SourceDocument } from "./document.ts";
import { contentHash } from "./hash.ts";
import { hubFiles, hubPrefix } from "./hub-source.ts";
import { localFiles } from "./local-source.ts";
import type { ParquetReading } from "./parquet-documents.ts";
import { type DocumentReader, Lane, Mixed } from "./mixed-documents.ts";
import { filesOfSlice, type Slice, SlicedDocuments } from "./slices.ts";
import type { SourceFile } from "./source-file.ts";

/** How records are read, and how the hub is reached. */
export interface DocumentReading extends ParquetReading {
  readonly hub?: HubOptions;
}

/** Names of the embedded corpus. */
const defaultNames = new Set(["default", "node_modules"]);

/**
 * Opens what `sources` names, or a slice of it, without reading documents yet.
 * @throws Failure when something does not exist or holds no text; UsageError when nothing is named
 */
export async function openDocuments(
  sources: string | readonly string[],
  reading: DocumentReading = {},
  slice?: Slice,
): Promise<DocumentStream> {
  const names = typeof sources === "string" ? splitNames(sources) : [...sources];
  if (names.length === 0)
    throw new UsageError('no text is named: give a file, a folder, a dataset or "default"');
  const mixed: DocumentReader[] = [];
  const digest = createHash("sha256");
  for (const name of names) {
    const { version, files } = await openSource(name, reading);
    mixed.push(slice === undefined ? new Mixed(lanesOf(files)) : sliceOf(files, slice));
    digest.update(JSON.stringify([name, version, files.map((file) => [file.name, file.size])]));
  }
  return new OpenedDocuments(names, digest.digest("hex"), new Mixed(mixed));
}

/** Commas separate sources, except within the braces of a glob and in the name of a file that exists. */
function splitNames(sources: string): string[] {
  if (existsSync(sources)) return [sources];
  return sources
    .split(/,(?![^{]*\})/)
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

async function openSource(
  name: string,
  reading: DocumentReading,
): Promise<{ version: string; files: readonly SourceFile[] }> {
  if (defaultNames.has(name)) {
    return { version: defaultCorpusVersion(), files: [{ name, size: 0, documents: defaultDocuments }] };
  }
  if (name.startsWith(hubPrefix)) {
    const { commit, files } = await hubFiles(name, reading, reading.hub ?? {});
    return { version: commit, files };
  }
  return { version: "", files: localFiles(name, reading) };
}

function sliceOf(files: readonly SourceFile[], slice: Slice): DocumentReader {
  const own = filesOfSlice(files, slice);
  return own === undefined ? new SlicedDocuments(new Mixed(lanesOf(files)), slice) : new Mixed(lanesOf(own));
}

/** Files that are read at once. A Parquet file holds a row group in memory, a file of the hub a connection. */
const fewLanes = 4;
const manyLanes = 32;

/** Deals `files` to lanes that are read side by side, ordered by the hashes of their paths below their common folder. */
function lanesOf(files: readonly SourceFile[]): Lane[] {
  const folder = commonFolder(files.map(({ name }) => name));
  const order = (file: SourceFile) => contentHash(file.name.slice(folder.length));
  const ordered = files
    .map((file) => ({ file, key: order(file) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ file }) => file);
  const heavy = files.some(({ name }) => name.startsWith(hubPrefix) || /\.parquet$/i.test(name));
  const count = Math.min(files.length, heavy ? fewLanes : manyLanes);
  return Array.from({ length: count }, (_, lane) => new Lane(ordered.filter((_, i) => i % count === lane)));
}

/** The longest part, up to a slash, with which all paths begin. */
function commonFolder(paths: readonly string[]): string {
  const [first = ""] = paths;
  let length = first.lastIndexOf("/") + 1;
  while (length > 0 && !paths.every((path) => path.startsWith(first.slice(0, length)))) {
    length = first.lastIndexOf("/", length - 2) + 1;
  }
  return first.slice(0, length);
}

function* defaultDocuments(skip: number): Generator<SourceDocument> {
  let passed = 0;
  for (const document of defaultCorpus()) if (passed++ >= skip) yield document;
}

class OpenedDocuments implements DocumentStream {
  readonly sources: readonly string[];
  readonly fingerprint: string;
  readonly #documents: Mixed;

  constructor(sources: readonly string[], fingerprint: string, documents: Mixed) {
    this.sources = sources;
    this.fingerprint = fingerprint;
    this.#documents = documents;
  }

  next(): Promise<SourceDocument | undefined> {
    return this.#documents.next();
  }

  cursor(): unknown {
    return this.#documents.cursor();
  }

  seek(cursor: unknown): void {
    this.#documents.seek(cursor);
  }

  close(): Promise<void> {
    return this.#documents.close();
  }
}
