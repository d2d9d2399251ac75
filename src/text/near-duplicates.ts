/**
 * Recognises documents that repeat others: the share of a document's lines that an earlier document already had.
 * Lines are trimmed and short ones ignored, since braces and blank lines are common to all code.
 */

const shortestLine = 24;

export class LineMemory {
  readonly #seen = new Set<number>();

  /**
   * The share, by characters, of `text`'s lines that were in a text given before; its lines are then remembered.
   * 0 for a text without any line long enough to tell.
   */
  repeated(text: string): number {
    const fresh: number[] = [];
    let known = 0;
    let all = 0;
    for (let start = 0; start < text.length;) {
      let end = text.indexOf("\n", start);
      if (end < 0) end = text.length;
      const line = text.slice(start, end).trim();
      start = end + 1;
      if (line.length < shortestLine) continue;
      const key = lineHash(line);
      all += line.length;
      if (this.#seen.has(key)) known += line.length;
      else fresh.push(key);
    }
    for (const key of fresh) this.#seen.add(key);
    return all === 0 ? 0 : known / all;
  }
}

/** A 52-bit hash of `line`, two FNV-like rounds side by side: few enough collisions for millions of lines. */
function lineHash(line: string): number {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let i = 0; i < line.length; i++) {
    const unit = line.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x5bd1e995) + 0x7f4a7c15;
  }
  return (a >>> 0) * 1048576 + (b >>> 12);
}
