/**
 * One training step of a sparse autoencoder in plain float64 loops, for every objective: gradient, projection, Adam, norm.
 * The oracle that the fast paths are tested against.
 */

import type { ObjectiveName } from "../objectives.ts";
import { adam } from "./adam.ts";
import { april2024 } from "./april-2024.ts";
import { batchTopk, moveInferenceThreshold } from "./batch-topk.ts";
import { gated } from "./gated.ts";
import { jumprelu } from "./jumprelu.ts";
import { matryoshka } from "./matryoshka.ts";
import { normaliseRows, projectOut } from "./norms.ts";
import { reluL1 } from "./relu-l1.ts";
import type {
  ReferenceForward,
  ReferenceObjective,
  ReferenceObjectiveOptions,
  ReferenceOptions,
  ReferenceParameters,
  ReferenceState,
} from "./state.ts";
import { topk } from "./topk.ts";

const EQUATIONS: Readonly<Record<ObjectiveName, ReferenceObjective>> = {
  "relu-l1": reluL1,
  "april-2024": april2024,
  topk,
  "batch-topk": batchTopk,
  matryoshka,
  jumprelu,
  gated,
};

/** Activations, reconstructions and loss of rows `x` [B, d_in]. */
export function referenceForward(
  state: ReferenceState,
  x: ArrayLike<number>,
  options: ReferenceObjectiveOptions,
): ReferenceForward {
  return EQUATIONS[options.objective].forward(state, x, options);
}

/** ∂L/∂ every parameter. */
export function referenceGradients(
  state: ReferenceState,
  x: ArrayLike<number>,
  options: ReferenceObjectiveOptions,
): ReferenceParameters {
  return EQUATIONS[options.objective].gradients(state, x, options);
}

/** `state` moves on by one step. @returns what the forward pass saw */
export function referenceStep(
  state: ReferenceState,
  x: ArrayLike<number>,
  options: ReferenceOptions,
): ReferenceForward {
  const { d_in, parameters } = state;
  const { objective, renormalise } = options;
  const unitNorm = objective !== "april-2024";
  const seen = referenceForward(state, x, options);
  const gradient = referenceGradients(state, x, options);
  if (unitNorm) projectOut(gradient.W_dec, parameters.W_dec, d_in);
  if (unitNorm && renormalise === "before-step") normaliseRows(parameters.W_dec, d_in);
  state.step++;
  adam(state, gradient, options);
  // A threshold below 0 would let negative activations through.
  if (objective === "jumprelu") clampAtZero(parameters["threshold"]!);
  if (unitNorm && renormalise === "after-step") normaliseRows(parameters.W_dec, d_in);
  if (objective === "batch-topk" || objective === "matryoshka") moveInferenceThreshold(state, seen.f);
  return seen;
}

function clampAtZero(values: Float64Array): void {
  for (let i = 0; i < values.length; i++) values[i] = Math.max(0, values[i]!);
}
