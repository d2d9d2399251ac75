/**
 * How much of a unit's direction lies on single neurons, where the hook point's basis is neurons: the coefficients that are
 * largest in size, with their sign, and the share of each in Σ|coefficient| (SAEDashboard's neuron alignment, "% of L1").
 */

import type { ModelConfig } from "../../model/config.ts";
import { findHook } from "../../model/hooks.ts";
import type { Neighbour } from "../records.ts";

export interface AlignedNeuron extends Neighbour {
  /** |coefficient| / Σ |coefficient|. */
  readonly share: number;
}

/** Whether one number of an activation is one neuron. The residual stream and attention have no such basis. */
export function isNeuronBasis(config: ModelConfig, hook: string): boolean {
  return findHook(config, hook).site.startsWith("mlp.");
}

/** The k neurons with the largest |coefficient| in `direction`, fewer when others are 0; of equal ones the lower number first. */
export function alignedNeurons(direction: Float32Array, k: number): AlignedNeuron[] {
  const best: number[] = [];
  let sum = 0;
  for (let neuron = 0; neuron < direction.length; neuron++) {
    const size = Math.abs(direction[neuron]!);
    sum += size;
    if (size === 0 || (best.length === k && size <= Math.abs(direction[best[k - 1]!]!))) continue;
    let at = best.length;
    while (at > 0 && Math.abs(direction[best[at - 1]!]!) < size) at--;
    best.splice(at, 0, neuron);
    if (best.length > k) best.pop();
  }
  return best.map((index) => {
    const value = direction[index]!;
    return { index, value, share: Math.abs(value) / sum };
  });
}
