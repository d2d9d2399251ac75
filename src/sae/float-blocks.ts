/** Pieces of a shared WebAssembly memory as ONNX Runtime tensors and as rows to copy. Nothing is copied by making one. */

import { Tensor } from "onnxruntime-node";

export class FloatBlocks {
  readonly #floats: Float32Array;

  constructor(memory: WebAssembly.Memory) {
    this.#floats = new Float32Array(memory.buffer);
  }

  /** The floats from byte address `address` on. */
  view(address: number, length: number): Float32Array {
    return this.#floats.subarray(address / 4, address / 4 + length);
  }

  tensor(address: number, dims: readonly number[]): Tensor {
    const size = dims.reduce((product, dim) => product * dim, 1);
    return new Tensor("float32", this.view(address, size), dims);
  }

  scalar(value: number): Tensor {
    return new Tensor("float32", Float32Array.of(value), []);
  }

  /** Copies rows of `width` floats to rows that lie `stride` floats apart. */
  copyRows(source: Float32Array, width: number, address: number, stride: number): void {
    const first = address / 4;
    if (width === stride) {
      this.#floats.set(source, first);
      return;
    }
    for (let row = 0; row * width < source.length; row++) {
      this.#floats.set(source.subarray(row * width, (row + 1) * width), first + row * stride);
    }
  }

  /** The reverse: rows of `width` floats, packed, from rows `stride` apart. */
  packRows(address: number, stride: number, into: Float32Array, width: number): void {
    const first = address / 4;
    for (let row = 0; row * width < into.length; row++) {
      into.set(this.#floats.subarray(first + row * stride, first + row * stride + width), row * width);
    }
  }
}
