/**
 * What a training step in plain float64 loops works on: parameters by name, Adam's moments, options, and what the forward
 * pass reports. The reference is the oracle that the fast paths are tested against; it is never run on real data.
 *
 * Matrices are [d_sae, d_in]: row i is feature i's encoder, or its decoder direction v_i. Beside W_enc, W_dec, b_dec there
 * are b_enc (not with gated), threshold (jumprelu), b_gate, r_mag and b_mag (gated).
 */

import type { ObjectiveName } from "../objectives.ts";

/** Numbers by parameter name; the gradient has the same names and lengths. */
export type ReferenceParameters = Readonly<Record<string, Float64Array>> & {
  readonly W_enc: Float64Array;
  readonly W_dec: Float64Array;
  readonly b_dec: Float64Array;
};

export interface ReferenceState {
  readonly d_in: number;
  readonly d_sae: number;
  readonly parameters: ReferenceParameters;
  /** Adam's first and second moments, and the number of steps taken. */
  readonly m: ReferenceParameters;
  readonly v: ReferenceParameters;
  step: number;
  /** batch-topk and matryoshka: a running mean of the smallest kept activation, absent before the first step. */
  inferenceThreshold?: number;
}

/** What the loss depends on beside parameters and rows. Each objective reads what it needs. */
export interface ReferenceObjectiveOptions {
  readonly objective: ObjectiveName;
  /** Coefficient of the L1 term (relu-l1, april-2024, gated). */
  readonly Lambda: number;
  /** The encoder sees x − b_dec. */
  readonly centred: boolean;
  /** Features kept per row, or per row on average. */
  readonly k?: number;
  /** Dead features that reconstruct the error, per row. */
  readonly kAux?: number;
  readonly auxCoefficient?: number;
  /** [d_sae], true or 1 where a feature counts as dead. */
  readonly dead?: readonly boolean[] | Uint8Array;
  /** Prefix widths of matryoshka, ascending, the last d_sae. */
  readonly groups?: readonly number[];
  /** L0* of jumprelu. */
  readonly targetL0?: number;
  /** λ_s of jumprelu. */
  readonly sparsityPenalty?: number;
  /** Width ε of the rectangle that stands for the derivative of jumprelu's step. */
  readonly bandwidth?: number;
}

export interface ReferenceOptions extends ReferenceObjectiveOptions {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** When decoder rows are brought back to norm 1. The gradient's part along each row is removed in either case. */
  readonly renormalise: "after-step" | "before-step" | "never";
}

export interface ReferenceForward {
  /** [B, d_sae] */
  readonly f: Float64Array;
  /** x̂ [B, d_in] */
  readonly reconstruction: Float64Array;
  /** ‖x̂ − x‖² + Λ · (L1 term) of each row, where the objective has an L1 term; no auxiliary loss, no L0 penalty. */
  readonly rowLoss: Float64Array;
  readonly mse: number;
  /** Mean of the L1 term: Σ f, for april-2024 Σ f‖v‖, for gated Σ relu(π). */
  readonly l1: number;
  /** Mean number of active features. */
  readonly l0: number;
  /** The auxiliary loss of topk, batch-topk, matryoshka and gated, its coefficient included; 0 for the others. */
  readonly aux: number;
  /** The whole objective L. */
  readonly loss: number;
}

/** One objective's equations. */
export interface ReferenceObjective {
  forward(state: ReferenceState, x: ArrayLike<number>, options: ReferenceObjectiveOptions): ReferenceForward;
  /** ∂L/∂ every parameter. */
  gradients(
    state: ReferenceState,
    x: ArrayLike<number>,
    options: ReferenceObjectiveOptions,
  ): ReferenceParameters;
}

/** A state at step 0 with the given parameters (copied) and moments of zero. */
export function referenceState(
  d_in: number,
  d_sae: number,
  parameters: Readonly<Record<string, ArrayLike<number>>>,
): ReferenceState {
  const copy = Object.fromEntries(
    Object.entries(parameters).map(([name, values]) => [name, Float64Array.from(values)]),
  ) as unknown as ReferenceParameters;
  return { d_in, d_sae, parameters: copy, m: zerosLike(copy), v: zerosLike(copy), step: 0 };
}

/** Zeros with the names and lengths of `parameters`. */
export function zerosLike(parameters: ReferenceParameters): ReferenceParameters {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, values]) => [name, new Float64Array(values.length)]),
  ) as unknown as ReferenceParameters;
}

/** @throws Error when an objective is used without an option or a parameter that it needs */
export function needed<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`the objective needs ${name}`);
  return value;
}
