/**
 * Which contexts an optimiser step sees: every context once per pass over the text, each pass in a new order.
 * The order follows from the seed and the step alone, so a resumed run needs no state to continue it.
 */

import { Random } from "../random.ts";

export class EpochOrder {
  readonly #contexts: number;
  readonly #seed: number;
  #epoch = -1;
  #order: Uint32Array = new Uint32Array();

  constructor(contexts: number, seed: number) {
    this.#contexts = contexts;
    this.#seed = seed;
  }

  /** The contexts at positions first … first + count − 1 of the endless sequence of passes. */
  take(first: number, count: number): number[] {
    return Array.from({ length: count }, (_, i) => this.#at(first + i));
  }

  #at(position: number): number {
    const epoch = Math.floor(position / this.#contexts);
    if (epoch !== this.#epoch) {
      this.#order = Random.of(this.#seed, `pass ${epoch} over the text`).permutation(this.#contexts);
      this.#epoch = epoch;
    }
    return this.#order[position % this.#contexts]!;
  }
}
