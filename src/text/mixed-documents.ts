/**
 * Several readers as one. The next document always comes from the reader that has given least text so far: no random
 * numbers, any sizes mixed evenly while they last, and the place in all of them is a few numbers.
 */

import { Failure } from "../errors.ts";
import type { SourceDocument } from "./document.ts";
import type { SourceFile } from "./source-file.ts";

export interface DocumentReader {
  /** Text given so far, in UTF-16 units (a token id counts as four). */
  readonly given: number;
  next(): Promise<SourceDocument | undefined>;
  /** The place reached, as JSON. */
  cursor(): unknown;
  seek(cursor: unknown): void;
  close(): Promise<void>;
}

/** Files one after the other. */
export class Lane implements DocumentReader {
  readonly #files: readonly SourceFile[];
  /** Index of the current file, and documents taken from it. */
  #file = 0;
  #taken = 0;
  #given = 0;
  #iterator: AsyncIterator<SourceDocument> | Iterator<SourceDocument> | undefined;

  constructor(files: readonly SourceFile[]) {
    this.#files = files;
  }

  get given(): number {
    return this.#given;
  }

  async next(): Promise<SourceDocument | undefined> {
    for (let file = this.#files[this.#file]; file !== undefined; file = this.#files[this.#file]) {
      this.#iterator ??= file.documents(this.#taken);
      const { done, value } = await this.#iterator.next();
      if (done !== true) {
        this.#taken++;
        this.#given += "text" in value ? value.text.length : value.ids.length * 4;
        return value;
      }
      this.#iterator = undefined;
      this.#file++;
      this.#taken = 0;
    }
    return undefined;
  }

  cursor(): unknown {
    return [this.#file, this.#taken, this.#given];
  }

  seek(cursor: unknown): void {
    const [file, taken, given] = expectList(cursor, 3) as [number, number, number];
    [this.#file, this.#taken, this.#given] = [file, taken, given];
  }

  async close(): Promise<void> {
    await this.#iterator?.return?.();
  }
}

export class Mixed implements DocumentReader {
  readonly #readers: readonly DocumentReader[];
  readonly #ended = new Set<DocumentReader>();

  constructor(readers: readonly DocumentReader[]) {
    this.#readers = readers;
  }

  get given(): number {
    return this.#readers.reduce((sum, { given }) => sum + given, 0);
  }

  async next(): Promise<SourceDocument | undefined> {
    for (let reader = this.#leastGiven(); reader !== undefined; reader = this.#leastGiven()) {
      const document = await reader.next();
      if (document !== undefined) return document;
      this.#ended.add(reader);
    }
    return undefined;
  }

  cursor(): unknown {
    return this.#readers.map((reader) => reader.cursor());
  }

  seek(cursor: unknown): void {
    const places = expectList(cursor, this.#readers.length);
    this.#readers.forEach((reader, i) => reader.seek(places[i]));
  }

  async close(): Promise<void> {
    for (const reader of this.#readers) await reader.close();
  }

  /** Among equals the first. */
  #leastGiven(): DocumentReader | undefined {
    let best: DocumentReader | undefined;
    for (const reader of this.#readers) {
      if (!this.#ended.has(reader) && (best === undefined || reader.given < best.given)) best = reader;
    }
    return best;
  }
}

function expectList(cursor: unknown, length: number): unknown[] {
  if (Array.isArray(cursor) && cursor.length === length) return cursor;
  throw new Failure("cannot go on reading: the place saved belongs to other sources");
}
