/** The first half of a sparse step: chunks of rows from raw activations to entries, residuals and what reaches each entry. */

import { type InferenceSession, Tensor } from "onnxruntime-node";
import { guessRank } from "./layout.ts";
import { CHUNK } from "./plan.ts";
import { combineResiduals, copyRows } from "./across-shards.ts";
import type { ShardMemory } from "./shard-memory.ts";
import { CONTROL } from "./training-control.ts";
import type { TrainingJob, TrainingTask } from "./training-job.ts";

interface Sessions {
  readonly encoder: InferenceSession;
  readonly screen: InferenceSession;
}

/** `select` found no room for the entries of a chunk; or a row without enough candidates. */
const [FULL, SHORT] = [-1, -2];

export class SparseRows {
  readonly #job: TrainingJob;
  readonly #shards: readonly ShardMemory[];
  readonly #sessions: Sessions;
  #productTime = 0;
  /** Batch ranks: what `findThreshold` found. */
  #threshold = 0;

  constructor(job: TrainingJob, shards: readonly ShardMemory[], sessions: Sessions) {
    this.#job = job;
    this.#shards = shards;
    this.#sessions = sessions;
  }

  async release(): Promise<void> {
    await Promise.all([this.#sessions.encoder.release(), this.#sessions.screen.release()]);
  }

  /**
   * Whether integer products are what they should be at their largest. Processors that add pairs of products in 16 bits
   * saturate there, and screening would lose entries in silence.
   */
  async exactInBytes(): Promise<boolean> {
    const { stride, tile } = this.#job.layout;
    const W_q = new Tensor("uint8", new Uint8Array(tile * stride).fill(255), [tile, stride]);
    for (const extreme of [127, -127]) {
      const x_q = new Tensor("int8", new Int8Array(stride * CHUNK).fill(extreme), [stride, CHUNK]);
      const { z } = await this.#sessions.screen.run({ W_q, x_q });
      if ((z!.data as Int32Array).some((product) => product !== 255 * extreme * stride)) return false;
    }
    return true;
  }

  /** All of it, chunk by chunk; where rank in the batch decides, up to the candidates. */
  async collect(task: TrainingTask): Promise<void> {
    const { layout, control, shape } = this.#job;
    const worst = this.#shards.map((shard) =>
      task.screen ? shard.kernels.worstError(shard.layout.plan) : 0,
    );
    this.#productTime = 0;
    for (let chunk; (chunk = Atomics.add(control, CONTROL.chunk, 1)) < layout.chunks;) {
      if (Atomics.load(control, CONTROL.overflow) === 1) return;
      const rows = copyRows(this.#job, this.#shards, task.x, chunk);
      const found: { count: number; products: number }[] = [];
      for (const [i, shard] of this.#shards.entries()) {
        shard.kernels.prepare(shard.layout.plan, chunk, rows);
        const entries = await this.#entries(task, shard, chunk, rows, worst[i]!);
        if (entries.count === FULL) {
          Atomics.store(control, CONTROL.overflow, 1);
          return;
        }
        found.push(entries);
      }
      // Another worker may finish the chunk.
      if (shape.kind.ranked === "batch") this.#shards[0]!.setProducts(chunk, found[0]!.products);
      else this.#finish(chunk, rows, found);
    }
    Atomics.add(control, CONTROL.productTime, Math.round(1000 * this.#productTime));
  }

  /**
   * The value that the batch's k·batch largest entries reach.
   * @returns false when it may lie below the cut, and entries are missing
   */
  findThreshold(cut: number): boolean {
    const { layout, shape, control } = this.#job;
    const [shard] = this.#shards as [ShardMemory];
    const wanted = shape.kind.k * shape.batch;
    this.#threshold = shard.kernels.batchThreshold(
      shard.layout.plan,
      layout.chunks,
      wanted,
      shard.scratch.fields.heap,
    );
    Atomics.store(control, CONTROL.threshold, new Int32Array(Float32Array.of(this.#threshold).buffer)[0]!);
    return this.#threshold > cut || cut === 0;
  }

  finishBatch(): void {
    const { layout, control, shape } = this.#job;
    const [shard] = this.#shards as [ShardMemory];
    for (let chunk; (chunk = Atomics.add(control, CONTROL.finishChunk, 1)) < layout.chunks;) {
      const rows = Math.min(CHUNK, shape.batch - chunk * CHUNK);
      const count = shard.kernels.dropBelow(shard.layout.plan, chunk, this.#threshold);
      this.#finish(chunk, rows, [{ count, products: shard.products(chunk) }]);
    }
  }

  /** Stores the entries of a chunk's rows and returns how many there are, and how many float32 products they took. */
  async #entries(
    task: TrainingTask,
    shard: ShardMemory,
    chunk: number,
    rows: number,
    worst: number,
  ): Promise<{ count: number; products: number }> {
    const { kind } = this.#job.shape;
    const { tile } = this.#job.layout;
    const { kernels, layout, scratch } = shard;
    if (task.screen) kernels.quantiseRows(layout.plan, chunk, rows, scratch.record, worst);
    let rank = kind.ranked === "row" ? guessRank(kind.k, tile, layout.features) : 0;
    for (let attempt = 1; ; attempt++) {
      const products = await this.#candidates(task, shard, chunk, rows, rank);
      const count = kernels.select(layout.plan, scratch.record, chunk, rows);
      if (count !== SHORT) return { count, products };
      // A row had its largest elsewhere: guess lower, and at last take everything above 0.
      rank = attempt < 3 ? 2 * rank : 0;
    }
  }

  async #candidates(
    task: TrainingTask,
    shard: ShardMemory,
    chunk: number,
    rows: number,
    rank: number,
  ): Promise<number> {
    const { layout, shape } = this.#job;
    const { kernels, scratch } = shard;
    const { plan, features, tiles } = shard.layout;
    let products = 0;
    shard.clearCandidates();
    for (let t = 0; t < tiles; t++) {
      const first = t * layout.tile;
      const size = Math.min(layout.tile, features - first);
      if (size <= 0) break;
      const start = performance.now();
      await this.#product(task.screen, shard, chunk, first);
      this.#productTime += performance.now() - start;
      if (t === 0) {
        if (shape.kind.ranked === "batch") kernels.setCuts(scratch.record, rows, task.cut);
        else kernels.guessCuts(plan, scratch.record, rows, size, rank, task.screen ? 1 : 0);
      }
      // Every tile raises them.
      if (task.screen) kernels.screenCuts(scratch.record);
      if (task.screen) products += kernels.screenTile(plan, scratch.record, chunk, rows, first, size);
      else kernels.collectTile(plan, scratch.record, rows, first, size);
    }
    return products;
  }

  async #product(screen: boolean, shard: ShardMemory, chunk: number, first: number): Promise<void> {
    const { stride, tile } = this.#job.layout;
    const { floats, scratch } = shard;
    const { fields } = shard.layout;
    if (screen) {
      await this.#sessions.screen.run(
        {
          W_q: shard.bytes(fields.W_q + first * stride, [tile, stride], "uint8"),
          x_q: shard.bytes(scratch.fields.xq, [stride, CHUNK], "int8"),
        },
        { z: shard.integers(scratch.fields.z, [tile, CHUNK]) },
      );
      return;
    }
    await this.#sessions.encoder.run(
      {
        W_enc: floats.tensor(fields.W_enc + 4 * first * stride, [tile, stride]),
        x: floats.tensor(fields.input + 4 * chunk * CHUNK * stride, [CHUNK, stride]),
      },
      { z: floats.tensor(scratch.fields.z, [tile, CHUNK]) },
    );
  }

  /** From entries to residuals and pulls. */
  #finish(chunk: number, rows: number, found: readonly { count: number; products: number }[]): void {
    this.#shards.forEach(({ kernels, layout: { plan }, scratch: { record } }, i) => {
      kernels.beginRows(plan, record, chunk, rows, found[i]!.count, i === 0 ? 1 : 0);
    });
    if (this.#shards.length === 1) {
      const [{ kernels, layout, scratch }] = this.#shards as [ShardMemory];
      kernels.reconstruct(layout.plan, scratch.record, chunk, rows, found[0]!.products);
      return;
    }
    for (const { kernels, layout, scratch } of this.#shards) {
      kernels.decode(layout.plan, scratch.record, chunk, rows);
    }
    combineResiduals(this.#job, this.#shards, chunk, rows);
    this.#shards.forEach(({ kernels, layout, scratch }, i) => {
      kernels.pullBack(layout.plan, scratch.record, chunk, rows, found[i]!.products);
    });
  }
}
