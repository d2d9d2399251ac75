/**
 * The tokenizer of a source model, from the `tokenizer.json` beside its weights (and `tokenizer_config.json`, which
 * names its special tokens). Text → ids, ids → text, and the one id that separates documents and begins every context.
 *
 * Ids are what `@huggingface/tokenizers` gives; tokenizers of the GPT-2 kind take a faster road to the same ids.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer as Library } from "@huggingface/tokenizers";
import { Failure, messageOf } from "../errors.ts";
import { bytesOfToken } from "./byte-alphabet.ts";
import { ByteLevelBpe, type TokenizerJson } from "./byte-level-bpe.ts";

/** The two files as they are: enough to build the same tokenizer again in another thread. */
export interface TokenizerFiles {
  /** What to call it in messages: the path of `tokenizer.json`. */
  readonly name: string;
  readonly json: string;
  readonly config: string | undefined;
}

export interface TokenizerOptions {
  /** The model's number of embeddings; every id must be below it. Models may pad it beyond the vocabulary. */
  readonly vocabSize?: number;
}

interface TokenizerConfig {
  readonly bos_token?: unknown;
  readonly eos_token?: unknown;
  readonly remove_space?: boolean;
  readonly do_lowercase_and_remove_accent?: boolean;
}

export class Tokenizer {
  readonly files: TokenizerFiles;
  /** SHA-256 of `tokenizer.json`: token shards made with another one are refused. */
  readonly hash: string;
  /** One more than the largest id. */
  readonly vocabSize: number;
  /** The token that stands before every context and between documents. */
  readonly bosId: number;
  readonly #library: Library;
  readonly #fast: ByteLevelBpe | undefined;
  readonly #bytes: readonly (Uint8Array | undefined)[];
  /** What `tokenText` has spelled. */
  readonly #texts = new Map<number, string>();

  /** @throws Failure when the files are not a usable tokenizer or give ids that the model has no embedding for */
  constructor(files: TokenizerFiles, options: TokenizerOptions = {}) {
    const json = parseJson<TokenizerJson>(files.json, files.name);
    const config = parseJson<TokenizerConfig>(
      files.config ?? "{}",
      files.name.replace(/\.json$/, "_config.json"),
    );
    this.files = files;
    this.hash = createHash("sha256").update(files.json).digest("hex");
    this.vocabSize = countIds(json, files.name);
    checkFit(files.name, this.vocabSize, options.vocabSize);
    try {
      // A tokenizer.json may leave these out; the library insists on them.
      const absent = {
        normalizer: null,
        pre_tokenizer: null,
        post_processor: null,
        decoder: null,
        added_tokens: [],
      };
      this.#library = new Library({ ...absent, ...json }, config);
    } catch (error) {
      throw new Failure(`${files.name} is not a tokenizer that can be used: ${messageOf(error)}`, {
        cause: error,
      });
    }
    this.bosId = separatorId(files.name, this.#library, config);
    const plain = config.remove_space !== true && config.do_lowercase_and_remove_accent !== true;
    this.#fast = plain ? ByteLevelBpe.from(json) : undefined;
    this.#bytes = json.decoder?.type === "ByteLevel" ? vocabularyBytes(json, this.vocabSize) : [];
  }

  /** Whether ids are found by the fast encoder rather than by the library. */
  get isFast(): boolean {
    return this.#fast !== undefined;
  }

  /** The ids of `text`, without any special tokens around it. */
  encode(text: string): Int32Array {
    if (this.#fast !== undefined) return this.#fast.encode(text);
    return Int32Array.from(this.#library.encode(text.toWellFormed(), { add_special_tokens: false }).ids);
  }

  /** The text of `ids`; bytes that are no UTF-8 (half a character) become U+FFFD. */
  decode(ids: ArrayLike<number>): string {
    if (ids.length === 0) return "";
    const list = Array.from(ids);
    if (this.#bytes.length === 0) return this.#library.decode(list, { clean_up_tokenization_spaces: false });
    return Buffer.concat(list.map((id) => this.tokenBytes(id) ?? Buffer.from(unused(id)))).toString("utf8");
  }

  /** The text of one token for display: bytes that are no whole character are written `\xE2`. */
  tokenText(id: number): string {
    // Spelling takes tens of microseconds, and tasks and stores ask for the same tokens again and again.
    const known = this.#texts.get(id);
    if (known !== undefined) return known;
    const text = this.#spelled(id);
    this.#texts.set(id, text);
    return text;
  }

  #spelled(id: number): string {
    const bytes = this.tokenBytes(id);
    if (bytes === undefined) return this.#library.id_to_token(id) ?? unused(id);
    const text = Buffer.from(bytes).toString("utf8");
    if (!text.includes("\ufffd") || Buffer.from(text).equals(bytes)) return text;
    return escapeBrokenBytes(bytes);
  }

  /** The bytes that token `id` stands for; `undefined` for an id outside the vocabulary or no byte-level tokenizer. */
  tokenBytes(id: number): Uint8Array | undefined {
    return this.#bytes[id];
  }
}

/**
 * The tokenizer in `folder`.
 * @throws Failure when `tokenizer.json` is missing, unreadable, not a tokenizer, or does not fit `options.vocabSize`
 */
export function loadTokenizer(folder: string, options: TokenizerOptions = {}): Tokenizer {
  const name = join(folder, "tokenizer.json");
  const json = readOptional(name);
  if (json === undefined) {
    throw new Failure(
      `${name} does not exist: a model's folder needs the tokenizer.json it was trained with`,
    );
  }
  return new Tokenizer({ name, json, config: readOptional(join(folder, "tokenizer_config.json")) }, options);
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new Failure(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function parseJson<T>(text: string, name: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Failure(`${name} is not JSON: ${messageOf(error)}`, { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Failure(`${name} does not hold a JSON object: is it the right file?`);
  }
  return value as T;
}

/** One more than the largest id, after checking that ids are usable as indices. */
function countIds(json: TokenizerJson, name: string): number {
  const type = json.model?.type;
  if (type !== undefined && !["BPE", "WordPiece", "WordLevel", "Unigram"].includes(type)) {
    throw new Failure(`${name} is not a tokenizer that can be used: model type ${type} is not known`);
  }
  const vocab: unknown = json.model?.vocab;
  if (typeof vocab !== "object" || vocab === null) {
    throw new Failure(`${name} has no model.vocab: it is not a Hugging Face tokenizer.json`);
  }
  const ids: unknown[] = Array.isArray(vocab) ? vocab.map((_, id) => id) : Object.values(vocab);
  const added: unknown = json.added_tokens ?? [];
  if (!Array.isArray(added)) throw new Failure(`${name}: added_tokens is not a list`);
  let largest = -1;
  for (const id of [...ids, ...added.map((token: { id?: unknown } | null) => token?.id)]) {
    if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || id >= 2 ** 31) {
      throw new Failure(
        `${name} gives a token the id ${JSON.stringify(id)}, expected a whole number of at least 0`,
      );
    }
    largest = Math.max(largest, id);
  }
  if (largest < 0) throw new Failure(`${name} has an empty vocabulary`);
  return largest + 1;
}

function checkFit(name: string, ids: number, embeddings: number | undefined): void {
  if (embeddings === undefined || ids <= embeddings) return;
  throw new Failure(
    `${name} has ids up to ${ids - 1}, but the model has ${embeddings} embeddings (vocab_size in config.json): ` +
      "this tokenizer belongs to another model",
  );
}

function separatorId(name: string, library: Library, config: TokenizerConfig): number {
  const candidates = [contentOf(config.bos_token), contentOf(config.eos_token), "<|endoftext|>"];
  for (const token of candidates) {
    const id = token === undefined ? undefined : library.token_to_id(token);
    if (id !== undefined) return id;
  }
  throw new Failure(
    `${name} has no token to begin a text with: name one as bos_token or eos_token in tokenizer_config.json`,
  );
}

/** A special token is written as a string or as an object that holds it. */
function contentOf(token: unknown): string | undefined {
  const content: unknown =
    typeof token === "object" && token !== null ? (token as { content?: unknown }).content : token;
  return typeof content === "string" ? content : undefined;
}

function vocabularyBytes(json: TokenizerJson, size: number): (Uint8Array | undefined)[] {
  const bytes: (Uint8Array | undefined)[] = Array.from({ length: size });
  for (const [token, id] of Object.entries(json.model.vocab!))
    bytes[id] = bytesOfToken(token) ?? Buffer.from(token);
  for (const { id, content } of json.added_tokens ?? []) bytes[id] = Buffer.from(content);
  return bytes;
}

function unused(id: number): string {
  return `<unused ${id}>`;
}

/** Whole characters as they are, every other byte as `\xNN`. */
function escapeBrokenBytes(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length;) {
    const length = [1, 2, 3, 4].find((n) => isOneCharacter(bytes.subarray(start, start + n)));
    text +=
      length === undefined
        ? `\\x${bytes[start]!.toString(16).toUpperCase().padStart(2, "0")}`
        : Buffer.from(bytes.subarray(start, start + length)).toString("utf8");
    start += length ?? 1;
  }
  return text;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function isOneCharacter(bytes: Uint8Array): boolean {
  try {
    return [...strict.decode(bytes)].length === 1;
  } catch {
    return false;
  }
}
