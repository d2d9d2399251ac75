/**
 * Λ that reaches a wanted L0: each step multiplies it by a little more than 1 while too many features are active, by a little
 * less while too few are. The gain is set by the length of the run, so that Λ can move by a factor of e²⁰ within it, and L0 is
 * smoothed over a share of the run in which Λ hardly moves.
 */

export interface L0State {
  /** What the scheduled Λ is multiplied by. */
  readonly factor: number;
  /** Smoothed L0; undefined before the first step. */
  readonly mean?: number;
}

const GAIN = 20;
/** Steps of smoothing, as a share of the run. */
const MEMORY = 0.005;

export class L0Controller {
  readonly #target: number;
  readonly #gain: number;
  readonly #keep: number;
  #factor = 1;
  #mean: number | undefined;

  constructor(target: number, steps: number) {
    this.#target = target;
    this.#gain = Math.min(0.05, GAIN / steps);
    this.#keep = Math.exp(-1 / Math.max(5, MEMORY * steps));
  }

  get factor(): number {
    return this.#factor;
  }

  /** @param moving false while Λ is still rising by schedule: L0 then says nothing about the final Λ */
  observe(l0: number, moving: boolean): void {
    this.#mean = this.#mean === undefined ? l0 : this.#keep * this.#mean + (1 - this.#keep) * l0;
    if (!moving) return;
    // Far from the target the logarithm keeps the rate bounded; near it, it is the relative error.
    const error = Math.max(-1, Math.min(1, Math.log(this.#mean / this.#target)));
    this.#factor *= Math.exp(this.#gain * error);
  }

  save(): L0State {
    return { factor: this.#factor, ...(this.#mean !== undefined && { mean: this.#mean }) };
  }

  restore({ factor, mean }: L0State): void {
    this.#factor = factor;
    this.#mean = mean;
  }
}
