/**
 * Remembers how words were encoded. A few thousand words make up most of any text, so encoding is mostly looking up;
 * keys are compared in place in the text, without making a string for each word.
 */

const slotCount = 1 << 19;
const entryLimit = 1 << 18;
const unitLimit = 1 << 22;

/** Words longer than this are rarely met twice. */
export const longestCachedWord = 48;

/** From word to token ids, bounded to about 40 MB; when full it forgets everything and starts again. */
export class WordCache {
  readonly #slots = new Int32Array(slotCount).fill(-1);
  /** Four numbers an entry: first unit in #units, length, first id in #ids, number of ids. */
  readonly #entries = new Int32Array(entryLimit * 4);
  readonly #units = new Uint16Array(unitLimit);
  readonly #ids = new Int32Array(unitLimit);
  #entryCount = 0;
  #unitCount = 0;
  #idCount = 0;
  /** The slot where the last `find` ended, for `add`. */
  #slot = 0;

  /** Appends the ids of `text[start..end)` to `into` at `at` and returns the new end, or −1 when the word is not known. */
  find(text: string, start: number, end: number, into: Int32Array, at: number): number {
    let hash = 0x811c9dc5;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    hash ^= hash >>> 15;
    const length = end - start;
    let slot = hash & (slotCount - 1);
    for (let entry; (entry = this.#slots[slot]!) >= 0; slot = (slot + 1) & (slotCount - 1)) {
      const at4 = entry * 4;
      if (this.#entries[at4 + 1] !== length || !this.#matches(text, start, this.#entries[at4]!, length))
        continue;
      let from = this.#entries[at4 + 2]!;
      for (const stop = from + this.#entries[at4 + 3]!; from < stop; from++, at++)
        into[at] = this.#ids[from]!;
      return at;
    }
    this.#slot = slot;
    return -1;
  }

  /** Remembers `ids[from..to)` for the word that the last `find` missed. */
  add(text: string, start: number, end: number, ids: Int32Array, from: number, to: number): void {
    if (
      this.#entryCount === entryLimit ||
      this.#unitCount + end - start > unitLimit ||
      this.#idCount + to - from > unitLimit
    ) {
      this.#slots.fill(-1);
      this.#entryCount = this.#unitCount = this.#idCount = 0;
      return;
    }
    this.#entries.set([this.#unitCount, end - start, this.#idCount, to - from], this.#entryCount * 4);
    for (let i = start; i < end; i++) this.#units[this.#unitCount++] = text.charCodeAt(i);
    for (let i = from; i < to; i++) this.#ids[this.#idCount++] = ids[i]!;
    this.#slots[this.#slot] = this.#entryCount++;
  }

  #matches(text: string, start: number, first: number, length: number): boolean {
    for (let i = 0; i < length; i++) {
      if (this.#units[first + i] !== text.charCodeAt(start + i)) return false;
    }
    return true;
  }
}
