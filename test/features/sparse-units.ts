/** Small random sparse activations, and the same as a dense table for plain loops. */

import { sharedFloats } from "../../src/engine/tensor.ts";
import type { SampledRows } from "../../src/features/relations/activation-sample.ts";
import { Random } from "../../src/random.ts";

/** f[row][unit], zeros included. */
export type Dense = readonly (readonly number[])[];

export function randomDense(rows: number, units: number, density: number, seed: number): number[][] {
  const random = Random.of(seed, "activations");
  return Array.from({ length: rows }, () =>
    Array.from({ length: units }, () =>
      random.uniform() < density ? Math.fround(0.1 + Math.abs(random.normal())) : 0,
    ),
  );
}

export function sparse(dense: Dense, units: number, tokens?: Int32Array, context = 1): SampledRows {
  const entries = dense.map((row) =>
    row.map((value, index) => ({ value, index })).filter(({ value }) => value > 0),
  );
  const flat = entries.flat();
  const rowOffsets = new Uint32Array(new SharedArrayBuffer(4 * (dense.length + 1)));
  entries.forEach((row, i) => (rowOffsets[i + 1] = rowOffsets[i]! + row.length));
  const indices = new Uint32Array(new SharedArrayBuffer(4 * flat.length));
  const values = sharedFloats(flat.length);
  flat.forEach(({ index, value }, e) => {
    indices[e] = index;
    values[e] = value;
  });
  return {
    units,
    context,
    numbers: Int32Array.from({ length: dense.length / context }, (_, i) => i),
    tokens: tokens ?? new Int32Array(dense.length),
    rowOffsets,
    indices,
    values,
  };
}
