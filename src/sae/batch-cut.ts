/**
 * Where rank in the batch decides: the cut above which entries are collected, a guess below the batch's threshold. Too low a
 * cut costs time and room, too high a one is noticed and the batch is done again.
 */

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
