/**
 * A few tokens chosen at random from all that are read, the same for every unit, with every unit's activations around them: what a unit
 * does on ordinary text, which is mostly nothing.
 */

import type { ReadTensors } from "../../files/checkpoints.ts";
import type { WritableTensor } from "../../files/safetensors-write.ts";
import { firstAtLeast } from "../first-at-least.ts";
import type { TallyBatch } from "../pass/batch.ts";
import { bitsOf } from "../pass/bits.ts";
import type { TokenPlace } from "../pass/contexts-to-read.ts";
import type { Example } from "../records.ts";

/** Active units of one context, by unit and then by position. */
interface Activations {
  readonly document: number;
  readonly units: Uint32Array;
  readonly positions: Uint32Array;
  readonly values: Float32Array;
}

export class RandomContexts {
  readonly places: readonly TokenPlace[];
  readonly #set: number;
  readonly #seen: (Activations | undefined)[];

  /** @param set which set of a batch's activations */
  constructor(places: readonly TokenPlace[], set: number) {
    this.places = places;
    this.#set = set;
    this.#seen = places.map(() => undefined);
  }

  add(batch: TallyBatch): void {
    for (const [p, { split, context, position }] of this.places.entries()) {
      if (split !== batch.split || batch.activations[this.#set] === undefined) continue;
      const i = batch.contexts.indexOf(context);
      if (i >= 0) this.#seen[p] = gather(batch, this.#set, i, position);
    }
  }

  /** In the order of the places that have been read. */
  examples(unit: number): Example[] {
    return this.places.flatMap(({ split, context, position }, p) => {
      const seen = this.#seen[p];
      if (seen === undefined) return [];
      const from = firstAtLeast(seen.units, unit);
      const to = firstAtLeast(seen.units, unit + 1);
      const positions = Array.from(seen.positions.subarray(from, to));
      const values = Array.from(seen.values.subarray(from, to));
      const value = values[positions.indexOf(position)] ?? 0;
      return {
        split,
        context,
        position,
        group: "random",
        interval: null,
        document: seen.document,
        value,
        positions,
        values,
      };
    });
  }

  save(): Record<string, WritableTensor> {
    const tensors: Record<string, WritableTensor> = {};
    for (const [p, seen] of this.#seen.entries()) {
      if (seen === undefined) continue;
      tensors[`random.${p}.document`] = { dims: [1], data: Int32Array.of(seen.document) };
      tensors[`random.${p}.units`] = bitsOf(seen.units);
      tensors[`random.${p}.positions`] = bitsOf(seen.positions);
      tensors[`random.${p}.values`] = bitsOf(seen.values);
    }
    return tensors;
  }

  restore(tensors: ReadTensors): void {
    for (const p of this.places.keys()) {
      const tensor = (name: string) => tensors[`random.${p}.${name}`]?.data as Int32Array | undefined;
      const document = tensor("document");
      this.#seen[p] = document && {
        document: document[0]!,
        units: new Uint32Array(tensor("units")!.buffer),
        positions: new Uint32Array(tensor("positions")!.buffer),
        values: new Float32Array(tensor("values")!.buffer),
      };
    }
  }
}

function gather(
  { context, documents, activations }: TallyBatch,
  set: number,
  i: number,
  position: number,
): Activations {
  const { rowOffsets, indices, values } = activations[set]!;
  const entries: { unit: number; position: number; value: number }[] = [];
  for (let at = 0; at < context; at++) {
    const row = i * context + at;
    for (let entry = rowOffsets[row]!; entry < rowOffsets[row + 1]!; entry++) {
      if (values[entry]! > 0) entries.push({ unit: indices[entry]!, position: at, value: values[entry]! });
    }
  }
  entries.sort((a, b) => a.unit - b.unit || a.position - b.position);
  return {
    document: documents[i * context + position]!,
    units: Uint32Array.from(entries, ({ unit }) => unit),
    positions: Uint32Array.from(entries, (entry) => entry.position),
    values: Float32Array.from(entries, ({ value }) => value),
  };
}
