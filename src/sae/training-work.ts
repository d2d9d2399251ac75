/**
 * A worker's share of a training step: rows first, then features, meeting the other workers in between.
 *
 *   sparse   chunk of rows: encoder product → active entries → reconstruction, residual, pull-back
 *            block of features: gradients from its entries → projection → Adam → norm
 *   dense    the same two halves with the derived graphs, while too many features fire for the sparse path to pay
 *
 * A batch whose entries overflow the sparse path's room is done densely instead; nothing has been updated by then. Where
 * active features are those of highest rank in the whole batch, the workers meet once more, before the reconstruction.
 */

import { createSession } from "../engine/session.ts";
import { drawAcross } from "./across-shards.ts";
import type { Barrier } from "./barrier.ts";
import { DenseRows, DenseFeatures } from "./dense-work.ts";
import { SparseRows } from "./sparse-rows.ts";
import { CONTROL } from "./training-control.ts";
import type { TrainingJob, TrainingTask } from "./training-job.ts";
import { ShardMemory } from "./shard-memory.ts";

export class TrainingWork {
  readonly #job: TrainingJob;
  readonly #index: number;
  readonly #barrier: Barrier;
  readonly #shards: readonly ShardMemory[];
  readonly #rows: SparseRows;
  readonly #denseRows: DenseRows | undefined;
  readonly #denseFeatures: DenseFeatures | undefined;

  private constructor(
    job: TrainingJob,
    index: number,
    barrier: Barrier,
    shards: readonly ShardMemory[],
    rows: SparseRows,
    dense?: { rows: DenseRows; features: DenseFeatures },
  ) {
    this.#job = job;
    this.#index = index;
    this.#barrier = barrier;
    this.#shards = shards;
    this.#rows = rows;
    this.#denseRows = dense?.rows;
    this.#denseFeatures = dense?.features;
  }

  static async start(job: TrainingJob, index: number, barrier: Barrier): Promise<TrainingWork> {
    const { encoder, screen, denseForward, denseGradient } = job.graphs;
    const shards = job.layout.shards.map(
      (shard, i) => new ShardMemory(job.module, job.memories[i]!, shard, index),
    );
    const rows = new SparseRows(job, shards, {
      encoder: await createSession(encoder, 1),
      screen: await createSession(screen, 1),
    });
    // The machine's answer, so one worker asks.
    if (index === 0 && !(await rows.exactInBytes())) Atomics.store(job.control, CONTROL.inexact, 1);
    if (!denseForward || !denseGradient) return new TrainingWork(job, index, barrier, shards, rows);
    return new TrainingWork(job, index, barrier, shards, rows, {
      rows: new DenseRows(job, shards, await createSession(denseForward, 1)),
      features: new DenseFeatures(job, shards, await createSession(denseGradient, 1)),
    });
  }

  /** @throws Error when this worker failed; the others then stop at the next barrier without an error of their own */
  async run(task: TrainingTask): Promise<void> {
    const { control } = this.#job;
    const word = (name: keyof typeof CONTROL) => Atomics.load(control, CONTROL[name]);
    let error: unknown;
    let phases = 0;
    // The word names the phase that failed: a worker that is late out of one barrier must not take a failure of the next
    // phase for one of its own, and leave the others waiting for it.
    const phase = async (
      name: keyof typeof CONTROL | undefined,
      work: () => Promise<void> | void,
    ): Promise<boolean> => {
      const number = ++phases;
      const start = performance.now();
      try {
        await work();
      } catch (thrown) {
        error = thrown;
        Atomics.store(control, CONTROL.abort, number);
      }
      this.#barrier.wait();
      if (this.#index === 0 && name) {
        Atomics.add(control, CONTROL[name], Math.round(1000 * (performance.now() - start)));
      }
      const failed = word("abort");
      return failed === 0 || failed > number;
    };
    let good = true;
    let { dense } = task;
    if (task.refresh) good = await phase(undefined, () => this.#refresh());
    if (good && !dense) {
      good = await phase("rowsTime", () => this.#rows.collect(task));
      if (good && word("overflow") === 0 && this.#job.shape.kind.ranked === "batch") {
        // Nobody may drop entries while another still counts them.
        let found = false;
        good = await phase("rowsTime", () => void (found = this.#rows.findThreshold(task.cut)));
        if (good && !found) {
          // Every worker has found the same.
          Atomics.store(control, CONTROL.retry, 1);
          return;
        }
        if (good) good = await phase("rowsTime", () => this.#rows.finishBatch());
      }
      dense = word("overflow") === 1;
      // Without a dense path the host tries again with a higher cut.
      if (dense && !this.#denseRows) return;
    }
    if (good && dense) good = await phase("rowsTime", () => this.#denseRows!.run(task.x));
    if (good && task.update) {
      this.#setL0Pull(task);
      await phase("featuresTime", () => (dense ? this.#denseFeatures!.run() : this.#sparseFeatures()));
    }
    if (error !== undefined) throw error;
  }

  async release(): Promise<void> {
    await Promise.all([this.#rows.release(), this.#denseRows?.release(), this.#denseFeatures?.release()]);
  }

  /** λ_s (L0/L0* − 1)² has the same slope for every feature, which is known only when all rows are done. */
  #setL0Pull({ sparsityPenalty, targetL0 }: TrainingTask): void {
    const { kind, batch } = this.#job.shape;
    if (kind.objective !== "jumprelu") return;
    const l0 = this.#shards.reduce((sum, shard) => sum + shard.active(this.#job.layout.chunks), 0) / batch;
    const slope = (2 * sparsityPenalty * (l0 / targetL0 - 1)) / targetL0;
    // Every worker writes the same number.
    for (const shard of this.#shards) shard.set({ l0Pull: slope / batch });
  }

  #sparseFeatures(): void {
    const { chunks } = this.#job.layout;
    for (const [{ kernels, layout, scratch }, block] of this.#blocks(CONTROL.block)) {
      kernels.updateSparse(layout.plan, block, chunks, scratch.fields.features);
    }
  }

  #refresh(): void {
    for (const [{ kernels, layout }, block] of this.#blocks(CONTROL.refreshBlock)) {
      kernels.refresh(layout.plan, block);
    }
  }

  #blocks(counter: number) {
    return drawAcross(this.#job, counter, this.#shards, ({ layout }) => layout.blocks);
  }
}
