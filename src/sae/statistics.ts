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
  /** Mean error of the second reconstruction: the auxiliary loss without its coefficient, or that of the gates. */
  readonly extra: number;
  /** Float32 encoder products per row that screening left; 0 when all were computed. */
  readonly products: number;
}

/** What a step of `layout` left in `memories`. */
export function batchStatistics(
  memories: readonly WebAssembly.Memory[],
  { chunks, stride, shards }: TrainingLayout,
  batch: number,
): BatchStatistics {
  let [activity, entries, products] = [0, 0, 0];
  const sums = shards.map(({ fields }, i) =>
    sumRows(new Float64Array(memories[i]!.buffer, fields.chunkStats, chunks * STATS), STATS),
  );
  for (const [, l1, active, , , floats] of sums) {
    activity += l1!;
    entries += active!;
    products += floats!;
  }
  // Every memory has the whole batch and its residuals.
  const [errors, , , squares, extra] = sums[0]!;
  let mean = 0;
  const inputs = new Float32Array(memories[0]!.buffer, shards[0]!.fields.chunkInput, chunks * stride);
  for (const sum of sumRows(inputs, stride)) mean += (sum / batch) ** 2;
  return {
    mse: errors! / batch,
    l1: activity / batch,
    l0: entries / batch,
    variance: squares! / batch - mean,
    extra: extra! / batch,
    products: products / batch,
  };
}

/** ∂L/∂b_dec: Σ ∂L/∂x̂ over rows, less Σ_i (Σ ∂L/∂z_i) W_enc,i when the encoder sees x − b_dec. */
export function decoderBiasGradient(
  memories: readonly WebAssembly.Memory[],
  { chunks, stride, shards }: TrainingLayout,
  centred: boolean,
): Float64Array {
  const floats = (i: number, address: number, rows: number) =>
    new Float32Array(memories[i]!.buffer, address, rows * stride);
  const gradient = sumRows(floats(0, shards[0]!.fields.chunkResidual, chunks), stride);
  if (!centred) return gradient;
  shards.forEach(({ blocks, fields }, i) => {
    const pulls = sumRows(floats(i, fields.blockPull, blocks), stride);
    for (let k = 0; k < stride; k++) gradient[k]! -= pulls[k]!;
  });
  return gradient;
}

/** Features whose parameters stopped being finite numbers in the last update. */
export function brokenFeatures(memories: readonly WebAssembly.Memory[], { shards }: TrainingLayout): number {
  let broken = 0;
  shards.forEach(({ blocks, fields }, i) => {
    for (const count of new Uint32Array(memories[i]!.buffer, fields.blockBroken, blocks)) broken += count;
  });
  return broken;
}

/** ‖x̂ − x‖² + Λ · (L1 term) of each row. */
export function rowLosses(
  memories: readonly WebAssembly.Memory[],
  { shards }: TrainingLayout,
  batch: number,
  Lambda: number,
): Float32Array {
  const errors = new Float32Array(memories[0]!.buffer, shards[0]!.fields.rowLoss, batch);
  const losses = Float32Array.from(errors);
  shards.forEach(({ fields }, i) => {
    const l1 = new Float32Array(memories[i]!.buffer, fields.rowL1, batch);
    for (let row = 0; row < batch; row++) losses[row]! += Lambda * l1[row]!;
  });
  return losses;
}

function sumRows(rows: Float32Array | Float64Array, width: number): Float64Array {
  const sum = new Float64Array(width);
  for (let start = 0; start < rows.length; start += width) {
    for (let k = 0; k < width; k++) sum[k]! += rows[start + k]!;
  }
  return sum;
}
