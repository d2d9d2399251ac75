/**
 * A batch on which a dictionary fires as a trained one does: each row is a sum of a few decoder rows, drawn with a
 * frequency that falls as 1/rank, plus noise. A sparse step's time depends on how many features fire and how unevenly.
 */

import { sharedFloats } from "../src/engine/tensor.ts";
import { Random } from "../src/random.ts";

const FEATURES_PER_ROW = 24;
const NOISE = 0.02;

/** Rows [rows, d_in] on shared memory, made of the unit rows that `decoderRow` gives. */
export function sparseBatch(
  rows: number,
  d_in: number,
  d_sae: number,
  decoderRow: (feature: number) => Float32Array,
  seed: number,
): Float32Array {
  const random = Random.of(seed, "sparse batch");
  const x = sharedFloats(rows * d_in);
  for (let row = 0; row < rows; row++) {
    const values = x.subarray(row * d_in, (row + 1) * d_in);
    for (let k = 0; k < d_in; k++) values[k] = NOISE * random.normal();
    for (let n = 0; n < FEATURES_PER_ROW; n++) {
      // rank = d_sae^u has density 1/rank.
      const feature = Math.floor(d_sae ** random.uniform()) - 1;
      const direction = decoderRow(feature);
      const strength = 0.5 - Math.log(1 - random.uniform());
      for (let k = 0; k < d_in; k++) values[k]! += strength * direction[k]!;
    }
  }
  return x;
}

/** The encoder bias, the same for all features, with which `l0` of them fire on a row, from the first `sample` rows. */
export function biasForL0(
  l0: number,
  x: Float32Array,
  d_in: number,
  d_sae: number,
  encoderRow: (feature: number) => Float32Array,
  sample = 64,
): number {
  const products = new Float32Array(sample * d_sae);
  for (let feature = 0; feature < d_sae; feature++) {
    const direction = encoderRow(feature);
    for (let row = 0; row < sample; row++) {
      let sum = 0;
      for (let k = 0; k < d_in; k++) sum += x[row * d_in + k]! * direction[k]!;
      products[row * d_sae + feature] = sum;
    }
  }
  products.sort();
  return -products[products.length - Math.round(l0 * sample)]!;
}
