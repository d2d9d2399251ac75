import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Tokenizer as Library } from "@huggingface/tokenizers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ByteLevelBpe, type TokenizerJson } from "../../src/model/byte-level-bpe.ts";
import { loadTokenizer } from "../../src/model/tokenizer.ts";
import { Random } from "../../src/random.ts";
import { saveTokenizer, trainBpe } from "../../src/text/bpe.ts";
import { defaultCorpus } from "../../src/text/default-corpus.ts";
import { multilingual } from "./samples.ts";

const shared = new URL("../../../shared/", import.meta.url).pathname;
const texts: string[] = [];
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tokenizer-"));
  for (const { text } of defaultCorpus()) if (texts.push(text.slice(0, 3000)) === 300) break;
  const documents = [...texts, ...multilingual].map((text) => ({ text }));
  saveTokenizer(folder, await trainBpe(documents, 2000), 64);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const json = (path: string) =>
  JSON.parse(readFileSync(join(path, "tokenizer.json"), "utf8")) as TokenizerJson;

/** The tokenizer in `path` must be fast and give, for each text, the ids and the text that the library gives. */
function expectSameAsLibrary(path: string, samples: Iterable<string>): void {
  const tokenizer = loadTokenizer(path);
  const library = new Library(json(path), {});
  expect(tokenizer.isFast).toBe(true);
  for (const text of samples) {
    const ids = tokenizer.encode(text);
    expect(Array.from(ids)).toEqual(
      text === "" ? [] : library.encode(text, { add_special_tokens: false }).ids,
    );
    expect(tokenizer.decode(ids)).toBe(text);
  }
}

describe("encode and decode", () => {
  it("give what the library gives on many scripts and on code", () => {
    expectSameAsLibrary(folder, [...multilingual, ...texts.slice(0, 60)]);
  });

  it("agree with the library on random text", () => {
    const random = Random.of(7);
    const alphabet = [...multilingual.join("")];
    const samples = Array.from({ length: 400 }, () =>
      Array.from({ length: random.integer(60) }, () => alphabet[random.integer(alphabet.length)]).join(""),
    );
    expectSameAsLibrary(folder, samples);
  });

  it("stay right when the words remembered have been forgotten and met again", () => {
    const tokenizer = loadTokenizer(folder);
    const random = Random.of(3);
    const words = Array.from({ length: 300_000 }, () => random.bits().toString(36)).join("_");
    const before = tokenizer.encode("remember remember the fifth of november");
    expect(tokenizer.decode(tokenizer.encode(words))).toBe(words);
    expect(tokenizer.encode("remember remember the fifth of november")).toEqual(before);
  });

  it("take time in proportion to a word without a break", () => {
    const word = "QWJj".repeat(100_000);
    expect(loadTokenizer(folder).decode(loadTokenizer(folder).encode(word))).toBe(word);
  });

  it("leave a tokenizer that is not plain byte-level BPE to the library", () => {
    const plain = json(folder);
    const odd = [
      { ...plain, normalizer: { type: "NFC" } },
      { ...plain, pre_tokenizer: { type: "ByteLevel", add_prefix_space: true } },
      { ...plain, model: { ...plain.model, ignore_merges: true } },
      { ...plain, added_tokens: [{ id: 1, content: "x", lstrip: true }] },
    ];
    expect(ByteLevelBpe.from(plain)).toBeDefined();
    for (const other of odd) expect(ByteLevelBpe.from(other)).toBeUndefined();
    const path = mkdtempSync(join(folder, "prefix-"));
    writeFileSync(join(path, "tokenizer.json"), JSON.stringify(odd[1]));
    const tokenizer = loadTokenizer(path);
    expect(tokenizer.decode(tokenizer.encode("Hello"))).toBe(" Hello");
    expect(tokenizer.encode("")).toHaveLength(0);
  });

  describe.skipIf(!existsSync(join(shared, "models/gpt2-16m")))("with GPT-2's vocabulary", () => {
    it("give what the library gives", () => {
      const documents = [
        "docs_arabic",
        "docs_japanese",
        "korean_reviews",
        "dna_genbank",
        "base64_notebooks",
        "code_rust",
      ];
      const samples = documents.flatMap((name) =>
        gunzipSync(readFileSync(join(shared, `data/corpus/${name}.jsonl.gz`)))
          .toString("utf8")
          .split("\n", 8)
          .filter((line) => line !== "")
          .map((line) => (JSON.parse(line) as { text: string }).text.slice(0, 5000).toWellFormed()),
      );
      expectSameAsLibrary(join(shared, "models/gpt2-16m"), [...multilingual, ...samples]);
      const tokenizer = loadTokenizer(join(shared, "models/gpt2-16m"), { vocabSize: 50257 });
      expect(tokenizer.bosId).toBe(50256);
      expect(Array.from(tokenizer.encode("Hello world"))).toEqual([15496, 995]);
    });
  });
});

describe("tokenText", () => {
  it("shows whole characters as they are and broken ones as bytes", () => {
    const tokenizer = loadTokenizer(folder);
    for (let id = 0; id < tokenizer.vocabSize; id++) {
      const bytes = Buffer.from(tokenizer.tokenBytes(id)!);
      const shown = tokenizer.tokenText(id).replace(/\\x([0-9A-F]{2})/g, (_, hex) => `\\x${hex}`);
      const whole = Buffer.from(bytes.toString("utf8")).equals(bytes);
      expect(shown).toBe(whole ? bytes.toString("utf8") : shown);
      expect(shown.includes("\ufffd")).toBe(whole && bytes.toString("utf8").includes("\ufffd"));
    }
    const [first] = tokenizer.encode("\u{1F9FF}");
    expect(tokenizer.tokenText(first!)).toMatch(/^\\xF0/);
    expect(tokenizer.tokenText(999_999)).toBe("<unused 999999>");
    expect(tokenizer.decode([999_999])).toBe("<unused 999999>");
  });
});

describe("the separator", () => {
  const withConfig = (config: object) => {
    const path = mkdtempSync(join(folder, "config-"));
    writeFileSync(join(path, "tokenizer.json"), JSON.stringify(json(folder)));
    writeFileSync(join(path, "tokenizer_config.json"), JSON.stringify(config));
    return loadTokenizer(path);
  };

  it("is bos_token, else eos_token, else <|endoftext|>", () => {
    const other = withConfig({ bos_token: "th", eos_token: "<|endoftext|>" });
    expect(other.tokenText(other.bosId)).toBe("th");
    expect(withConfig({ eos_token: { content: "<|endoftext|>" } }).bosId).toBe(1999);
    expect(withConfig({}).bosId).toBe(1999);
  });
});

describe("a bad tokenizer is refused:", () => {
  const load = (content: string | undefined, vocabSize?: number) => {
    const path = mkdtempSync(join(folder, "bad-"));
    if (content !== undefined) writeFileSync(join(path, "tokenizer.json"), content);
    return () => loadTokenizer(path, vocabSize === undefined ? {} : { vocabSize });
  };
  const changed = (change: object) => JSON.stringify({ ...json(folder), ...change });

  it("missing", () => expect(load(undefined)).toThrow(/tokenizer\.json does not exist/));
  it("not JSON", () => expect(load("PK\u0003\u0004")).toThrow(/tokenizer\.json is not JSON/));
  it("cut short", () => expect(load(JSON.stringify(json(folder)).slice(0, 5000))).toThrow(/is not JSON/));
  it("JSON of something else", () => expect(load("[1, 2]")).toThrow(/does not hold a JSON object/));
  it("without a vocabulary", () => expect(load("{}")).toThrow(/no model\.vocab/));
  it("ids that are no numbers", () => {
    expect(load(changed({ model: { type: "BPE", vocab: { a: "1" }, merges: [] } }))).toThrow(/the id "1"/);
  });
  it("a model type that nobody knows", () => {
    expect(load(changed({ model: { type: "Sieve", vocab: { a: 1 } } }))).toThrow(
      /not a tokenizer that can be used: model type Sieve/,
    );
  });
  it("more ids than the model has embeddings", () => {
    expect(load(changed({}), 1999)).toThrow(/ids up to 1999, but the model has 1999 embeddings/);
    expect(load(changed({}), 2048)().vocabSize).toBe(2000);
  });
  it("nothing to begin a text with", () => {
    const { model } = json(folder);
    expect(load(changed({ added_tokens: [], model: { ...model, vocab: { a: 0 }, merges: [] } }))).toThrow(
      /no token to begin a text with/,
    );
  });
});
