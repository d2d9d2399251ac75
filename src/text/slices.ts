/**
 * A text in slices, for several machines to tokenise at once. Which slice a document is in follows from the text and the number of
 * slices alone, so slices can be made anywhere, in any order, and again.
 *
 * A source with at least as many files as slices is divided by files, and each slice reads only its own: the largest file goes to the
 * slice with the fewest bytes, and so on. Any other is divided by the hash of documents: each slice reads all of it and tokenises its own.
 *
 * Copies of a document have one hash, so in a source divided by documents they meet in one slice and are used once, as without slices. In
 * one divided by files a copy in another slice stays. It is on the same side of the held-out split there, which the hash decides too.
 */

import { UsageError } from "../errors.ts";
import type { DocumentStream, SourceDocument } from "./document.ts";
import { contentHash, documentHash } from "./hash.ts";
import type { DocumentReader } from "./mixed-documents.ts";
import type { SourceFile } from "./source-file.ts";

export interface Slice {
  /** 0 … of − 1. */
  readonly index: number;
  readonly of: number;
}

/** @throws UsageError when there is no such slice */
export function checkSlice({ index, of }: Slice): void {
  if (Number.isInteger(index) && Number.isInteger(of) && index >= 0 && index < of) return;
  throw new UsageError(`slice ${index} of ${of} was asked for: slices are numbered from 0`);
}

/** Those of `files` that are in the slice; undefined when there are too few to divide them. */
export function filesOfSlice(files: readonly SourceFile[], { index, of }: Slice): SourceFile[] | undefined {
  if (files.length < of) return undefined;
  const bytes = Array.from({ length: of }, () => 0);
  const bySize = files
    .map((file) => ({ file, key: contentHash(file.name) }))
    .sort((a, b) => b.file.size - a.file.size || (a.key < b.key ? -1 : 1));
  const own = new Set<SourceFile>();
  const counts = Array.from({ length: of }, () => 0);
  for (const { file } of bySize) {
    // Among slices of as many bytes that with the fewest files, so that none is left without.
    let least = 0;
    for (let i = 1; i < of; i++) {
      if (bytes[i]! < bytes[least]! || (bytes[i] === bytes[least] && counts[i]! < counts[least]!)) least = i;
    }
    bytes[least]! += file.size;
    counts[least]!++;
    if (least === index) own.add(file);
  }
  return files.filter((file) => own.has(file));
}

/** Whether a document is in the slice. Other bits of the hash than those that hold it out. */
function isInSlice(document: SourceDocument, { index, of }: Slice): boolean {
  return Number.parseInt(documentHash(document).slice(-12), 16) % of === index;
}

/** The documents of a reader that are in the slice. */
export class SlicedDocuments implements DocumentReader {
  readonly #reader: DocumentReader;
  readonly #slice: Slice;

  constructor(reader: DocumentReader, slice: Slice) {
    this.#reader = reader;
    this.#slice = slice;
  }

  /** Read, not only given: sources then mix as they do without slices. */
  get given(): number {
    return this.#reader.given;
  }

  next(): Promise<SourceDocument | undefined> {
    return nextOf(this.#reader, this.#slice);
  }

  cursor(): unknown {
    return this.#reader.cursor();
  }

  seek(cursor: unknown): void {
    this.#reader.seek(cursor);
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}

/** The documents of any stream that are in the slice. */
export function slicedStream(stream: DocumentStream, slice: Slice): DocumentStream {
  return {
    sources: stream.sources,
    fingerprint: stream.fingerprint,
    next: () => nextOf(stream, slice),
    cursor: () => stream.cursor(),
    seek: (cursor) => stream.seek(cursor),
    close: () => stream.close(),
  };
}

async function nextOf(
  reader: Pick<DocumentReader, "next">,
  slice: Slice,
): Promise<SourceDocument | undefined> {
  for (;;) {
    const document = await reader.next();
    if (document === undefined || isInSlice(document, slice)) return document;
  }
}

/** Slices hold more or less of a text; each takes so much more than its share that those with more make up for the others. */
const MARGIN = 1 / 8;

/** Tokens that a slice takes when `maximum` are wanted of all together. */
export function sliceMaximum(maximum: number | null, slice: Slice | undefined): number | null {
  if (maximum === null || slice === undefined) return maximum;
  return Math.min(maximum, Math.ceil((maximum / slice.of) * (1 + MARGIN)));
}
