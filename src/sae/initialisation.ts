/**
 * First values of a dictionary. The distributions are torch's, the random numbers are our own.
 *
 * `kaiming_uniform_(W, a)` draws from U(±√(6 / ((1 + a²) fan_in))), where fan_in is the second dimension of the tensor as
 * torch stores it. Which dimension that is differs between the parents and is part of each recipe.
 */

import type { Random } from "../random.ts";

export type EncoderInitialisation = "torch-linear" | "kaiming" | "decoder-transpose" | "april-2024";

/** Rows of norm 1 would be too loud for a decoder whose norm is free: it starts at this one (Anthropic, April 2024). */
const APRIL_NORM = 0.1;

export interface InitialRows {
  readonly d_in: number;
  readonly d_sae: number;
  encoderRow(i: number): Float32Array;
  decoderRow(i: number): Float32Array;
  setBias(i: number, value: number): void;
}

/**
 * Fills the parameters; decoder rows get norm 1 but for april-2024.
 *
 * - `torch-linear` (bricken-2023): both layers as `nn.Linear` starts them. Encoder weight [d_sae, d_in], a = √5, so
 *   U(±1/√d_in), its bias too; decoder weight [d_in, d_sae].
 * - `kaiming` (neel-2023): `kaiming_uniform_` of W_enc [d_in, d_sae], so U(±√(6/d_sae)); W_dec [d_sae, d_in]; no bias.
 * - `decoder-transpose`: random decoder directions, the encoder reads along them at norm `encoderNorm`; no bias.
 * - `april-2024`: the same with both at norm 0.1.
 */
export function initialise(
  kind: EncoderInitialisation,
  encoderNorm: number,
  random: Random,
  parameters: InitialRows,
): void {
  const { d_in, d_sae } = parameters;
  const encoderBound = kind === "torch-linear" ? 1 / Math.sqrt(d_in) : kaimingBound(d_sae, 0);
  for (let i = 0; i < d_sae; i++) {
    const encoder = parameters.encoderRow(i);
    const decoder = parameters.decoderRow(i);
    parameters.setBias(i, 0);
    if (kind === "decoder-transpose" || kind === "april-2024") {
      for (let k = 0; k < d_in; k++) decoder[k] = random.normal();
      normalise(decoder, kind === "april-2024" ? APRIL_NORM : 1);
      const factor = kind === "april-2024" ? 1 : encoderNorm;
      for (let k = 0; k < d_in; k++) encoder[k] = factor * decoder[k]!;
    } else {
      uniform(encoder, encoderBound, random);
      // The bound of the decoder cancels in the norm.
      uniform(decoder, 1, random);
      normalise(decoder);
      if (kind === "torch-linear") parameters.setBias(i, encoderBound * (2 * random.uniform() - 1));
    }
  }
}

/**
 * The encoder norm at which first reconstructions have `length` times the activations' length. Half of the features fire, so
 * x̂ ≈ ½ Σ W_dec,i (W_enc,i·x) ≈ ‖W_enc,i‖ d_sae/(2 d_in) x.
 */
export function encoderNormFor(length: number, d_in: number, d_sae: number): number {
  return (2 * length * d_in) / d_sae;
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
