/** The two halves of a dense step, with the derived graphs (graphs.ts). */

import type * as ort from "onnxruntime-node";
import { DENSE_FEATURES, DENSE_ROWS, DENSE_SCALARS } from "./layout.ts";
import { BLOCK, CHUNK } from "./plan.ts";
import { combineResiduals, copyRows, drawAcross } from "./across-shards.ts";
import type { ShardMemory } from "./shard-memory.ts";
import { CONTROL } from "./training-control.ts";
import type { TrainingJob } from "./training-job.ts";

export class DenseRows {
  readonly #job: TrainingJob;
  readonly #shards: readonly ShardMemory[];
  readonly #session: ort.InferenceSession;

  constructor(job: TrainingJob, shards: readonly ShardMemory[], session: ort.InferenceSession) {
    this.#job = job;
    this.#shards = shards;
    this.#session = session;
  }

  release(): Promise<void> {
    return this.#session.release();
  }

  async run(x: Float32Array): Promise<void> {
    const { chunks } = this.#job.layout;
    const group = DENSE_ROWS / CHUNK;
    for (let first; (first = group * Atomics.add(this.#job.control, CONTROL.denseChunk, 1)) < chunks;) {
      const part = Array.from({ length: Math.min(group, chunks - first) }, (_, i) => first + i);
      const rows = part.map((chunk) => copyRows(this.#job, this.#shards, x, chunk));
      for (const [i, shard] of this.#shards.entries()) {
        part.forEach((chunk, j) => shard.kernels.prepare(shard.layout.plan, chunk, rows[j]!));
        await this.#forward(shard, first);
        if (i === 0) part.forEach((chunk, j) => shard.kernels.addBias(shard.layout.plan, chunk, rows[j]!));
      }
      part.forEach((chunk, j) => {
        combineResiduals(this.#job, this.#shards, chunk, rows[j]!);
        for (const { kernels, layout, scratch } of this.#shards) {
          const at = 4 * CHUNK * j;
          kernels.finishDense(layout.plan, chunk, rows[j]!, scratch.l1 + at, scratch.l0 + at);
        }
      });
    }
  }

  #forward({ floats, layout, scratch }: ShardMemory, first: number) {
    const { stride } = this.#job.layout;
    const { kind } = this.#job.shape;
    const { fields, slotBytes } = layout;
    const { perShard } = this.#job.layout;
    const offset = 4 * first * CHUNK * stride;
    const column = (address: number) => floats.tensor(address, [perShard, 1]);
    return this.#session.run(
      {
        W_enc: floats.tensor(fields.W_enc, [perShard, stride]),
        W_dec: floats.tensor(fields.W_dec, [perShard, stride]),
        b_enc: column(fields.b_enc),
        x: floats.tensor(fields.input + offset, [DENSE_ROWS, stride]),
        ...(kind.gain && { gain: column(fields.gain) }),
        ...(kind.b_mag && { b_mag: column(fields.b_mag) }),
      },
      {
        l1: floats.tensor(scratch.l1, [DENSE_ROWS]),
        l0: floats.tensor(scratch.l0, [DENSE_ROWS]),
        decoded: floats.tensor(fields.residual + offset, [DENSE_ROWS, stride]),
        ...(kind.b_mag && {
          decodedGates: floats.tensor(fields.residual + slotBytes + offset, [DENSE_ROWS, stride]),
        }),
      },
    );
  }
}

export class DenseFeatures {
  readonly #job: TrainingJob;
  readonly #shards: readonly ShardMemory[];
  readonly #session: ort.InferenceSession;

  constructor(job: TrainingJob, shards: readonly ShardMemory[], session: ort.InferenceSession) {
    this.#job = job;
    this.#shards = shards;
    this.#session = session;
  }

  release(): Promise<void> {
    return this.#session.release();
  }

  async run(): Promise<void> {
    const groups = ({ layout }: ShardMemory) => Math.ceil(layout.features / DENSE_FEATURES);
    for (const [shard, group] of drawAcross(this.#job, CONTROL.block, this.#shards, groups)) {
      await this.#update(shard, group * DENSE_FEATURES);
    }
  }

  async #update(shard: ShardMemory, first: number): Promise<void> {
    const { layout, scratch, kernels } = shard;
    const { stride } = this.#job.layout;
    await this.#gradient(shard, first);
    for (let i = 0; i < DENSE_FEATURES && first + i < layout.features; i += BLOCK) {
      const rows = 4 * i * stride;
      const { pulls, db_enc, dgain, db_mag, counts } = scratch.scalars;
      kernels.updateDense(
        layout.plan,
        (first + i) / BLOCK,
        scratch.dW_enc + rows,
        scratch.dW_dec + rows,
        pulls + 4 * i,
        db_enc + 4 * i,
        dgain + 4 * i,
        db_mag + 4 * i,
        counts + 4 * i,
        scratch.fields.features,
      );
    }
  }

  #gradient({ floats, layout, scratch, planFloat }: ShardMemory, first: number) {
    const { stride } = this.#job.layout;
    const { kind, batch } = this.#job.shape;
    const { fields, slotBytes } = layout;
    const offset = 4 * first * stride;
    const rows = (address: number) => floats.tensor(address + offset, [DENSE_FEATURES, stride]);
    const column = (address: number) => floats.tensor(address + 4 * first, [DENSE_FEATURES, 1]);
    const scalar = (name: Parameters<typeof planFloat>[0]) => floats.scalar(planFloat(name));
    const outputs = DENSE_SCALARS.filter(
      (name) => (name !== "dgain" || kind.gain) && (name !== "db_mag" || kind.b_mag),
    );
    return this.#session.run(
      {
        x: floats.tensor(fields.input, [batch, stride]),
        R: floats.tensor(fields.residual, [batch, stride]),
        sparsity: scalar("sparsity"),
        W_enc: rows(fields.W_enc),
        W_dec: rows(fields.W_dec),
        b_enc: column(fields.b_enc),
        ...(kind.gain && { gain: column(fields.gain) }),
        ...(kind.b_mag && {
          b_mag: column(fields.b_mag),
          W_frozen: rows(fields.W_dec),
          R_gates: floats.tensor(fields.residual + slotBytes, [batch, stride]),
        }),
        ...(kind.gain === "threshold" && {
          bandwidth: scalar("bandwidth"),
          inverseBandwidth: floats.scalar(1 / planFloat("bandwidth")),
          l0Pull: scalar("l0Pull"),
        }),
      },
      {
        dW_enc: floats.tensor(scratch.dW_enc, [DENSE_FEATURES, stride]),
        dW_dec: floats.tensor(scratch.dW_dec, [DENSE_FEATURES, stride]),
        ...Object.fromEntries(
          outputs.map((name) => [
            name,
            floats.tensor(
              scratch.scalars[name],
              name === "pulls" || name === "counts" ? [DENSE_FEATURES] : [DENSE_FEATURES, 1],
            ),
          ]),
        ),
      },
    );
  }
}
