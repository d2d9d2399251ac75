/**
 * Splits text into the pieces within which byte-level BPE merges, exactly as GPT-2's regular expression does:
 *
 *     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *
 * Written as a scan over a table of character classes, several times faster than the expression itself and without
 * making a string for each piece. The classes come from the same engine's \p{L}, \p{N} and \s.
 */

const other = 1;
const letter = 2;
const digit = 3;
const space = 4;

/** Classes of 256 consecutive code points each, filled when first met. */
const pages: (Uint8Array | undefined)[] = Array.from({ length: 0x1100 });

/**
 * Where the piece that begins at `start` ends, in UTF-16 units.
 * `text` must be well formed (`String.prototype.toWellFormed`), `start` < `text.length` and on a piece's first unit.
 */
export function pretokenEnd(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === 39) {
    const end = contractionEnd(text, start);
    if (end > 0) return end;
  }
  let position = start;
  let kind = classOf(text, start);
  if (kind === space) {
    const end = spaceEnd(text, start + 1);
    if (end === text.length) return end;
    if (end - start > 1) return end - 1;
    if (first !== 32) return end;
    position = end;
    kind = classOf(text, position);
  }
  do position += text.charCodeAt(position) >= 0xd800 && isPair(text, position) ? 2 : 1;
  while (position < text.length && classOf(text, position) === kind);
  return position;
}

function contractionEnd(text: string, start: number): number {
  const a = text.charCodeAt(start + 1);
  if (a === 115 || a === 116 || a === 109 || a === 100) return start + 2; // 's 't 'm 'd
  const b = text.charCodeAt(start + 2);
  if ((a === 114 && b === 101) || (a === 118 && b === 101) || (a === 108 && b === 108)) return start + 3; // 're 've 'll
  return 0;
}

function spaceEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length && classOf(text, end) === space) end++;
  return end;
}

function isPair(text: string, position: number): boolean {
  const unit = text.charCodeAt(position);
  return unit < 0xdc00 && position + 1 < text.length;
}

function classOf(text: string, position: number): number {
  let point = text.charCodeAt(position);
  if (point >= 0xd800 && point < 0xdc00) point = text.codePointAt(position)!;
  const page = pages[point >>> 8] ?? fillPage(point >>> 8);
  return page[point & 255]!;
}

function fillPage(index: number): Uint8Array {
  const page = new Uint8Array(256);
  for (let i = 0; i < 256; i++) {
    const char = String.fromCodePoint(index * 256 + i);
    page[i] = /\p{L}/u.test(char) ? letter : /\p{N}/u.test(char) ? digit : /\s/u.test(char) ? space : other;
  }
  pages[index] = page;
  return page;
}
