/**
 * The alphabet of byte-level BPE: one printable character for each of the 256 bytes, as GPT-2 chose them (Radford et
 * al. 2019, `bytes_to_unicode`). A `tokenizer.json` spells its tokens in it, so a different table reads every token
 * with a byte above 126 or below 33 wrongly.
 */

/** The byte values in the order of their ids in GPT-2's vocabulary: printable ones first, then the rest. */
export const bytesInVocabularyOrder: readonly number[] = order();

/** The character that stands for each byte value. */
export const charOfByte: readonly string[] = alphabet();

/** The byte value that each character of the alphabet stands for. */
export const byteOfChar: ReadonlyMap<string, number> = new Map(charOfByte.map((char, byte) => [char, byte]));

/** The bytes that `token`, spelt in the alphabet, stands for; `undefined` when a character is not of the alphabet. */
export function bytesOfToken(token: string): Uint8Array | undefined {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = byteOfChar.get(token[i]!);
    if (byte === undefined) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}

function isPrintable(byte: number): boolean {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

function order(): number[] {
  const all = Array.from({ length: 256 }, (_, byte) => byte);
  return [...all.filter(isPrintable), ...all.filter((byte) => !isPrintable(byte))];
}

function alphabet(): string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
}
