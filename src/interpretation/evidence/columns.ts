/**
 * f of chosen units on everything that is read, unit by unit: what a pass brings token by token, turned on its side.
 *
 * Memory is eight bytes an activation. Rows come in ascending order, so nothing has to be sorted: each unit appends to blocks of its own,
 * which are put together when all is read.
 */

import { Failure } from "../../errors.ts";
import type { ReadTensors } from "../../files/checkpoints.ts";
import type { Collector, SavedCollector, TallyBatch } from "../../features/pass/batch.ts";
import { bitsOf, setBits } from "../../features/pass/bits.ts";
import { type Column, joined } from "./passage.ts";

export interface ColumnsOptions {
  /** Its files in a checkpoint. */
  readonly name: string;
  /** Which set of a batch's activations is theirs, and how many units it has. */
  readonly set: number;
  readonly units: number;
  /** Numbers of the units that are kept, in any order, each once. */
  readonly chosen: readonly number[];
}

export class ColumnsCollector implements Collector {
  readonly name: string;
  readonly #set: number;
  readonly #chosen: readonly number[];
  /** Of each unit, its place among the chosen ones, or −1. */
  readonly #place: Int32Array;
  readonly #growing: GrowingColumn[];
  /** Tokens on which the set was read. */
  #rows = 0;

  constructor({ name, set, units, chosen }: ColumnsOptions) {
    this.name = name;
    this.#set = set;
    this.#chosen = chosen;
    this.#place = new Int32Array(units).fill(-1);
    for (const [place, unit] of chosen.entries()) {
      if (this.#place[unit] !== -1) throw new Error(`unit ${unit} of ${units} is not there or chosen twice`);
      this.#place[unit] = place;
    }
    this.#growing = chosen.map(() => new GrowingColumn());
  }

  add({ tokens, activations }: TallyBatch): void {
    const active = activations[this.#set];
    if (active === undefined) return;
    const { rowOffsets, indices, values } = active;
    for (let row = 0; row < tokens.length; row++) {
      const end = rowOffsets[row + 1]!;
      for (let e = rowOffsets[row]!; e < end; e++) {
        const place = this.#place[indices[e]!]!;
        if (place >= 0) this.#growing[place]!.push(this.#rows + row, values[e]!);
      }
    }
    this.#rows += tokens.length;
  }

  /** One for each chosen unit, in their order. A row is a token's place among all on which the set was read. */
  columns(): Column[] {
    return this.#growing.map((column) => column.whole());
  }

  save(): SavedCollector {
    const columns = this.columns();
    const counts = Uint32Array.from(columns, ({ rows }) => rows.length);
    const { rows, values } = joined(columns);
    return {
      tensors: {
        counts: bitsOf(counts),
        rows: bitsOf(rows),
        values: { dims: [values.length], data: values },
      },
      state: { chosen: this.#chosen, rows: this.#rows },
    };
  }

  restore({ tensors, state }: { readonly tensors: ReadTensors; readonly state: unknown }): void {
    const saved = state as { readonly chosen: readonly number[]; readonly rows: number };
    if (JSON.stringify(saved.chosen) !== JSON.stringify(this.#chosen)) {
      throw new Failure("the checkpoint is of other units: delete it to begin anew");
    }
    const counts = new Uint32Array(this.#chosen.length);
    setBits(counts, tensors["counts"]);
    const values = tensors["values"]!.data;
    const rows = new Uint32Array(values.length);
    setBits(rows, tensors["rows"]);
    let at = 0;
    for (const [place, count] of counts.entries()) {
      const column = {
        rows: rows.slice(at, at + count),
        values: Float32Array.from(values.subarray(at, at + count)),
      };
      this.#growing[place] = new GrowingColumn(column);
      at += count;
    }
    this.#rows = saved.rows;
  }
}

/** Entries of the first block of a unit, and of the largest: what is left empty of it is all that is wasted. */
const FIRST_BLOCK = 16;
const LARGEST_BLOCK = 4096;

/** A column that is appended to. Full blocks are never copied until the whole is asked for. */
class GrowingColumn {
  #full: Column[] = [];
  #rows = new Uint32Array(0);
  #values = new Float32Array(0);
  /** Entries in the block at hand. */
  #count = 0;

  constructor(start?: Column) {
    if (start !== undefined && start.rows.length > 0) this.#full.push(start);
  }

  push(row: number, value: number): void {
    if (this.#count === this.#rows.length) this.#grow();
    this.#rows[this.#count] = row;
    this.#values[this.#count++] = value;
  }

  #grow(): void {
    if (this.#count > 0) this.#full.push({ rows: this.#rows, values: this.#values });
    const size = Math.min(LARGEST_BLOCK, Math.max(FIRST_BLOCK, 2 * this.#rows.length));
    this.#rows = new Uint32Array(size);
    this.#values = new Float32Array(size);
    this.#count = 0;
  }

  /** All of it in one piece, which takes the blocks' place. */
  whole(): Column {
    const last = { rows: this.#rows.subarray(0, this.#count), values: this.#values.subarray(0, this.#count) };
    const parts = [...this.#full, last];
    if (this.#count === 0 && this.#full.length === 1) return this.#full[0]!;
    const column = joined(parts);
    this.#full = column.rows.length > 0 ? [column] : [];
    this.#rows = new Uint32Array(0);
    this.#values = new Float32Array(0);
    this.#count = 0;
    return column;
  }
}
