/**
 * A worker's share of a training step: rows first, then features, meeting the other workers in between.
 *
 *   sparse   chunk of rows: encoder product → active entries → reconstruction, residual, pull-back
 *            block of features: gradients from its entries → projection → Adam → norm
 *   dense    the same two halves with the derived graphs, while too many features fire for the sparse path to pay
 *
 * A batch whose entries overflow the sparse path's room is done densely instead; nothing has been updated by then.
 */

import type * as ort from "onnxruntime-node";
import type { OnnxModel } from "../engine/onnx.ts";
import { createSession } from "../engine/session.ts";
import type { Barrier } from "./barrier.ts";
import { FloatBlocks } from "./float-blocks.ts";
import { instantiate, type Kernels } from "./kernels.ts";
import {
  DENSE_FEATURES,
  DENSE_ROWS,
  type TrainingLayout,
  type TrainingShape,
  type WorkerScratch,
} from "./layout.ts";
import { BLOCK, CHUNK } from "./plan.ts";

export interface TrainingJob {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly shape: TrainingShape;
  readonly layout: TrainingLayout;
  readonly graphs: {
    readonly encoder: OnnxModel;
    readonly denseForward: OnnxModel;
    readonly denseGradient: OnnxModel;
  };
  /** Shared words, indexed by CONTROL, zeroed by the host before each task. */
  readonly control: Int32Array;
}

export interface TrainingTask {
  /** The batch [batch, d_in] on shared memory. */
  readonly x: Float32Array;
  readonly dense: boolean;
  /** False: stop after the losses of the rows. */
  readonly update: boolean;
  /** Λ/B, which the dense graph takes as an input. */
  readonly sparsity: number;
}

/** Words of `control`: what is drawn next in each phase, and what happened. */
export const CONTROL = { chunk: 0, denseChunk: 1, block: 2, overflow: 3, abort: 4 } as const;
export const CONTROL_WORDS = 5;

export class TrainingWork {
  readonly #job: TrainingJob;
  readonly #scratch: WorkerScratch;
  readonly #barrier: Barrier;
  readonly #kernels: Kernels;
  readonly #encoder: ort.InferenceSession;
  readonly #denseForward: ort.InferenceSession;
  readonly #denseGradient: ort.InferenceSession;
  readonly #floats: FloatBlocks;

  private constructor(
    job: TrainingJob,
    index: number,
    barrier: Barrier,
    [encoder, denseForward, denseGradient]: readonly ort.InferenceSession[],
  ) {
    this.#job = job;
    this.#scratch = job.layout.scratch[index]!;
    this.#barrier = barrier;
    this.#kernels = instantiate(job.module, job.memory);
    this.#encoder = encoder!;
    this.#denseForward = denseForward!;
    this.#denseGradient = denseGradient!;
    this.#floats = new FloatBlocks(job.memory);
  }

  static async start(job: TrainingJob, index: number, barrier: Barrier): Promise<TrainingWork> {
    const { encoder, denseForward, denseGradient } = job.graphs;
    const sessions = await Promise.all(
      [encoder, denseForward, denseGradient].map((model) => createSession(model, 1)),
    );
    return new TrainingWork(job, index, barrier, sessions);
  }

  /** @throws Error when this worker failed; the others then stop at the next barrier without an error of their own */
  async run(task: TrainingTask): Promise<void> {
    let dense = task.dense;
    let error: unknown;
    let phases = 0;
    // The word names the phase that failed: a worker that is late out of one barrier must not take a failure of the next
    // phase for one of its own, and leave the others waiting for it.
    const phase = async (work: () => Promise<void>): Promise<boolean> => {
      const number = ++phases;
      try {
        await work();
      } catch (thrown) {
        error = thrown;
        Atomics.store(this.#job.control, CONTROL.abort, number);
      }
      this.#barrier.wait();
      const failed = Atomics.load(this.#job.control, CONTROL.abort);
      return failed === 0 || failed > number;
    };
    let good = true;
    if (!dense) {
      good = await phase(() => this.#sparseRows(task.x));
      dense = Atomics.load(this.#job.control, CONTROL.overflow) === 1;
    }
    if (good && dense) good = await phase(() => this.#denseRows(task.x));
    if (good && task.update) {
      await phase(async () => (dense ? this.#denseFeatures(task.sparsity) : this.#sparseFeatures()));
    }
    if (error !== undefined) throw error;
  }

  async release(): Promise<void> {
    await Promise.all(
      [this.#encoder, this.#denseForward, this.#denseGradient].map((session) => session.release()),
    );
  }

  async #sparseRows(x: Float32Array): Promise<void> {
    const { layout, shape, control } = this.#job;
    const { plan, stride, fields } = layout;
    const { z, order, starts } = this.#scratch;
    const weights = this.#floats.tensor(fields.W_enc, [shape.d_sae, stride]);
    const products = this.#floats.tensor(z, [shape.d_sae, CHUNK]);
    for (let chunk; (chunk = Atomics.add(control, CONTROL.chunk, 1)) < layout.chunks;) {
      if (Atomics.load(control, CONTROL.overflow) === 1) return;
      const rows = this.#copyRows(x, chunk);
      this.#kernels.prepare(plan, chunk, rows);
      const input = this.#floats.tensor(fields.input + 4 * chunk * CHUNK * stride, [CHUNK, stride]);
      await this.#encoder.run({ W_enc: weights, x: input }, { z: products });
      const count = this.#kernels.collect(plan, chunk, rows, z);
      if (count < 0) {
        Atomics.store(control, CONTROL.overflow, 1);
        return;
      }
      this.#kernels.reconstruct(plan, chunk, rows, count, order, starts);
    }
  }

  #sparseFeatures(): void {
    const { layout, control } = this.#job;
    for (let block; (block = Atomics.add(control, CONTROL.block, 1)) < layout.blocks;) {
      this.#kernels.updateSparse(layout.plan, block, layout.chunks, this.#scratch.features);
    }
  }

  async #denseRows(x: Float32Array): Promise<void> {
    const { layout, shape, control } = this.#job;
    const { plan, stride, fields, chunks } = layout;
    const { l1, l0 } = this.#scratch;
    const floats = this.#floats;
    const parameters = {
      W_enc: floats.tensor(fields.W_enc, [shape.d_sae, stride]),
      W_dec: floats.tensor(fields.W_dec, [shape.d_sae, stride]),
      b_enc: floats.tensor(fields.b_enc, [shape.d_sae, 1]),
    };
    const sums = { l1: floats.tensor(l1, [DENSE_ROWS]), l0: floats.tensor(l0, [DENSE_ROWS]) };
    const group = DENSE_ROWS / CHUNK;
    for (let first; (first = group * Atomics.add(control, CONTROL.denseChunk, 1)) < chunks;) {
      const part = Array.from({ length: Math.min(group, chunks - first) }, (_, i) => first + i);
      const rows = part.map((chunk) => this.#copyRows(x, chunk));
      part.forEach((chunk, i) => this.#kernels.prepare(plan, chunk, rows[i]!));
      const offset = 4 * first * CHUNK * stride;
      await this.#denseForward.run(
        { ...parameters, x: floats.tensor(fields.input + offset, [DENSE_ROWS, stride]) },
        { ...sums, decoded: floats.tensor(fields.residual + offset, [DENSE_ROWS, stride]) },
      );
      part.forEach((chunk, i) => {
        this.#kernels.residuals(plan, chunk, rows[i]!, l1 + 4 * CHUNK * i, l0 + 4 * CHUNK * i);
      });
    }
  }

  async #denseFeatures(sparsity: number): Promise<void> {
    const { layout, shape, control } = this.#job;
    const { plan, stride, fields } = layout;
    const { dW_enc, dW_dec, db_enc, counts } = this.#scratch;
    const floats = this.#floats;
    const batch = {
      x: floats.tensor(fields.input, [shape.batch, stride]),
      R: floats.tensor(fields.residual, [shape.batch, stride]),
      sparsity: floats.scalar(sparsity),
    };
    const outputs = {
      dW_enc: floats.tensor(dW_enc, [DENSE_FEATURES, stride]),
      dW_dec: floats.tensor(dW_dec, [DENSE_FEATURES, stride]),
      db_enc: floats.tensor(db_enc, [DENSE_FEATURES, 1]),
      counts: floats.tensor(counts, [DENSE_FEATURES]),
    };
    for (let first; (first = DENSE_FEATURES * Atomics.add(control, CONTROL.block, 1)) < shape.d_sae;) {
      const offset = 4 * first * stride;
      await this.#denseGradient.run(
        {
          ...batch,
          W_enc: floats.tensor(fields.W_enc + offset, [DENSE_FEATURES, stride]),
          W_dec: floats.tensor(fields.W_dec + offset, [DENSE_FEATURES, stride]),
          b_enc: floats.tensor(fields.b_enc + 4 * first, [DENSE_FEATURES, 1]),
        },
        outputs,
      );
      for (let i = 0; i < DENSE_FEATURES && first + i < shape.d_sae; i += BLOCK) {
        const rows = 4 * i * stride;
        this.#kernels.updateDense(
          plan,
          (first + i) / BLOCK,
          dW_enc + rows,
          dW_dec + rows,
          db_enc + 4 * i,
          counts + 4 * i,
        );
      }
    }
  }

  /** Copies a chunk of the batch to its place and returns its number of rows. */
  #copyRows(x: Float32Array, chunk: number): number {
    const { shape, layout } = this.#job;
    const first = chunk * CHUNK;
    const rows = Math.min(CHUNK, shape.batch - first);
    const source = x.subarray(first * shape.d_in, (first + rows) * shape.d_in);
    this.#floats.copyRows(source, shape.d_in, layout.fields.input + 4 * first * layout.stride, layout.stride);
    return rows;
  }
}
