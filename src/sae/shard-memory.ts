/** One memory of a dictionary as a worker sees it: its kernels, its tensors, its own scratch. */

import { Tensor } from "onnxruntime-node";
import { FloatBlocks } from "./float-blocks.ts";
import { instantiate, type Kernels } from "./kernels.ts";
import type { Shard, WorkerScratch } from "./layout.ts";
import { clearCandidates, type PlanFloat, readPlanFloat, STATS, writePlan } from "./plan.ts";

export class ShardMemory {
  readonly kernels: Kernels;
  readonly floats: FloatBlocks;
  readonly layout: Shard;
  readonly scratch: WorkerScratch;
  readonly #memory: WebAssembly.Memory;

  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory, layout: Shard, worker: number) {
    this.kernels = instantiate(module, memory);
    this.floats = new FloatBlocks(memory);
    this.layout = layout;
    this.scratch = layout.scratch[worker]!;
    this.#memory = memory;
  }

  bytes(address: number, dims: readonly [number, number], type: "uint8" | "int8"): Tensor {
    const length = dims[0] * dims[1];
    const { buffer } = this.#memory;
    const data =
      type === "uint8" ? new Uint8Array(buffer, address, length) : new Int8Array(buffer, address, length);
    return new Tensor(type, data as Uint8Array, dims);
  }

  integers(address: number, dims: readonly [number, number]): Tensor {
    return new Tensor("int32", new Int32Array(this.#memory.buffer, address, dims[0] * dims[1]), dims);
  }

  set(fields: Partial<Record<PlanFloat, number>>): void {
    writePlan(this.#memory, this.layout.plan, fields);
  }

  /** A number of the present step. */
  readonly planFloat = (name: PlanFloat): number => readPlanFloat(this.#memory, this.layout.plan, name);

  clearCandidates(): void {
    clearCandidates(this.#memory, this.scratch.record);
  }

  /** Float32 encoder products that a chunk took. */
  products(chunk: number): number {
    return this.#stats(chunk)[5]!;
  }

  setProducts(chunk: number, count: number): void {
    this.#stats(chunk)[5] = count;
  }

  #stats(chunk: number): Float64Array {
    return new Float64Array(this.#memory.buffer, this.layout.fields.chunkStats + 8 * STATS * chunk, STATS);
  }

  /** Entries with f > 0 of the batch whose rows are done. */
  active(chunks: number): number {
    const stats = new Float64Array(this.#memory.buffer, this.layout.fields.chunkStats, STATS * chunks);
    let sum = 0;
    for (let chunk = 0; chunk < chunks; chunk++) sum += stats[chunk * STATS + 2]!;
    return sum;
  }
}
