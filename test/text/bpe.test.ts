import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Tokenizer as Library } from "@huggingface/tokenizers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bytesInVocabularyOrder, charOfByte } from "../../src/model/byte-alphabet.ts";
import { type Bpe, endOfText, saveTokenizer, tokensOf, trainBpe } from "../../src/text/bpe.ts";
import { defaultCorpus } from "../../src/text/default-corpus.ts";
import { multilingual } from "./samples.ts";

const pieces = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** The textbook algorithm: recount every pair after every merge. */
function referenceMerges(texts: readonly string[], count: number): string[] {
  const words = texts
    .flatMap((text) => text.match(pieces) ?? [])
    .map((word) => Array.from(Buffer.from(word), (byte) => bytesInVocabularyOrder.indexOf(byte)));
  const merges: string[] = [];
  for (let id = 256; merges.length < count; id++) {
    const counts = new Map<number, number>();
    for (const word of words) {
      for (let i = 0; i + 1 < word.length; i++) {
        const key = word[i]! * 65536 + word[i + 1]!;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    const [best] = [...counts].sort(([a, m], [b, n]) => n - m || a - b);
    if (best === undefined || best[1] < 2) break;
    const left = Math.floor(best[0] / 65536);
    const right = best[0] % 65536;
    merges.push(`${left} ${right}`);
    for (const word of words) {
      for (let i = 0; i + 1 < word.length; i++) {
        if (word[i] === left && word[i + 1] === right) word.splice(i, 2, id);
      }
    }
  }
  return merges;
}

describe("trainBpe", () => {
  it("finds the merges that recounting every pair finds", async () => {
    const texts = [
      "the cat sat on the mat, the cat ate the rat; thethethe ttttttt aaaa aaaaa aaaaaaaaa",
      "Übergrößenträger überall 日本語日本語 日本 「日本語」 0101010101 banana bananas ananas",
      "function f(x) { return x; }\nfunction g(y) { return y; }\n    indented\n    indented",
    ];
    const bpe = await trainBpe(
      texts.map((text) => ({ text })),
      257 + 150,
    );
    const expected = referenceMerges(texts, 150);
    expect(expected.length).toBeGreaterThan(50);
    expect(bpe.merges.map((pair) => pair.join(" "))).toEqual(expected);
  });

  it("refuses a vocabulary smaller than the bytes, and no text", async () => {
    await expect(trainBpe([{ text: "abc" }], 100)).rejects.toThrow(/at least 257/);
    await expect(trainBpe([], 1000)).rejects.toThrow(/no documents/);
  });
});

describe("a trained tokenizer.json", () => {
  let folder: string;
  let bpe: Bpe;
  let library: Library;
  const texts: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "bpe-"));
    for (const { text } of defaultCorpus()) if (texts.push(text.slice(0, 4000)) === 400) break;
    bpe = await trainBpe(
      texts.map((text) => ({ text })),
      3000,
    );
    saveTokenizer(folder, bpe, 256);
    const read = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
    library = new Library(read("tokenizer.json"), read("tokenizer_config.json"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("has the separator as its last id and every id once", () => {
    expect(bpe.vocabSize).toBe(3000);
    expect(library.token_to_id(endOfText)).toBe(2999);
    expect(new Set(tokensOf(bpe)).size).toBe(3000);
  });

  it("is encoded by the library as a plain loop over the merges does, and decoded back", () => {
    const tokens = tokensOf(bpe);
    const merged = new Map(bpe.merges.map(([a, b], i) => [`${tokens[a]} ${tokens[b]}`, i]));
    const encode = (word: string) => {
      const parts = Array.from(Buffer.from(word), (byte) => charOfByte[byte]!);
      for (;;) {
        const ranks = parts.slice(1).map((part, i) => merged.get(`${parts[i]} ${part}`) ?? Infinity);
        const best = Math.min(...ranks);
        if (best === Infinity) return parts.map((part) => tokens.indexOf(part));
        const at = ranks.indexOf(best);
        parts.splice(at, 2, parts[at]! + parts[at + 1]!);
      }
    };
    for (const text of [...multilingual, ...texts.slice(0, 20)]) {
      if (text === "") continue;
      const { ids } = library.encode(text, { add_special_tokens: false });
      const parts = text.split(endOfText).map((part) => (part.match(pieces) ?? []).flatMap(encode));
      expect(ids).toEqual(parts.flatMap((part, i) => (i === 0 ? part : [bpe.vocabSize - 1, ...part])));
      expect(library.decode(ids, { clean_up_tokenization_spaces: false })).toBe(text);
    }
  });

  it("comes out the same from the same text", async () => {
    const again = await trainBpe(
      texts.map((text) => ({ text })),
      3000,
    );
    expect(again).toEqual(bpe);
  });
});
