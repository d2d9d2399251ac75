/**
 * Where rank in the batch decides: the cut above which entries are collected, a guess below the batch's threshold. Too low a
 * cut costs time and room, too high a one is noticed and the batch is done again.
 */

import { Failure } from "../errors.ts";
import type { TrainingParameters } from "./training-parameters.ts";

/** The next batch's threshold lies above this share of the last one's, but for rare jumps. */
const BELOW = 0.85;
/** Rows and features of the sample that the first cut comes from. */
const [ROWS, FEATURES] = [32, 4096];

/** The cut to start a step with, from the threshold of the step before. */
export function cutBelow(threshold: number): number {
  return BELOW * threshold;
}

/**
 * The first cut: so high that a sample of rows and features has 1.5 times the wanted share of entries above it.
 * @param x raw activations [batch, d_in] @param k wanted entries per row
 */
export function firstCut(
  x: Float32Array,
  parameters: TrainingParameters,
  { k, scale, centred }: { k: number; scale: number; centred: boolean },
): number {
  const { d_in, d_sae, b_dec } = parameters;
  const rows = Math.min(ROWS, x.length / d_in);
  const every = Math.max(1, Math.floor(d_sae / FEATURES));
  const values: number[] = [];
  for (let row = 0; row < rows; row++) {
    const input = x
      .subarray(row * d_in, (row + 1) * d_in)
      .map((v, j) => v * scale - (centred ? b_dec[j]! : 0));
    for (let i = 0; i < d_sae; i += every) {
      const w = parameters.encoderRow(i);
      let h = parameters.bias(i);
      for (let j = 0; j < d_in; j++) h += w[j]! * input[j]!;
      values.push(h);
    }
  }
  const sorted = Float32Array.from(values).sort().reverse();
  const rank = Math.min(sorted.length - 1, Math.ceil((1.5 * k * sorted.length) / d_sae));
  return Math.max(0, sorted[rank]!);
}

/** Looks for a cut below the batch's threshold that leaves no chunk with more entries than it has room for. */
export class CutSearch {
  #cut: number;
  /** The highest cut that was too low, and the lowest that was too high. */
  #low: number | undefined;
  #high: number | undefined;

  constructor(cut: number) {
    this.#cut = cut;
  }

  get cut(): number {
    return this.#cut;
  }

  /** The cut was above the threshold. @throws Failure when there is none that does */
  lower(): void {
    this.#high = this.#cut;
    this.#cut = this.#low === undefined ? (this.#cut < 1e-6 ? 0 : 0.7 * this.#cut) : this.#middle();
  }

  /** The cut left a chunk with too many entries. @throws Failure when there is none that does */
  raise(): void {
    this.#low = this.#cut;
    this.#cut = this.#high === undefined ? (this.#cut > 0 ? 1.2 * this.#cut : 1e-6) : this.#middle();
  }

  #middle(): number {
    const [low, high] = [this.#low!, this.#high!];
    const middle = (low + high) / 2;
    if (Math.fround(middle) > Math.fround(low) && Math.fround(middle) < Math.fround(high)) return middle;
    throw new Failure(
      "a few inputs hold most of a batch's largest activations, more than there is room for: shuffle the activations, " +
        "leave such inputs out, lower k or the batch, or use topk, which ranks within an input",
    );
  }
}
