/**
 * First values of a dictionary. The distributions are torch's, the random numbers are our own.
 *
 * `kaiming_uniform_(W, a)` draws from U(±√(6 / ((1 + a²) fan_in))), where fan_in is the second dimension of the tensor as
 * torch stores it. Which dimension that is differs between the parents and is part of each recipe.
 */

import type { Random } from "../random.ts";

export type EncoderInitialisation = "torch-linear" | "kaiming" | "decoder-transpose";

export interface InitialMatrices {
  /** [d_sae, d_in] with rows of `stride` floats, zero beyond d_in. */
  readonly W_enc: Float32Array;
  readonly W_dec: Float32Array;
  readonly b_enc: Float32Array;
}

/**
 * Fills the parameters; decoder rows get norm 1.
 *
 * - `torch-linear` (bricken-2023): both layers as `nn.Linear` starts them. Encoder weight [d_sae, d_in], a = √5, so
 *   U(±1/√d_in), its bias too; decoder weight [d_in, d_sae].
 * - `kaiming` (neel-2023): `kaiming_uniform_` of W_enc [d_in, d_sae], so U(±√(6/d_sae)); W_dec [d_sae, d_in]; no bias.
 * - `decoder-transpose`: random decoder directions, the encoder reads along them; no bias. Half of the features fire, so
 *   x̂ ≈ ½ Σ W_dec,i (W_enc,i·x) ≈ ‖W_enc,i‖ d_sae/(2 d_in) x, and the norm is chosen such that this is `initialLength`·x.
 */
export function initialise(
  kind: EncoderInitialisation,
  initialLength: number,
  d_in: number,
  stride: number,
  random: Random,
  { W_enc, W_dec, b_enc }: InitialMatrices,
): void {
  const d_sae = b_enc.length;
  const encoderBound = kind === "torch-linear" ? 1 / Math.sqrt(d_in) : kaimingBound(d_sae, 0);
  const transposedNorm = (2 * initialLength * d_in) / d_sae;
  b_enc.fill(0);
  for (let i = 0; i < d_sae; i++) {
    const encoder = W_enc.subarray(i * stride, i * stride + d_in);
    const decoder = W_dec.subarray(i * stride, i * stride + d_in);
    if (kind === "decoder-transpose") {
      for (let k = 0; k < d_in; k++) decoder[k] = random.normal();
      normalise(decoder);
      for (let k = 0; k < d_in; k++) encoder[k] = transposedNorm * decoder[k]!;
    } else {
      uniform(encoder, encoderBound, random);
      // The bound of the decoder cancels in the norm.
      uniform(decoder, 1, random);
      normalise(decoder);
      if (kind === "torch-linear") b_enc[i] = encoderBound * (2 * random.uniform() - 1);
    }
  }
}

/** The half-width of torch's `kaiming_uniform_` for a tensor with `fanIn` columns. */
export function kaimingBound(fanIn: number, a: number): number {
  return Math.sqrt(6 / ((1 + a * a) * fanIn));
}

export function uniform(row: Float32Array, bound: number, random: Random): void {
  for (let k = 0; k < row.length; k++) row[k] = bound * (2 * random.uniform() - 1);
}

/** Scales a vector to `norm` in place; a vector of zeros stays. */
export function normalise(row: Float32Array, norm = 1): void {
  let squared = 0;
  for (const value of row) squared += value * value;
  if (squared === 0) return;
  const factor = norm / Math.sqrt(squared);
  for (let k = 0; k < row.length; k++) row[k]! *= factor;
}
