/** Encoding and decoding in plain loops, architecture by architecture as SAELens defines them. */

import type { Sae } from "../../src/sae/dictionary.ts";
import { Random } from "../../src/random.ts";

export interface PlainForward {
  /** [n, d_sae], zeros included. */
  readonly f: number[][];
  readonly reconstruction: number[][];
}

export function plainForward(sae: Sae, x: Float32Array): PlainForward {
  const { d_in, d_sae, W_enc, W_dec, b_enc, b_dec } = sae;
  const result: PlainForward = { f: [], reconstruction: [] };
  for (let row = 0; row * d_in < x.length; row++) {
    let input = [...x.subarray(row * d_in, (row + 1) * d_in)];
    let [mean, deviation] = [0, 1];
    if (sae.normalize_activations === "layer_norm") {
      mean = input.reduce((sum, value) => sum + value, 0) / d_in;
      deviation = Math.sqrt(input.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (d_in - 1));
      input = input.map((value) => (value - mean) / (deviation + 1e-5));
    }
    const centred = input.map((value, k) => value - (sae.apply_b_dec_to_input ? b_dec[k]! : 0));
    const z = Array.from({ length: d_sae }, (_, i) =>
      centred.reduce((sum, value, k) => sum + value * W_enc[i * d_in + k]!, 0),
    );
    let f = z.map((value, i) => Math.max(0, value + b_enc[i]!));
    if (sae.architecture === "jumprelu")
      f = f.map((value, i) => (z[i]! + b_enc[i]! > sae.threshold![i]! ? value : 0));
    if (sae.architecture === "gated") {
      f = z.map((value, i) =>
        value + sae.b_gate![i]! > 0 ? Math.max(0, value * Math.exp(sae.r_mag![i]!) + b_enc[i]!) : 0,
      );
    }
    if (sae.architecture === "topk") {
      const least = f.toSorted((a, b) => b - a)[sae.k! - 1]!;
      f = f.map((value) => (value >= least ? value : 0));
    }
    result.f.push(f);
    result.reconstruction.push(
      Array.from({ length: d_in }, (_, k) => {
        const decoded = f.reduce((sum, value, i) => sum + value * W_dec[i * d_in + k]!, b_dec[k]!);
        return decoded * deviation + mean;
      }),
    );
  }
  return result;
}

/** By how much the reconstruction of each row is stretched. */
export function plainScales({ d_in, normalize_activations }: Sae, x: Float32Array): number[] {
  return Array.from({ length: x.length / d_in }, (_, row) => {
    const values = [...x.subarray(row * d_in, (row + 1) * d_in)];
    const mean = values.reduce((sum, value) => sum + value, 0) / d_in;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return normalize_activations === "layer_norm" ? Math.sqrt(squares / (d_in - 1)) : 1;
  });
}

/** A random dictionary of the architecture. */
export function randomSae(
  architecture: Sae["architecture"],
  d_in: number,
  d_sae: number,
  change: Partial<Sae> = {},
): Sae {
  const random = Random.of(7, architecture);
  const normals = (length: number, scale = 1) => Float32Array.from({ length }, () => scale * random.normal());
  return {
    architecture,
    d_in,
    d_sae,
    W_enc: normals(d_sae * d_in),
    W_dec: normals(d_sae * d_in, 1 / Math.sqrt(d_in)),
    b_enc: normals(d_sae),
    b_dec: normals(d_in),
    ...(architecture === "topk" && { k: 5 }),
    ...(architecture === "jumprelu" && { threshold: normals(d_sae).map(Math.abs) }),
    ...(architecture === "gated" && { b_gate: normals(d_sae), r_mag: normals(d_sae, 0.3) }),
    apply_b_dec_to_input: true,
    normalize_activations: "none",
    metadata: {},
    ...change,
  };
}
