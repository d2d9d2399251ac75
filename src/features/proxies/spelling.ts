/**
 * Tokens as the bytes they stand for, and the characters that a stretch of tokens spells. A byte-level tokenizer cuts characters
 * apart: most of Hebrew, Arabic or Hangul arrives as halves of letters, and a proxy that looked at one token at a time would miss it.
 */

/** What is needed of a tokenizer. */
export interface Vocabulary {
  readonly vocabSize: number;
  /** Stands between documents. It spells nothing, and no character or string reaches across it. */
  readonly bosId: number;
  tokenBytes(id: number): Uint8Array | undefined;
  tokenText(id: number): string;
}

/** A byte that is part of no whole character. */
export const BROKEN = -1;

/** A character [code point, or BROKEN for a byte alone] and the positions of the first and the last token that it has bytes of. */
export type CharacterVisitor = (character: number, first: number, last: number) => void;

export class Spelling {
  /** One more than the largest token. */
  readonly size: number;
  readonly separator: number;
  readonly #starts: Uint32Array;
  readonly #bytes: Uint8Array;
  // The stretch that is being read: its bytes, and the position of the token that each is from.
  #stretch = new Uint8Array(1024);
  #positions = new Int32Array(1024);

  constructor(vocabulary: Vocabulary) {
    this.size = vocabulary.vocabSize;
    this.separator = vocabulary.bosId;
    const spelt = Array.from({ length: this.size }, (_, id) =>
      id === this.separator ? new Uint8Array() : bytesOf(vocabulary, id),
    );
    this.#starts = new Uint32Array(this.size + 1);
    for (const [id, bytes] of spelt.entries()) this.#starts[id + 1] = this.#starts[id]! + bytes.length;
    this.#bytes = new Uint8Array(this.#starts[this.size]!);
    for (const [id, bytes] of spelt.entries()) this.#bytes.set(bytes, this.#starts[id]);
  }

  /** The bytes of a token; none for the separator and for ids that the tokenizer does not have. */
  bytes(token: number): Uint8Array {
    return token < this.size
      ? this.#bytes.subarray(this.#starts[token], this.#starts[token + 1])
      : new Uint8Array();
  }

  /** Goes through the characters of `tokens`, in order. */
  characters(tokens: Int32Array, visit: CharacterVisitor): void {
    let length = 0;
    for (let position = 0; position < tokens.length; position++) {
      const token = tokens[position]!;
      if (token === this.separator) {
        this.#decode(length, visit);
        length = 0;
        continue;
      }
      const bytes = this.bytes(token);
      this.#reserve(length + bytes.length);
      for (let i = 0; i < bytes.length; i++) {
        this.#stretch[length] = bytes[i]!;
        this.#positions[length++] = position;
      }
    }
    this.#decode(length, visit);
  }

  #decode(length: number, visit: CharacterVisitor): void {
    const bytes = this.#stretch;
    const positions = this.#positions;
    for (let at = 0; at < length;) {
      const size = characterSize(bytes, at, length);
      const character = size === 0 ? BROKEN : codePoint(bytes, at, size);
      visit(character, positions[at]!, positions[at + Math.max(1, size) - 1]!);
      at += Math.max(1, size);
    }
  }

  #reserve(length: number): void {
    if (length <= this.#stretch.length) return;
    const [stretch, positions] = [new Uint8Array(2 * length), new Int32Array(2 * length)];
    stretch.set(this.#stretch);
    positions.set(this.#positions);
    this.#stretch = stretch;
    this.#positions = positions;
  }
}

export function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** Bytes of the character that a first byte announces; 0 for a byte that begins none. */
export function announcedSize(byte: number): number {
  if (byte < 0x80) return 1;
  if (byte < 0xc2 || byte > 0xf4) return 0;
  return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/** Bytes at the end of `bytes` that begin a character and do not finish it; 0 when there are none. */
export function openSize(bytes: Uint8Array): number {
  let size = 1;
  while (size < bytes.length && size < 4 && isContinuation(bytes[bytes.length - size]!)) size++;
  return bytes.length > 0 && size < announcedSize(bytes[bytes.length - size]!) ? size : 0;
}

/** A number for the first one to three bytes of a character, another for each beginning. */
export function beginningKey(bytes: Uint8Array): number {
  return bytes.reduce((key, byte) => key * 256 + byte, 1);
}

/** Bytes of the whole character at `at`, 0 when there is none: overlong forms and surrogates are none (RFC 3629). */
export function characterSize(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!;
  const size = announcedSize(first);
  if (at + size > end) return 0;
  for (let i = 1; i < size; i++) if (!isContinuation(bytes[at + i]!)) return 0;
  const second = bytes[at + 1]!;
  const outside =
    (first === 0xe0 && second < 0xa0) ||
    (first === 0xed && second > 0x9f) ||
    (first === 0xf0 && second < 0x90) ||
    (first === 0xf4 && second > 0x8f);
  return outside ? 0 : size;
}

/** The code point of the whole character of `size` bytes at `at`. */
export function codePoint(bytes: Uint8Array, at: number, size: number): number {
  let code = size === 1 ? bytes[at]! : bytes[at]! & (0x7f >> size);
  for (let i = 1; i < size; i++) code = (code << 6) | (bytes[at + i]! & 0x3f);
  return code;
}

function bytesOf(vocabulary: Vocabulary, id: number): Uint8Array {
  return vocabulary.tokenBytes(id) ?? Buffer.from(vocabulary.tokenText(id));
}
