/**
 * Where everything of one dictionary under training lies in its memory.
 *
 * WebAssembly addresses 4 GiB, and one dictionary lives in one memory: parameters and Adam moments (24 bytes for each of
 * d_in·d_sae), the batch, its active entries, and scratch for each worker.
 */

import { Failure } from "../errors.ts";
import { BLOCK, CHUNK, PLAN_BYTES, STATS } from "./plan.ts";

/** What a WebAssembly memory can hold, less its first page, which belongs to the compiled module. */
const MEMORY_BYTES = 65536 * 65536;
const PAGE = 65536;
const ALIGNMENT = 64;

/** Rows and features that one run of a dense graph handles: multiples of CHUNK and BLOCK. */
export const DENSE_ROWS = 256;
export const DENSE_FEATURES = 256;

/**
 * Share of all (row, feature) pairs that may be active in a chunk on the sparse path. Beyond it the step is dense.
 */
export const SPARSE_CAPACITY = 0.2;

export interface TrainingShape {
  readonly d_in: number;
  readonly d_sae: number;
  readonly batch: number;
  readonly workers: number;
}

export interface TrainingLayout {
  /** Floats from one row of a matrix to the next: d_in rounded up to 16. The rest of a row is zero. */
  readonly stride: number;
  readonly chunks: number;
  readonly blocks: number;
  /** Entries a chunk has room for. */
  readonly capacity: number;
  readonly plan: number;
  /** Addresses that the plan names. */
  readonly fields: Readonly<Record<PlanAddress, number>>;
  readonly scratch: readonly WorkerScratch[];
  readonly bytes: number;
}

type PlanAddress =
  | "W_enc"
  | "W_dec"
  | "b_enc"
  | "b_dec"
  | "W_enc_m"
  | "W_enc_v"
  | "W_dec_m"
  | "W_dec_v"
  | "b_enc_m"
  | "b_enc_v"
  | "fired"
  | "last_fired"
  | "input"
  | "residual"
  | "rowLoss"
  | "entryFeature"
  | "entryRow"
  | "entryValue"
  | "entryPull"
  | "blockStart"
  | "chunkStats"
  | "chunkResidual"
  | "chunkInput"
  | "blockPull"
  | "blockBroken";

/** Memory that one worker alone writes. The dense path's arrays share the place of the sparse path's. */
export interface WorkerScratch {
  /** Encoder products [d_sae, CHUNK]. */
  readonly z: number;
  readonly order: number;
  readonly starts: number;
  /** See `updateSparse`. */
  readonly features: number;
  /** Dense path: gradients of DENSE_FEATURES features, and Σf and L0 of DENSE_ROWS rows. */
  readonly dW_enc: number;
  readonly dW_dec: number;
  readonly db_enc: number;
  readonly counts: number;
  readonly l1: number;
  readonly l0: number;
}

/** Hands out consecutive aligned pieces of a memory. */
export class Arena {
  #end = PAGE;

  take(bytes: number): number {
    const address = this.#end;
    this.#end = roundUp(address + bytes, ALIGNMENT);
    return address;
  }

  /** Bytes used, in whole pages. */
  get bytes(): number {
    return roundUp(this.#end, PAGE);
  }
}

export function layoutOf({ d_in, d_sae, batch, workers }: TrainingShape): TrainingLayout {
  const stride = roundUp(d_in, 16);
  const chunks = Math.ceil(batch / CHUNK);
  const blocks = Math.ceil(d_sae / BLOCK);
  const capacity = Math.ceil(SPARSE_CAPACITY * CHUNK * d_sae) + CHUNK;
  const rows = roundUp(batch, DENSE_ROWS);
  const features = roundUp(d_sae, DENSE_FEATURES);
  const arena = new Arena();
  const floats = (count: number) => arena.take(4 * count);
  const plan = arena.take(PLAN_BYTES);
  const fields: Record<PlanAddress, number> = {
    W_enc: floats(features * stride),
    W_dec: floats(features * stride),
    b_enc: floats(features),
    b_dec: floats(stride),
    W_enc_m: floats(d_sae * stride),
    W_enc_v: floats(d_sae * stride),
    W_dec_m: floats(d_sae * stride),
    W_dec_v: floats(d_sae * stride),
    b_enc_m: floats(d_sae),
    b_enc_v: floats(d_sae),
    fired: floats(d_sae),
    last_fired: floats(d_sae),
    input: floats(rows * stride),
    residual: floats(rows * stride),
    rowLoss: floats(rows),
    entryFeature: floats(chunks * capacity),
    entryRow: floats(chunks * capacity),
    entryValue: floats(chunks * capacity),
    entryPull: floats(chunks * capacity),
    blockStart: floats(chunks * (blocks + 1)),
    chunkStats: arena.take(8 * STATS * chunks),
    chunkResidual: floats(chunks * stride),
    chunkInput: floats(chunks * stride),
    blockPull: floats(blocks * stride),
    blockBroken: floats(blocks),
  };
  const scratch = Array.from({ length: workers }, () => ({
    z: floats(d_sae * CHUNK),
    order: floats(capacity),
    starts: floats(CHUNK + 1),
    features: arena.take(64 + 4 * BLOCK + 8 * stride + 8 * Math.min(BLOCK * batch, chunks * capacity)),
    dW_enc: floats(DENSE_FEATURES * stride),
    dW_dec: floats(DENSE_FEATURES * stride),
    db_enc: floats(DENSE_FEATURES),
    counts: floats(DENSE_FEATURES),
    l1: floats(DENSE_ROWS),
    l0: floats(DENSE_ROWS),
  }));
  return { stride, chunks, blocks, capacity, plan, fields, scratch, bytes: arena.bytes };
}

/**
 * The shared memory for a layout.
 * @throws Failure naming the largest width that fits, or saying that the machine is short of memory
 */
export function allocate(shape: TrainingShape, layout: TrainingLayout): WebAssembly.Memory {
  if (layout.bytes > MEMORY_BYTES) {
    const width = largestWidth(shape);
    throw new Failure(
      `a dictionary of ${shape.d_sae} features on ${shape.d_in} dimensions with batch ${shape.batch} needs ` +
        `${gigabytes(layout.bytes)} GB and one can have 4.3 GB: train at most ${width} features ` +
        `(expansion ${(Math.floor((10 * width) / shape.d_in) / 10).toString()}), or lower the batch`,
    );
  }
  return sharedMemory(layout.bytes);
}

export function sharedMemory(bytes: number): WebAssembly.Memory {
  const pages = bytes / PAGE;
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (error) {
    throw new Failure(
      `the machine refused ${gigabytes(bytes)} GB for a dictionary: train fewer or narrower ones at once`,
      { cause: error },
    );
  }
}

function largestWidth(shape: TrainingShape): number {
  let [fits, fails] = [0, shape.d_sae];
  while (fails - fits > 1) {
    const d_sae = Math.floor((fits + fails) / 2);
    if (layoutOf({ ...shape, d_sae }).bytes <= MEMORY_BYTES) fits = d_sae;
    else fails = d_sae;
  }
  return fits;
}

export function roundUp(size: number, step: number): number {
  return Math.ceil(size / step) * step;
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
