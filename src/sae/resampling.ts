/**
 * New inputs for dead features (Bricken et al. 2023, appendix "Neuron resampling"): each dead feature independently gets
 * one input, drawn with probability ∝ (autoencoder loss on it)², from inputs that pass by in pieces.
 */

import type { Random } from "../random.ts";

export class LossWeightedSample {
  /** The inputs drawn so far, one for each slot: [slots, d]. */
  readonly rows: Float32Array;
  readonly #d: number;
  readonly #random: Random;
  #total = 0;

  constructor(slots: number, d: number, random: Random) {
    this.rows = new Float32Array(slots * d);
    this.#d = d;
    this.#random = random;
  }

  /** Whether any input with a positive loss was offered. */
  get filled(): boolean {
    return this.#total > 0;
  }

  /**
   * Takes in another piece: rows [n, d] and the loss of each. A slot moves to this piece with probability
   * (its weight) / (weight of all pieces so far), which leaves every slot a draw from all of them.
   */
  offer(rows: Float32Array, losses: Float32Array): void {
    const d = this.#d;
    const cumulative = new Float64Array(losses.length);
    let sum = 0;
    losses.forEach((loss, row) => {
      sum += loss * loss;
      cumulative[row] = sum;
    });
    this.#total += sum;
    if (!(sum > 0)) return;
    for (let slot = 0; slot * d < this.rows.length; slot++) {
      if (this.#random.uniform() * this.#total >= sum) continue;
      const row = firstAbove(cumulative, this.#random.uniform() * sum);
      this.rows.set(rows.subarray(row * d, (row + 1) * d), slot * d);
    }
  }
}

/** Index of the first element above `value` in a rising array. */
function firstAbove(rising: Float64Array, value: number): number {
  let [low, high] = [0, rising.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rising[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Features that have not fired in the `window` steps up to and including `step`. */
export function deadFeatures(
  parameters: { readonly d_sae: number; lastFired(i: number): number },
  step: number,
  window: number,
): number[] {
  const dead: number[] = [];
  for (let i = 0; i < parameters.d_sae; i++) if (step - parameters.lastFired(i) >= window) dead.push(i);
  return dead;
}
