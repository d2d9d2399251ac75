/**
 * The B·k largest features of the whole batch: Bussmann, Leask & Nanda 2024, "BatchTopK Sparse Autoencoders".
 *
 *   h = W_enc x̃ + b_enc     f = relu(h) on the B·k largest of all h_ij, else 0     x̂ = Σ_i f_i v_i + b_dec
 *   L = mean_j ‖x̂_j − x_j‖² + aux
 *
 * A single token has no batch, so inference uses a threshold instead: a running mean of the smallest kept activation,
 *
 *   θ ← 0.99 θ + 0.01 · min { f_ij > 0 }     (the first step sets it)
 */

import { auxKLoss } from "./auxk.ts";
import { decode, encoderProducts, plusBias, report, rowSums } from "./products.ts";
import { keptRelu, largestOfBatch } from "./selection.ts";
import { needed, type ReferenceObjective, type ReferenceState } from "./state.ts";
import { topk } from "./topk.ts";

const DECAY = 0.99;

export const batchTopk: ReferenceObjective = {
  forward(state, x, options) {
    const { d_in, d_sae } = state;
    const h = plusBias(encoderProducts(state, x, options.centred), state.parameters.b_enc!);
    const count = Math.floor((x.length / d_in) * needed(options.k, "k"));
    const f = keptRelu(h, largestOfBatch(h, d_sae, count));
    const reconstruction = decode(state, f);
    const aux = auxKLoss(state, x, h, reconstruction, options);
    return report(state, x, f, reconstruction, { l1Terms: rowSums(f, d_sae), Lambda: 0, aux });
  },

  // What is kept does not change with a small step, so the gradient is topk's on this forward pass.
  gradients: topk.gradients,
};

/** Moves the inference threshold on by one batch of activations; a batch without any leaves it. */
export function moveInferenceThreshold(state: ReferenceState, f: Float64Array): void {
  const smallest = f.reduce((least, value) => (value > 0 ? Math.min(least, value) : least), Infinity);
  if (smallest === Infinity) return;
  const before = state.inferenceThreshold;
  state.inferenceThreshold = before === undefined ? smallest : DECAY * before + (1 - DECAY) * smallest;
}
