/**
 * Samples of each unit's active tokens by level of activation, from which examples of equal intervals of (0, max] are taken once the
 * maximum is known.
 *
 * The histogram's range is divided in BANDS bands of equal width, of which 13 or more are in use, and a unit's slots are divided equally
 * among those. Each band keeps the tokens whose keys (window-keys.ts) are smallest, of equal windows one, and of one context one: a
 * uniform sample of its distinct windows. When the range doubles, two bands become one that keeps the smallest keys of both, as the
 * wider band would have; what room it has beyond the size of the two is filled by later tokens. Growing within the range only takes
 * the largest keys away.
 */

import type { ReadTensors } from "../../files/checkpoints.ts";
import type { WritableTensor } from "../../files/safetensors-write.ts";
import { BINS } from "./adaptive-histogram.ts";
import { bitsOf, setBits } from "../pass/bits.ts";
import type { SnippetArena } from "./snippet-arena.ts";

export const BANDS = 24;
/** Bins of the histogram in one band. */
export const BINS_A_BAND = BINS / BANDS;

const ANY_KEY = 0xffffffff;

export class IntervalSamples {
  /** Slots of one unit. */
  readonly perUnit: number;
  /** Address of each slot's record in the arena; 0 is an empty slot. A band's slots are filled from its first one on. */
  readonly records: Uint32Array;
  readonly keys: Uint32Array;
  /** The largest key that could still enter a band [units, BANDS]. */
  readonly limits: Uint32Array;
  /** Bands in use of each unit. */
  readonly #inUse: Uint8Array;
  readonly #arena: SnippetArena;
  readonly #firstOwner: number;
  // A unit's records while they are put into other bands.
  readonly #movedRecords: Uint32Array;
  readonly #movedKeys: Uint32Array;
  readonly #movedBands: Uint8Array;

  /** @param firstOwner the owner of the first slot's record, as the arena knows it; the others follow */
  constructor(units: number, perUnit: number, arena: SnippetArena, firstOwner: number) {
    this.perUnit = perUnit;
    this.records = new Uint32Array(units * perUnit);
    this.keys = new Uint32Array(units * perUnit);
    this.limits = new Uint32Array(units * BANDS).fill(ANY_KEY);
    // Any size does for a unit that has no records; this one is right for the narrowest bands.
    this.#inUse = new Uint8Array(units).fill(BANDS);
    this.#arena = arena;
    this.#firstOwner = firstOwner;
    this.#movedRecords = new Uint32Array(perUnit);
    this.#movedKeys = new Uint32Array(perUnit);
    this.#movedBands = new Uint8Array(perUnit);
  }

  /** Makes place for the bands up to that of the maximum, after the range has doubled some times. Call it before `claim`. */
  arrange(unit: number, doublings: number, inUse: number): void {
    if (doublings === 0 && inUse === this.#inUse[unit]!) return;
    const before = this.#perBand(unit);
    const held = this.#inUse[unit]!;
    this.#inUse[unit] = inUse;
    if (doublings === 0 && this.#perBand(unit) === before) return;
    const count = this.#takeAll(unit, before, held, 2 ** doublings);
    this.#fill(unit, count);
  }

  /**
   * Finds the slot for a token with `key` in the context `place`, frees what it replaces and enters the key. The caller puts its record
   * there, with `owner(slot)`.
   * @returns −1 when it has no place
   */
  claim(unit: number, band: number, key: number, place: number): number {
    const perBand = this.#perBand(unit);
    const first = unit * this.perUnit + band * perBand;
    const slot = this.#slotFor(first, first + perBand, key, place);
    if (slot < 0) return -1;
    if (this.records[slot] !== 0) this.#arena.release(this.records[slot]!);
    this.keys[slot] = key;
    this.limits[unit * BANDS + band] = this.#limit(first, first + perBand, slot);
    return slot;
  }

  /** Puts a record that exists into a band if it has a place there, and frees it otherwise. */
  adopt(unit: number, band: number, key: number, record: number): void {
    const slot = this.claim(unit, band, key, this.#arena.place(record));
    if (slot < 0) return this.#arena.release(record);
    this.records[slot] = record;
    this.#arena.own(record, this.owner(slot));
  }

  owner(slot: number): number {
    return this.#firstOwner + slot;
  }

  save(): Record<string, WritableTensor> {
    return {
      "samples.records": bitsOf(this.records),
      "samples.keys": bitsOf(this.keys),
      "samples.limits": bitsOf(this.limits),
      "samples.bands": { dims: [this.#inUse.length], data: Int32Array.from(this.#inUse) },
    };
  }

  restore(tensors: ReadTensors): void {
    setBits(this.records, tensors["samples.records"]);
    setBits(this.keys, tensors["samples.keys"]);
    setBits(this.limits, tensors["samples.limits"]);
    this.#inUse.set(tensors["samples.bands"]!.data);
  }

  #perBand(unit: number): number {
    return Math.floor(this.perUnit / this.#inUse[unit]!);
  }

  /** Empties a unit's bands. @returns how many records it had; each is noted with the band that it goes to */
  #takeAll(unit: number, perBand: number, bands: number, merging: number): number {
    const { records, keys } = this;
    const first = unit * this.perUnit;
    let count = 0;
    for (let i = 0; i < bands * perBand; i++) {
      if (records[first + i] === 0) continue;
      this.#movedRecords[count] = records[first + i]!;
      this.#movedKeys[count] = keys[first + i]!;
      this.#movedBands[count++] = Math.floor(Math.floor(i / perBand) / merging);
    }
    records.fill(0, first, first + this.perUnit);
    this.limits.fill(ANY_KEY, unit * BANDS, (unit + 1) * BANDS);
    return count;
  }

  /** Puts the noted records into their bands, smallest keys first, and frees those that find no place. */
  #fill(unit: number, count: number): void {
    for (let done = 0; done < count; done++) {
      let next = done;
      for (let i = done + 1; i < count; i++) {
        if (this.#movedKeys[i]! < this.#movedKeys[next]!) next = i;
      }
      const record = this.#movedRecords[next]!;
      const key = this.#movedKeys[next]!;
      const band = this.#movedBands[next]!;
      this.#movedRecords[next] = this.#movedRecords[done]!;
      this.#movedKeys[next] = this.#movedKeys[done]!;
      this.#movedBands[next] = this.#movedBands[done]!;
      this.adopt(unit, band, key, record);
    }
  }

  #slotFor(first: number, end: number, key: number, place: number): number {
    const { records, keys } = this;
    let free = -1;
    let sameContext = -1;
    let largest = first;
    for (let slot = first; slot < end; slot++) {
      const record = records[slot]!;
      if (record === 0) {
        free = slot;
        break;
      }
      if (keys[slot] === key) return -1;
      if (this.#arena.place(record) === place) sameContext = slot;
      if (keys[slot]! > keys[largest]!) largest = slot;
    }
    if (sameContext >= 0) return key < keys[sameContext]! ? sameContext : -1;
    if (free >= 0) return free;
    return key < keys[largest]! ? largest : -1;
  }

  /** The largest key of a full band, counting `entered` as taken. */
  #limit(first: number, end: number, entered: number): number {
    let largest = 0;
    for (let slot = first; slot < end; slot++) {
      if (slot !== entered && this.records[slot] === 0) return ANY_KEY;
      if (this.keys[slot]! > largest) largest = this.keys[slot]!;
    }
    return largest;
  }
}
