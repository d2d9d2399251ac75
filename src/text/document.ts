/** A text document, the unit in which text is read, hashed, told apart from its copies, and held out. */

export interface TextDocument {
  /** Where it came from, for messages: a path, `file.jsonl:12`, `file.parquet#5`. Never absolute in the default corpus. */
  readonly name: string;
  readonly text: string;
  /** What kind of text it is: a JSONL record's `meta.subset`, a file's extension, … */
  readonly kind: string;
}
