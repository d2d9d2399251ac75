/**
 * One training step of a ReLU sparse autoencoder in plain float64 loops, written as in the papers (Bricken et al. 2023;
 * Kingma & Ba 2015): the oracle that both fast paths are tested against. It is never run on real data.
 *
 *   x̃ = x − b_dec (or x)   f = relu(W_enc x̃ + b_enc)   x̂ = W_decᵀ f + b_dec
 *   L = 1/B Σ_rows [ ‖x̂ − x‖² + Λ Σ_i f_i ]
 *
 * Both matrices are [d_sae, d_in]: row i is feature i's encoder, or its decoder direction of norm 1.
 */

export interface ReferenceParameters {
  readonly W_enc: Float64Array;
  readonly W_dec: Float64Array;
  readonly b_enc: Float64Array;
  readonly b_dec: Float64Array;
}

export type ReferenceName = keyof ReferenceParameters;

export interface ReferenceState {
  readonly d_in: number;
  readonly d_sae: number;
  readonly parameters: ReferenceParameters;
  /** Adam's first and second moments, and the number of steps taken. */
  readonly m: ReferenceParameters;
  readonly v: ReferenceParameters;
  step: number;
}

export interface ReferenceStepOptions {
  readonly Lambda: number;
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** The encoder sees x − b_dec. */
  readonly centred: boolean;
  /** When decoder rows are brought back to norm 1. The gradient's part along each row is removed in either case. */
  readonly renormalise: "after" | "before";
}

export interface ReferenceForward {
  readonly f: Float64Array;
  readonly reconstruction: Float64Array;
  readonly loss: number;
  readonly mse: number;
  readonly l1: number;
  readonly l0: number;
  /** ‖x̂ − x‖² + Λ Σf of each row. */
  readonly rowLoss: Float64Array;
}

const NAMES: readonly ReferenceName[] = ["W_enc", "W_dec", "b_enc", "b_dec"];

/** A state at step 0 with the given parameters (copied) and moments of zero. */
export function referenceState(
  d_in: number,
  d_sae: number,
  parameters: Record<ReferenceName, ArrayLike<number>>,
) {
  const copy = (of: (name: ReferenceName) => Float64Array) =>
    Object.fromEntries(NAMES.map((name) => [name, of(name)])) as unknown as ReferenceParameters;
  const zeros = (name: ReferenceName) => new Float64Array(parameters[name].length);
  const state: ReferenceState = {
    d_in,
    d_sae,
    parameters: copy((name) => Float64Array.from(parameters[name])),
    m: copy(zeros),
    v: copy(zeros),
    step: 0,
  };
  return state;
}

/** Activations, reconstructions and loss of rows `x` [B, d_in]. */
export function referenceForward(
  { d_in, d_sae, parameters: { W_enc, W_dec, b_enc, b_dec } }: ReferenceState,
  x: ArrayLike<number>,
  { Lambda, centred }: Pick<ReferenceStepOptions, "Lambda" | "centred">,
): ReferenceForward {
  const B = x.length / d_in;
  const f = new Float64Array(B * d_sae);
  const reconstruction = new Float64Array(B * d_in);
  const rowLoss = new Float64Array(B);
  let [mse, l1, l0] = [0, 0, 0];
  for (let row = 0; row < B; row++) {
    for (let k = 0; k < d_in; k++) reconstruction[row * d_in + k] = b_dec[k]!;
    for (let i = 0; i < d_sae; i++) {
      let z = b_enc[i]!;
      for (let k = 0; k < d_in; k++)
        z += W_enc[i * d_in + k]! * (x[row * d_in + k]! - (centred ? b_dec[k]! : 0));
      if (z <= 0) continue;
      f[row * d_sae + i] = z;
      l1 += z / B;
      l0 += 1 / B;
      rowLoss[row]! += Lambda * z;
      for (let k = 0; k < d_in; k++) reconstruction[row * d_in + k]! += z * W_dec[i * d_in + k]!;
    }
    let squares = 0;
    for (let k = 0; k < d_in; k++) squares += (reconstruction[row * d_in + k]! - x[row * d_in + k]!) ** 2;
    mse += squares / B;
    rowLoss[row]! += squares;
  }
  return { f, reconstruction, rowLoss, mse, l1, l0, loss: mse + Lambda * l1 };
}

/** ∂L/∂ every parameter. */
export function referenceGradients(
  state: ReferenceState,
  x: ArrayLike<number>,
  options: Pick<ReferenceStepOptions, "Lambda" | "centred">,
): ReferenceParameters {
  const { d_in, d_sae, parameters } = state;
  const { W_enc, W_dec, b_dec } = parameters;
  const { Lambda, centred } = options;
  const B = x.length / d_in;
  const { f, reconstruction } = referenceForward(state, x, options);
  const gradient = {
    W_enc: new Float64Array(d_sae * d_in),
    W_dec: new Float64Array(d_sae * d_in),
    b_enc: new Float64Array(d_sae),
    b_dec: new Float64Array(d_in),
  };
  for (let row = 0; row < B; row++) {
    const r = new Float64Array(d_in);
    for (let k = 0; k < d_in; k++) {
      r[k] = (2 / B) * (reconstruction[row * d_in + k]! - x[row * d_in + k]!);
      gradient.b_dec[k]! += r[k]!;
    }
    for (let i = 0; i < d_sae; i++) {
      const active = f[row * d_sae + i]!;
      if (active <= 0) continue;
      let g = Lambda / B;
      for (let k = 0; k < d_in; k++) g += r[k]! * W_dec[i * d_in + k]!;
      gradient.b_enc[i]! += g;
      for (let k = 0; k < d_in; k++) {
        gradient.W_dec[i * d_in + k]! += active * r[k]!;
        gradient.W_enc[i * d_in + k]! += g * (x[row * d_in + k]! - (centred ? b_dec[k]! : 0));
        if (centred) gradient.b_dec[k]! -= g * W_enc[i * d_in + k]!;
      }
    }
  }
  return gradient;
}

/** Gradient, projection, Adam, norm; `state` moves on by one step. @returns what the forward pass saw */
export function referenceStep(
  state: ReferenceState,
  x: ArrayLike<number>,
  options: ReferenceStepOptions,
): ReferenceForward {
  const { d_in, d_sae, parameters, m, v } = state;
  const { lr, beta1, beta2, epsilon, renormalise } = options;
  const seen = referenceForward(state, x, options);
  const gradient = referenceGradients(state, x, options);
  for (let i = 0; i < d_sae; i++) projectOut(gradient.W_dec, parameters.W_dec, i, d_in);
  if (renormalise === "before") for (let i = 0; i < d_sae; i++) normaliseRow(parameters.W_dec, i, d_in);
  state.step++;
  for (const name of NAMES) {
    const [w, g, first, second] = [parameters[name], gradient[name], m[name], v[name]];
    for (let k = 0; k < w.length; k++) {
      first[k] = beta1 * first[k]! + (1 - beta1) * g[k]!;
      second[k] = beta2 * second[k]! + (1 - beta2) * g[k]! ** 2;
      const corrected = first[k]! / (1 - beta1 ** state.step);
      w[k]! -= (lr * corrected) / (Math.sqrt(second[k]! / (1 - beta2 ** state.step)) + epsilon);
    }
  }
  if (renormalise === "after") for (let i = 0; i < d_sae; i++) normaliseRow(parameters.W_dec, i, d_in);
  return seen;
}

/**
 * Gives feature i a new start (papers.md §1.4): decoder `input`/‖input‖, encoder the same direction at norm
 * `encoderNorm`, bias 0, and Adam moments of zero for all that was changed.
 */
export function referenceResample(
  { d_in, parameters, m, v }: ReferenceState,
  i: number,
  input: ArrayLike<number>,
  encoderNorm: number,
): void {
  let squared = 0;
  for (let k = 0; k < d_in; k++) squared += input[k]! ** 2;
  for (let k = 0; k < d_in; k++) {
    parameters.W_dec[i * d_in + k] = input[k]! / Math.sqrt(squared);
    parameters.W_enc[i * d_in + k] = (encoderNorm * input[k]!) / Math.sqrt(squared);
  }
  parameters.b_enc[i] = 0;
  for (const moment of [m, v]) {
    moment.W_dec.fill(0, i * d_in, (i + 1) * d_in);
    moment.W_enc.fill(0, i * d_in, (i + 1) * d_in);
    moment.b_enc[i] = 0;
  }
}

/** Removes from row i of `gradient` its component along row i of `W`. */
function projectOut(gradient: Float64Array, W: Float64Array, i: number, d_in: number): void {
  let [along, squared] = [0, 0];
  for (let k = i * d_in; k < (i + 1) * d_in; k++) {
    along += gradient[k]! * W[k]!;
    squared += W[k]! ** 2;
  }
  for (let k = i * d_in; k < (i + 1) * d_in; k++) gradient[k]! -= (along / squared) * W[k]!;
}

function normaliseRow(W: Float64Array, i: number, d_in: number): void {
  let squared = 0;
  for (let k = i * d_in; k < (i + 1) * d_in; k++) squared += W[k]! ** 2;
  for (let k = i * d_in; k < (i + 1) * d_in; k++) W[k]! /= Math.sqrt(squared);
}
