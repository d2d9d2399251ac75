/**
 * Adam: Kingma & Ba 2015, "Adam: A Method for Stochastic Optimization", algorithm 1.
 *
 *   m ← β₁ m + (1 − β₁) g     v ← β₂ v + (1 − β₂) g²
 *   w ← w − lr · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε)
 */

import type { ReferenceOptions, ReferenceParameters, ReferenceState } from "./state.ts";

/** Moves every parameter by step `state.step`, which counts from 1. */
export function adam(
  { parameters, m, v, step }: ReferenceState,
  gradient: ReferenceParameters,
  { lr, beta1, beta2, epsilon }: Pick<ReferenceOptions, "lr" | "beta1" | "beta2" | "epsilon">,
): void {
  for (const [name, w] of Object.entries(parameters)) {
    const [g, first, second] = [gradient[name]!, m[name]!, v[name]!];
    for (let k = 0; k < w.length; k++) {
      first[k] = beta1 * first[k]! + (1 - beta1) * g[k]!;
      second[k] = beta2 * second[k]! + (1 - beta2) * g[k]! ** 2;
      const corrected = first[k]! / (1 - beta1 ** step);
      w[k]! -= (lr * corrected) / (Math.sqrt(second[k]! / (1 - beta2 ** step)) + epsilon);
    }
  }
}
