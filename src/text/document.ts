/** A document: the unit in which text is read, hashed, told from its copies, and held out. */

interface DocumentOrigin {
  /** Where it came from, for messages: a path, `file.jsonl:12`, `file.parquet#5`. Never absolute in the default corpus. */
  readonly name: string;
  /** What kind of text it is: a JSONL record's `meta.subset`, the kind of file, … */
  readonly kind: string;
}

export interface TextDocument extends DocumentOrigin {
  readonly text: string;
  /** How many characters U+FFFD stand for bytes that were no UTF-8; absent when there were none. */
  readonly replaced?: number;
}

/** A document that came as token ids, made with the model's own tokenizer. */
export interface TokenDocument extends DocumentOrigin {
  readonly ids: Int32Array;
}

export type SourceDocument = TextDocument | TokenDocument;

/** Documents one after the other, with a place to go on from. */
export interface DocumentStream {
  /** What is read, as the user named it. */
  readonly sources: readonly string[];
  /** Changes when other files, or files of other sizes, are behind the same names. */
  readonly fingerprint: string;
  /** The next document, `undefined` at the end. Call again only after the last call has finished. */
  next(): Promise<SourceDocument | undefined>;
  /** A JSON value that says how far the stream has been read. */
  cursor(): unknown;
  /** Goes on behind the place that `cursor` named in an earlier stream of the same fingerprint; before any `next`. */
  seek(cursor: unknown): void;
  close(): Promise<void>;
}
