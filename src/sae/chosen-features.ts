/**
 * Activations of a few chosen features, without the others: one row of W_enc each, where a full encoding reads all of it for
 * every token. In the terms of dictionary.ts. Not for topk dictionaries, where a feature's activation depends on all others'.
 */

import type { Sae } from "./dictionary.ts";
import { meanAndDeviation } from "./forward.ts";

export function decideAlone({ architecture }: Sae): boolean {
  return architecture !== "topk";
}

/** f_i of rows `x` [n, d_in] for the features `indices`: [n, indices]. */
export function chosenFeatures(sae: Sae, x: Float32Array, indices: readonly number[]): Float32Array {
  const { d_in, W_enc, b_dec } = sae;
  if (!decideAlone(sae)) throw new Error("the features of a topk dictionary do not decide alone");
  const n = x.length / d_in;
  const f = new Float32Array(n * indices.length);
  const input = new Float32Array(d_in);
  for (let row = 0; row < n; row++) {
    const source = x.subarray(row * d_in, (row + 1) * d_in);
    const normalised = sae.normalize_activations === "layer_norm";
    const [mean, deviation] = normalised ? meanAndDeviation(source) : [0, 1];
    for (let k = 0; k < d_in; k++) {
      input[k] = normalised ? (source[k]! - mean) / (deviation + 1e-5) : source[k]!;
      if (sae.apply_b_dec_to_input) input[k]! -= b_dec[k]!;
    }
    indices.forEach((feature, column) => {
      let z = 0;
      for (let k = 0, at = feature * d_in; k < d_in; k++) z += W_enc[at + k]! * input[k]!;
      f[row * indices.length + column] = activate(sae, feature, z);
    });
  }
  return f;
}

function activate({ architecture, b_enc, threshold, b_gate, r_mag }: Sae, i: number, z: number): number {
  switch (architecture) {
    case "gated":
      return z + b_gate![i]! > 0 ? Math.max(0, Math.exp(r_mag![i]!) * z + b_enc[i]!) : 0;
    case "jumprelu":
      return z + b_enc[i]! > threshold![i]! ? Math.max(0, z + b_enc[i]!) : 0;
    default:
      return Math.max(0, z + b_enc[i]!);
  }
}
