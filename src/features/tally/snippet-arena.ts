/**
 * Storage for examples: millions of small records of different lengths in a few large blocks, since as many JavaScript objects
 * would take ten times the memory.
 *
 *     word 0   owner: the slot that refers to the record, or FREE
 *          1   place: context number, plus 2³¹ for the train split, so that places ascend in the order of reading
 *          2   document      3   token      4   position | count << 16
 *          …   count values (float32), then count positions (uint16)
 *
 * Records are appended, and freed ones stay until `compact` slides the others together in place; owners are told where theirs went.
 * A record never crosses the end of a block. Its address is block · blockWords + word, and 0 is none.
 */

import type { ReadTensors } from "../../files/checkpoints.ts";
import type { WritableTensor } from "../../files/safetensors-write.ts";
import type { ContextPlace } from "../records.ts";

const HEAD = 5;
const FREE = 0xffffffff;
const TRAIN = 2 ** 31;

/** Longest context that a record can describe. */
export const LONGEST_CONTEXT = 0xffff;

/** Share of the words in use that may be garbage. */
const TOLERATED = 1 / 3;

/** All activations of one unit in one context: entries [from, to) of `rows` and `values`, rows counted from `firstRow`. */
export interface Segment {
  rows: Uint32Array;
  values: Float32Array;
  from: number;
  to: number;
  firstRow: number;
  place: number;
}

export interface Snippet {
  readonly place: number;
  readonly document: number;
  readonly token: number;
  readonly position: number;
  readonly value: number;
  readonly positions: number[];
  readonly values: number[];
}

interface Block {
  readonly words: Uint32Array;
  readonly floats: Float32Array;
  readonly halves: Uint16Array;
  used: number;
}

export class SnippetArena {
  readonly #blockWords: number;
  #blocks: Block[] = [];
  #freed = 0;

  /** @param blockWords length of a block, enough for the longest record: 1.5 words a token and five */
  constructor(blockWords = 2 ** 22) {
    this.#blockWords = blockWords;
  }

  /** Bytes that are allocated. */
  get bytes(): number {
    return 4 * this.#blockWords * this.#blocks.length;
  }

  /** Whether `compact` would be worth its time. */
  get wasteful(): boolean {
    const used = this.#blocks.reduce((sum, block) => sum + block.used, 0);
    return this.#freed > TOLERATED * used;
  }

  /** Copies a segment. `position` is that of the token for which it is an example. @returns the record's address */
  append(owner: number, segment: Segment, position: number, document: number, token: number): number {
    const { rows, values, from, to, firstRow, place } = segment;
    const count = to - from;
    const { block, at, address } = this.#take(HEAD + count + ((count + 1) >>> 1));
    const { words, floats, halves } = block;
    words[at] = owner;
    words[at + 1] = place;
    words[at + 2] = document;
    words[at + 3] = token;
    words[at + 4] = position | (count << 16);
    const valuesAt = at + HEAD - from;
    const positionsAt = 2 * (at + HEAD + count) - from;
    for (let entry = from; entry < to; entry++) {
      floats[valuesAt + entry] = values[entry]!;
      halves[positionsAt + entry] = rows[entry]! - firstRow;
    }
    // Blocks are used again: an odd end must not keep what stood there, since equal states are to be equal bytes.
    if (count % 2 === 1) halves[positionsAt + to] = 0;
    return address;
  }

  /** Gives a record to another slot. */
  own(address: number, owner: number): void {
    this.#block(address).words[address % this.#blockWords] = owner;
  }

  release(address: number): void {
    const { words } = this.#block(address);
    const at = address % this.#blockWords;
    words[at] = FREE;
    this.#freed += sizeAt(words, at);
  }

  place(address: number): number {
    return this.#block(address).words[(address % this.#blockWords) + 1]!;
  }

  position(address: number): number {
    return this.#block(address).words[(address % this.#blockWords) + 4]! & 0xffff;
  }

  token(address: number): number {
    return this.#block(address).words[(address % this.#blockWords) + 3]!;
  }

  /** f at the record's position. */
  value(address: number): number {
    const { words, floats, halves } = this.#block(address);
    const at = address % this.#blockWords;
    const position = words[at + 4]! & 0xffff;
    const count = words[at + 4]! >>> 16;
    const positionsAt = 2 * (at + HEAD + count);
    let i = 0;
    while (halves[positionsAt + i] !== position) i++;
    return floats[at + HEAD + i]!;
  }

  read(address: number): Snippet {
    const { words, floats, halves } = this.#block(address);
    const at = address % this.#blockWords;
    const count = words[at + 4]! >>> 16;
    const positionsAt = 2 * (at + HEAD + count);
    return {
      place: words[at + 1]!,
      document: words[at + 2]!,
      token: words[at + 3]!,
      position: words[at + 4]! & 0xffff,
      value: this.value(address),
      positions: Array.from(halves.subarray(positionsAt, positionsAt + count)),
      values: Array.from(floats.subarray(at + HEAD, at + HEAD + count)),
    };
  }

  /** Closes the gaps of freed records; `moved` hears of every record that stays. Order is kept. */
  compact(moved: (owner: number, address: number) => void): void {
    const blocks = this.#blocks;
    const sizes = blocks.map(({ used }) => used);
    for (const [b, block] of blocks.entries()) block.used = b === 0 ? 1 : 0;
    let target = 0;
    for (const [b, { words }] of blocks.entries()) {
      for (let at = b === 0 ? 1 : 0; at < sizes[b]!;) {
        const size = sizeAt(words, at);
        const owner = words[at]!;
        if (owner !== FREE) {
          // What stays never gets ahead of where it was: it is a part of the same records, packed by the same rule.
          if (blocks[target]!.used + size > this.#blockWords) target++;
          const into = blocks[target]!;
          if (into.words !== words || into.used !== at)
            into.words.set(words.subarray(at, at + size), into.used);
          moved(owner, target * this.#blockWords + into.used);
          into.used += size;
        }
        at += size;
      }
    }
    this.#blocks = blocks.slice(0, target + 1);
    this.#freed = 0;
  }

  /** Its tensors, after `compact`: views, not copies. */
  save(): Record<string, WritableTensor> {
    if (this.#freed > 0) throw new Error("an arena is compacted before it is saved");
    return Object.fromEntries(
      this.#blocks.map(({ words, used }, b) => [
        `arena.${b}`,
        { dims: [used], data: new Int32Array(words.buffer, 0, used) },
      ]),
    );
  }

  restore(tensors: ReadTensors): void {
    this.#blocks = [];
    this.#freed = 0;
    for (let b = 0; tensors[`arena.${b}`] !== undefined; b++) {
      const { data } = tensors[`arena.${b}`]!;
      const block = this.#open();
      block.words.set(data);
      block.used = data.length;
    }
  }

  #block(address: number): Block {
    return this.#blocks[Math.floor(address / this.#blockWords)]!;
  }

  #take(size: number): { block: Block; at: number; address: number } {
    let block = this.#blocks.at(-1) ?? this.#open();
    if (block.used + size > this.#blockWords) block = this.#open();
    const at = block.used;
    block.used += size;
    return { block, at, address: (this.#blocks.length - 1) * this.#blockWords + at };
  }

  #open(): Block {
    const buffer = new ArrayBuffer(4 * this.#blockWords);
    const block: Block = {
      words: new Uint32Array(buffer),
      floats: new Float32Array(buffer),
      halves: new Uint16Array(buffer),
      used: this.#blocks.length === 0 ? 1 : 0,
    };
    this.#blocks.push(block);
    return block;
  }
}

function sizeAt(words: Uint32Array, at: number): number {
  const count = words[at + 4]! >>> 16;
  return HEAD + count + ((count + 1) >>> 1);
}

export function placeOf({ split, context }: ContextPlace): number {
  return split === "train" ? context + TRAIN : context;
}

export function contextAt(place: number): ContextPlace {
  return place >= TRAIN ? { split: "train", context: place - TRAIN } : { split: "heldout", context: place };
}
