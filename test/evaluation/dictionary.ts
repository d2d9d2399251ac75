/** Dictionaries whose behaviour is known in advance, for the tests of the evaluation. */

import type { EvaluatedSae } from "../../src/evaluation/subject.ts";
import type { ForwardResult } from "../../src/sae/forward.ts";
import { Random } from "../../src/random.ts";

interface TestedSae extends EvaluatedSae {
  reconstruct(x: Float32Array, into?: Float32Array): Promise<ForwardResult>;
  dense(x: Float32Array): number[][];
}

/** f = relu(x W_encᵀ + b_enc), x̂ = f W_dec, with W_enc and W_dec as [d_sae, d_in]. */
export function dictionary(
  name: string,
  dIn: number,
  W_enc: Float32Array,
  W_dec: Float32Array,
  bEnc = 0,
): TestedSae {
  const dSae = W_enc.length / dIn;
  const dense = (x: Float32Array) =>
    Array.from({ length: x.length / dIn }, (_, row) =>
      Array.from({ length: dSae }, (_, i) => {
        let sum = bEnc;
        for (let d = 0; d < dIn; d++) sum += x[row * dIn + d]! * W_enc[i * dIn + d]!;
        return Math.max(0, sum);
      }),
    );
  const reconstruct = async (x: Float32Array, into?: Float32Array): Promise<ForwardResult> => {
    const reconstruction = (into ?? new Float32Array(x.length)).fill(0);
    const rowOffsets = [0];
    const indices: number[] = [];
    const values: number[] = [];
    dense(x).forEach((f, row) => {
      f.forEach((value, i) => {
        if (value === 0) return;
        indices.push(i);
        values.push(value);
        for (let d = 0; d < dIn; d++) reconstruction[row * dIn + d]! += value * W_dec[i * dIn + d]!;
      });
      rowOffsets.push(indices.length);
    });
    return {
      reconstruction,
      rowOffsets: Uint32Array.from(rowOffsets),
      indices: Uint32Array.from(indices),
      values: Float32Array.from(values),
    };
  };
  return { name, sae: { d_in: dIn, d_sae: dSae, W_enc, W_dec }, reconstruct, dense };
}

/** Features ±e_d: x = relu(x) − relu(−x), so the reconstruction is exact. */
export function perfectDictionary(dIn: number) {
  const W = new Float32Array(2 * dIn * dIn);
  for (let d = 0; d < dIn; d++) {
    W[d * dIn + d] = 1;
    W[(dIn + d) * dIn + d] = -1;
  }
  return dictionary("perfect", dIn, W, W);
}

/** Never fires; reconstructs zero. */
export function silentDictionary(dIn: number, dSae: number) {
  const W = new Float32Array(dSae * dIn).fill(0.01);
  return dictionary("silent", dIn, W, W, -1e6);
}

export function randomDictionary(seed: number, dIn: number, dSae: number, bias = -1) {
  const random = Random.of(seed, "dictionary");
  const matrix = () => Float32Array.from({ length: dSae * dIn }, () => random.normal() / Math.sqrt(dIn));
  return dictionary(`random ${seed}`, dIn, matrix(), matrix(), bias);
}
