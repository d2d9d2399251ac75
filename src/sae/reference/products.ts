/**
 * The two linear maps that every objective shares, and how a gradient passes back through them:
 *
 *   x̃_j = x_j − c·b_dec     z_ij = w_i·x̃_j     x̂_j = Σ_i f_ij v_i + b_dec
 *
 * with c = 1 for a centred encoder, 0 otherwise. Gradients are added to what is already there.
 */

import type { ReferenceForward, ReferenceParameters, ReferenceState } from "./state.ts";

/** z [B, d_sae], without any bias. */
export function encoderProducts(
  { d_in, d_sae, parameters: { W_enc, b_dec } }: ReferenceState,
  x: ArrayLike<number>,
  centred: boolean,
): Float64Array {
  const B = x.length / d_in;
  const z = new Float64Array(B * d_sae);
  for (let j = 0; j < B; j++) {
    for (let i = 0; i < d_sae; i++) {
      for (let k = 0; k < d_in; k++) {
        z[j * d_sae + i]! += W_enc[i * d_in + k]! * (x[j * d_in + k]! - (centred ? b_dec[k]! : 0));
      }
    }
  }
  return z;
}

/** ∂L/∂z → ∂L/∂w_i, and ∂L/∂b_dec where the encoder is centred. */
export function backThroughEncoder(
  { d_in, d_sae, parameters: { W_enc, b_dec } }: ReferenceState,
  x: ArrayLike<number>,
  centred: boolean,
  dz: Float64Array,
  gradient: ReferenceParameters,
): void {
  for (let j = 0; j * d_in < x.length; j++) {
    for (let i = 0; i < d_sae; i++) {
      const g = dz[j * d_sae + i]!;
      for (let k = 0; k < d_in; k++) {
        gradient.W_enc[i * d_in + k]! += g * (x[j * d_in + k]! - (centred ? b_dec[k]! : 0));
        if (centred) gradient.b_dec[k]! -= g * W_enc[i * d_in + k]!;
      }
    }
  }
}

/** x̂ [B, d_in] from the features before `width`. */
export function decode(
  { d_in, d_sae, parameters: { W_dec, b_dec } }: ReferenceState,
  f: Float64Array,
  width = d_sae,
): Float64Array {
  const B = f.length / d_sae;
  const reconstruction = new Float64Array(B * d_in);
  for (let j = 0; j < B; j++) {
    for (let k = 0; k < d_in; k++) {
      let sum = b_dec[k]!;
      for (let i = 0; i < width; i++) sum += f[j * d_sae + i]! * W_dec[i * d_in + k]!;
      reconstruction[j * d_in + k] = sum;
    }
  }
  return reconstruction;
}

/** r = ∂L/∂x̂ → ∂L/∂v_i and ∂L/∂b_dec. @returns ∂L/∂f [B, d_sae], zero from `width` on */
export function backThroughDecoder(
  state: ReferenceState,
  f: Float64Array,
  r: Float64Array,
  gradient: ReferenceParameters,
  width = state.d_sae,
): Float64Array {
  const { d_in, d_sae } = state;
  for (let j = 0; j * d_in < r.length; j++) {
    for (let k = 0; k < d_in; k++) {
      gradient.b_dec[k]! += r[j * d_in + k]!;
      for (let i = 0; i < width; i++) gradient.W_dec[i * d_in + k]! += f[j * d_sae + i]! * r[j * d_in + k]!;
    }
  }
  return alongDecoder(state, r, width);
}

/** r_j·v_i [B, d_sae] for features before `width`, zero from there on. */
export function alongDecoder(
  { d_in, d_sae, parameters: { W_dec } }: ReferenceState,
  r: Float64Array,
  width = d_sae,
): Float64Array {
  const products = new Float64Array((r.length / d_in) * d_sae);
  for (let j = 0; j * d_in < r.length; j++) {
    for (let i = 0; i < width; i++) {
      for (let k = 0; k < d_in; k++) products[j * d_sae + i]! += r[j * d_in + k]! * W_dec[i * d_in + k]!;
    }
  }
  return products;
}

/** z with a bias for each feature added to every row. */
export function plusBias(z: Float64Array, bias: Float64Array): Float64Array {
  return z.map((value, e) => value + bias[e % bias.length]!);
}

/** ∂L/∂ a bias from ∂L/∂ what it was added to. */
export function backThroughBias(dh: Float64Array, gradient: Float64Array): void {
  for (let e = 0; e < dh.length; e++) gradient[e % gradient.length]! += dh[e]!;
}

/** ‖x̂_j − x_j‖² of each row. */
export function squaredErrors(
  reconstruction: Float64Array,
  x: ArrayLike<number>,
  d_in: number,
): Float64Array {
  const squares = new Float64Array(x.length / d_in);
  for (let e = 0; e < x.length; e++) squares[Math.floor(e / d_in)]! += (reconstruction[e]! - x[e]!) ** 2;
  return squares;
}

/** ∂/∂x̂ of the mean over rows of ‖x̂_j − x_j‖². */
export function errorGradient(
  reconstruction: Float64Array,
  x: ArrayLike<number>,
  d_in: number,
): Float64Array {
  return reconstruction.map((value, e) => (2 / (x.length / d_in)) * (value - x[e]!));
}

export function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Σ_i of each row of [B, d_sae]. */
export function rowSums(values: Float64Array, d_sae: number): Float64Array {
  const sums = new Float64Array(values.length / d_sae);
  for (let e = 0; e < values.length; e++) sums[Math.floor(e / d_sae)]! += values[e]!;
  return sums;
}

/** What an objective L = mse + Λ · mean of `l1Terms` + aux reports. */
export function report(
  { d_in, d_sae }: ReferenceState,
  x: ArrayLike<number>,
  f: Float64Array,
  reconstruction: Float64Array,
  { l1Terms, Lambda, aux = 0 }: { l1Terms: Float64Array; Lambda: number; aux?: number },
): ReferenceForward {
  const squares = squaredErrors(reconstruction, x, d_in);
  const [mse, l1] = [mean(squares), mean(l1Terms)];
  return {
    f,
    reconstruction,
    rowLoss: squares.map((square, j) => square + Lambda * l1Terms[j]!),
    mse,
    l1,
    l0: (f.filter((value) => value > 0).length * d_sae) / f.length,
    aux,
    loss: mse + Lambda * l1 + aux,
  };
}
