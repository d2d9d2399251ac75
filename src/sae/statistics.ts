/** Adds up what the workers left behind for each chunk of rows and block of features, always in the same order. */

import type { TrainingLayout } from "./layout.ts";
import { STATS } from "./plan.ts";

/** Of one batch, in the units the dictionary is trained in. */
export interface BatchStatistics {
  /** Mean over rows of ‖x̂ − x‖², of Σf, and of the number of active features. */
  readonly mse: number;
  readonly l1: number;
  readonly l0: number;
  /** Mean over rows of ‖x − x̄‖², with x̄ the mean of the batch: explained variance is 1 − mse / variance. */
  readonly variance: number;
}

export function batchStatistics(
  memory: WebAssembly.Memory,
  { chunks, stride, fields }: TrainingLayout,
  batch: number,
): BatchStatistics {
  const stats = new Float64Array(memory.buffer, fields.chunkStats, chunks * STATS);
  const [errors, activity, entries, squares] = sumRows(stats, STATS) as unknown as [
    number,
    number,
    number,
    number,
  ];
  let mean = 0;
  for (const sum of sumRows(new Float32Array(memory.buffer, fields.chunkInput, chunks * stride), stride)) {
    mean += (sum / batch) ** 2;
  }
  return { mse: errors / batch, l1: activity / batch, l0: entries / batch, variance: squares / batch - mean };
}

/** ∂L/∂b_dec: Σ ∂L/∂x̂ over rows, less Σ_i ∂L/∂b_enc,i W_enc,i when the encoder sees x − b_dec. */
export function decoderBiasGradient(
  memory: WebAssembly.Memory,
  { chunks, blocks, stride, fields }: TrainingLayout,
  centred: boolean,
): Float64Array {
  const gradient = sumRows(new Float32Array(memory.buffer, fields.chunkResidual, chunks * stride), stride);
  if (centred) {
    const pulls = sumRows(new Float32Array(memory.buffer, fields.blockPull, blocks * stride), stride);
    for (let k = 0; k < stride; k++) gradient[k]! -= pulls[k]!;
  }
  return gradient;
}

/** Features whose parameters stopped being finite numbers in the last update. */
export function brokenFeatures(memory: WebAssembly.Memory, { blocks, fields }: TrainingLayout): number {
  return new Uint32Array(memory.buffer, fields.blockBroken, blocks).reduce((sum, count) => sum + count, 0);
}

function sumRows(rows: Float32Array | Float64Array, width: number): Float64Array {
  const sum = new Float64Array(width);
  for (let start = 0; start < rows.length; start += width) {
    for (let k = 0; k < width; k++) sum[k]! += rows[start + k]!;
  }
  return sum;
}
