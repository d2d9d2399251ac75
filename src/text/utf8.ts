/**
 * Bytes as text. What is no UTF-8 is replaced and counted, never passed over in silence: a folder with one Latin-1 file
 * in it should say so.
 */

export interface DecodedText {
  readonly text: string;
  /** Characters U+FFFD that stand for invalid bytes; 0 for valid UTF-8. */
  readonly replaced: number;
}

const strict = new TextDecoder("utf-8", { fatal: true });
const lenient = new TextDecoder("utf-8");

/** Decodes UTF-8, without a byte order mark at its beginning. */
export function decodeUtf8(bytes: Uint8Array): DecodedText {
  try {
    return { text: strict.decode(bytes), replaced: 0 };
  } catch {
    const text = lenient.decode(bytes);
    return { text, replaced: countReplacements(text) };
  }
}

/** A string as text: halves of surrogate pairs, which JSON can spell, become U+FFFD. */
export function wellFormed(text: string): DecodedText {
  if (text.isWellFormed()) return { text, replaced: 0 };
  const repaired = text.toWellFormed();
  return { text: repaired, replaced: countReplacements(repaired) };
}

export function countReplacements(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\ufffd"); at >= 0; at = text.indexOf("\ufffd", at + 1)) count++;
  return count;
}
