/**
 * Trains a byte-level BPE tokenizer (Sennrich et al. 2016 on bytes as in GPT-2) and writes it as a `tokenizer.json`.
 *
 * Text is cut into GPT-2's pre-tokens, equal ones are counted once, and the most frequent adjacent pair of symbols is
 * merged again and again; among equally frequent pairs the one with the lowest ids goes first, so the same text gives
 * the same tokenizer everywhere. Ids: the 256 bytes in GPT-2's order, the merges in order, `<|endoftext|>` last.
 */

import { join } from "node:path";
import { Failure } from "../errors.ts";
import { writeAtomic, writeJson } from "../files/atomic.ts";
import { bytesInVocabularyOrder, charOfByte } from "../model/byte-alphabet.ts";
import { pretokenEnd } from "../model/pretokens.ts";
import { mergePairs } from "./pair-merges.ts";

export const endOfText = "<|endoftext|>";

/** A trained byte-level BPE: `merges[i]` made id 256 + i out of two lower ids; the last id is the separator. */
export interface Bpe {
  readonly merges: readonly (readonly [number, number])[];
  readonly vocabSize: number;
  /** UTF-16 units of text that the merges were learnt from. */
  readonly trainedOn: number;
}

/** Pre-tokens longer than this are data, not words: runs of base64 or spaces would fill the vocabulary. */
const longestWord = 64;
const distinctWords = 4_000_000;

/**
 * Learns a BPE of `vocabSize` entries (256 bytes, merges, one separator) from `documents`, reading at most `limit`
 * UTF-16 units. Fewer entries when the text has no pair left that occurs twice.
 * @throws Failure when `vocabSize` < 257 or there is no text at all
 */
export async function trainBpe(
  documents: Iterable<{ text: string }> | AsyncIterable<{ text: string }>,
  vocabSize: number,
  limit = 100_000_000,
): Promise<Bpe> {
  if (!Number.isInteger(vocabSize) || vocabSize < 257) {
    throw new Failure(`a byte-level vocabulary needs at least 257 entries, ${vocabSize} were asked for`);
  }
  const words = new Map<string, number>();
  let read = 0;
  for await (const { text } of documents) {
    if (read >= limit) break;
    read += countWords(text.toWellFormed(), words);
  }
  if (words.size === 0)
    throw new Failure("a tokenizer cannot be trained on no text: the source gave no documents");
  const idOfByte = new Uint16Array(256);
  bytesInVocabularyOrder.forEach((byte, id) => (idOfByte[byte] = id));
  const sequences = Array.from(words, ([word, count]) => ({
    symbols: Uint16Array.from(Buffer.from(word), (byte) => idOfByte[byte]!),
    count,
  }));
  const merges = mergePairs(sequences, 256, vocabSize - 257);
  return { merges, vocabSize: 257 + merges.length, trainedOn: read };
}

function countWords(text: string, words: Map<string, number>): number {
  for (let start = 0; start < text.length;) {
    const end = pretokenEnd(text, start);
    if (end - start <= longestWord) {
      const word = text.slice(start, end);
      const count = words.get(word);
      if (count !== undefined) words.set(word, count + 1);
      else if (words.size < distinctWords) words.set(word, 1);
    }
    start = end;
  }
  return text.length;
}

/** The tokens of `bpe` by id, spelt in the byte alphabet. */
export function tokensOf(bpe: Bpe): string[] {
  const tokens = bytesInVocabularyOrder.map((byte) => charOfByte[byte]!);
  for (const [left, right] of bpe.merges) tokens.push(tokens[left]! + tokens[right]!);
  return [...tokens, endOfText];
}

/**
 * Writes `tokenizer.json` and `tokenizer_config.json` into `folder` in Hugging Face's format.
 * @throws Failure when the folder cannot be written
 */
export function saveTokenizer(folder: string, bpe: Bpe, contextLength: number): void {
  const tokens = tokensOf(bpe);
  // Object.fromEntries defines own properties, so a token spelt "__proto__" survives.
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  const separator = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const json = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [{ id: tokens.length - 1, content: endOfText, ...separator }],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: { ...byteLevel, trim_offsets: false },
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: "",
      end_of_word_suffix: "",
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges: bpe.merges.map(([left, right]) => `${tokens[left]} ${tokens[right]}`),
    },
  };
  writeAtomic(join(folder, "tokenizer.json"), JSON.stringify(json) + "\n");
  writeJson(join(folder, "tokenizer_config.json"), {
    tokenizer_class: "GPT2Tokenizer",
    add_bos_token: false,
    add_prefix_space: false,
    bos_token: endOfText,
    eos_token: endOfText,
    unk_token: endOfText,
    clean_up_tokenization_spaces: false,
    model_max_length: contextLength,
  });
}
