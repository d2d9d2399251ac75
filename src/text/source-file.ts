/** One file of a source, whatever its format, as documents from a given one on. */

import { localBlob } from "../model/hub-blob.ts";
import { type ByteFile, uncompressedName } from "./decompress.ts";
import type { SourceDocument } from "./document.ts";
import { jsonlDocuments } from "./jsonl-documents.ts";
import { kindOfFile } from "./kinds.ts";
import { type ParquetReading, parquetDocuments } from "./parquet-documents.ts";
import { textDocuments } from "./text-documents.ts";

export interface SourceFile {
  readonly name: string;
  /** Bytes, for the fingerprint. */
  readonly size: number;
  /** The documents behind the first `skip`. */
  documents(skip: number): AsyncIterator<SourceDocument> | Iterator<SourceDocument>;
}

/** Files that hold records: taken from a folder whatever else is in it. */
export function isRecordFile(name: string): boolean {
  return /\.(jsonl|ndjson)(\.(gz|zst))?$|\.parquet$/i.test(name);
}

/** Whether a file of this name in a folder is read. */
export function isReadable(name: string): boolean {
  return isRecordFile(name) || kindOfFile(uncompressedName(name)) !== undefined;
}

/** A file whose bytes are opened by `open` when its turn comes. */
export function sourceFile(
  name: string,
  size: number,
  open: () => Promise<ByteFile> | ByteFile,
  reading: ParquetReading,
): SourceFile {
  return { name, size, documents: (skip) => documentsOf(open, reading, skip) };
}

/** A file on this machine; its name stands in messages as the user gave it. */
export function localFile(path: string, size: number, reading: ParquetReading): SourceFile {
  return sourceFile(path, size, () => ({ ...localBlob(path, ""), name: path }), reading);
}

async function* documentsOf(
  open: () => Promise<ByteFile> | ByteFile,
  reading: ParquetReading,
  skip: number,
): AsyncGenerator<SourceDocument> {
  const file = await open();
  if (/\.parquet$/i.test(file.name)) {
    yield* parquetDocuments(file, reading, skip);
    return;
  }
  const all = isRecordFile(file.name) ? jsonlDocuments(file, reading) : textDocuments(file);
  let passed = 0;
  for await (const document of all) {
    if (passed++ >= skip) yield document;
  }
}
