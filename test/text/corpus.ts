/** A small corpus of the embedded text and a tokenizer for it, for the tests of tokenising. */

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Tokenizer, loadTokenizer } from "../../src/model/tokenizer.ts";
import { saveTokenizer, trainBpe } from "../../src/text/bpe.ts";
import { defaultCorpus } from "../../src/text/default-corpus.ts";

export interface SmallCorpus {
  /** Holds `tokenizer.json` and `corpus.jsonl`. */
  readonly folder: string;
  readonly source: string;
  readonly texts: readonly string[];
  readonly kinds: readonly string[];
  readonly tokenizer: Tokenizer;
}

/** `count` documents of at most 3,000 characters and a vocabulary of 1,000. */
export async function smallCorpus(count: number): Promise<SmallCorpus> {
  const folder = mkdtempSync(join(tmpdir(), "small-corpus-"));
  const documents: { text: string; subset: string }[] = [];
  for (const { text, kind } of defaultCorpus()) {
    documents.push({ text: text.slice(0, 3000).toWellFormed(), subset: kind });
    if (documents.length === count) break;
  }
  const source = join(folder, "corpus.jsonl");
  writeFileSync(source, documents.map((document) => `${JSON.stringify(document)}\n`).join(""));
  saveTokenizer(folder, await trainBpe(documents, 1000), 64);
  return {
    folder,
    source,
    texts: documents.map(({ text }) => text),
    kinds: documents.map(({ subset }) => subset),
    tokenizer: loadTokenizer(folder),
  };
}
