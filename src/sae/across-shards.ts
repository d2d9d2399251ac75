/** What the shards of one dictionary share: the batch, the sum of their reconstructions, and the work on their features. */

import { CHUNK } from "./plan.ts";
import type { ShardMemory } from "./shard-memory.ts";
import type { TrainingJob } from "./training-job.ts";

/** Copies a chunk of the batch to its place in every memory and returns its number of rows. */
export function copyRows(
  { shape, layout }: TrainingJob,
  shards: readonly ShardMemory[],
  x: Float32Array,
  chunk: number,
): number {
  const first = chunk * CHUNK;
  const rows = Math.min(CHUNK, shape.batch - first);
  const source = x.subarray(first * shape.d_in, (first + rows) * shape.d_in);
  for (const { floats, layout: shard } of shards) {
    floats.copyRows(source, shape.d_in, shard.fields.input + 4 * first * layout.stride, layout.stride);
  }
  return rows;
}

/** Adds the residuals of a chunk over the shards, the first of which has b_dec − x in it, and gives each the sum. */
export function combineResiduals(
  { layout }: TrainingJob,
  shards: readonly ShardMemory[],
  chunk: number,
  rows: number,
): void {
  if (shards.length === 1) return;
  const [sum, ...others] = shards.map(({ floats, layout: { fields } }) =>
    floats.view(fields.residual + 4 * chunk * CHUNK * layout.stride, rows * layout.stride),
  ) as [Float32Array, ...Float32Array[]];
  for (const part of others) for (let k = 0; k < sum.length; k++) sum[k]! += part[k]!;
  for (const part of others) part.set(sum);
}

/** Draws items of all shards from a common counter, `count` of them in each, until none is left. */
export function* drawAcross(
  { control }: TrainingJob,
  counter: number,
  shards: readonly ShardMemory[],
  count: (shard: ShardMemory) => number,
): Generator<[shard: ShardMemory, item: number]> {
  const counts = shards.map(count);
  const total = counts.reduce((sum, items) => sum + items, 0);
  for (let drawn; (drawn = Atomics.add(control, counter, 1)) < total;) {
    let [shard, item] = [0, drawn];
    while (item >= counts[shard]!) item -= counts[shard++]!;
    yield [shards[shard]!, item];
  }
}
