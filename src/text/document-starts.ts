/**
 * Where documents begin in token shards. Within a context a separator says so; behind the separator with which every context begins
 * anyway, only the file `document-starts.json` does. What is measured on tokens of one document moves together, so intervals need them.
 * (A separator that stands in a document's own text is taken for an end of it.)
 */

import { join } from "node:path";
import { Failure } from "../errors.ts";
import { writeJson } from "../files/atomic.ts";
import { readTextIfThere } from "../files/read.ts";

export type SplitName = "train" | "heldout";

/** Of each side: numbers of the contexts whose first token after the separator is a document's first, ascending. */
export type DocumentStarts = Readonly<Record<SplitName, readonly number[]>>;

export interface DocumentBoundaries {
  readonly separator: number;
  readonly starts: readonly number[];
}

export const documentStartsName = "document-starts.json";

export function writeDocumentStarts(folder: string, starts: DocumentStarts): void {
  writeJson(join(folder, documentStartsName), starts);
}

/**
 * Undefined in folders of earlier versions, which have no such file.
 * @throws Failure when it is damaged
 */
export function readDocumentStarts(folder: string): DocumentStarts | undefined {
  const path = join(folder, documentStartsName);
  const text = readTextIfThere(path);
  if (text === undefined) return undefined;
  try {
    const starts = JSON.parse(text) as DocumentStarts;
    if (Array.isArray(starts.train) && Array.isArray(starts.heldout)) return starts;
  } catch {
    // The sentence below says it.
  }
  throw new Failure(`${path} does not say where documents begin: delete the folder and tokenise again`);
}

/**
 * The document of every token of `contexts` consecutive contexts, counted from 0; a separator belongs to the document behind it.
 * @param tokens [contexts, context] @param first number of the first of these contexts in its split
 */
export function documentOfTokens(
  tokens: Int32Array,
  context: number,
  { separator, starts }: DocumentBoundaries,
  first = 0,
): Int32Array {
  const documents = new Int32Array(tokens.length);
  const begins = new Set(starts);
  let document = -1;
  for (let at = 0; at < tokens.length; at++) {
    const isNew =
      at % context === 0 ? document < 0 || begins.has(first + at / context) : tokens[at] === separator;
    if (isNew) document++;
    documents[at] = document;
  }
  return documents;
}
