/**
 * The one shape of numeric data between modules: a flat typed array and its dimensions, row-major.
 * Arrays live on shared memory wherever a worker reads or writes them, so nothing is copied between threads.
 */

export type Dims = readonly number[];

export type TensorData = Float32Array | Int32Array | BigInt64Array | Uint8Array;

export interface Tensor<D extends TensorData = Float32Array> {
  readonly dims: Dims;
  readonly data: D;
}

export function sizeOf(dims: Dims): number {
  return dims.reduce((size, dim) => size * dim, 1);
}

/** `length` zeros on shared memory, visible to every worker that is handed the array. */
export function sharedFloats(length: number): Float32Array<SharedArrayBuffer> {
  return new Float32Array(new SharedArrayBuffer(length * 4));
}

export function sharedInts(length: number): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(length * 4));
}
