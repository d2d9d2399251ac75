/** Broadcasting as NumPy and ONNX define it: dimensions are aligned at the right, and a 1 stretches. */

import type { Dims } from "./tensor.ts";

/** The common dimensions of two operands, or undefined when they do not fit. */
export function broadcastDims(a: Dims, b: Dims): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const dims: number[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return undefined;
    dims.push(x === 1 ? y : x);
  }
  return dims;
}

/** Step in the flat array for each dimension of a row-major tensor. */
export function strides(dims: Dims): number[] {
  const steps: number[] = [];
  let step = 1;
  for (let i = dims.length - 1; i >= 0; i--) {
    steps[i] = step;
    step *= dims[i]!;
  }
  return steps;
}

/** The same for an operand of dimensions `dims` read as if it had dimensions `target`: 0 where it stretches. */
export function broadcastStrides(dims: Dims, target: Dims): number[] {
  const own = strides(dims);
  return target.map((_, i) => {
    const j = i - (target.length - dims.length);
    return j < 0 || dims[j] === 1 ? 0 : own[j]!;
  });
}

/** Calls `visit(flat index, coordinates)` for every element in row-major order. The coordinates are reused. */
export function eachIndex(dims: Dims, visit: (index: number, coordinates: readonly number[]) => void): void {
  const size = dims.reduce((product, dim) => product * dim, 1);
  const coordinates = dims.map(() => 0);
  for (let index = 0; index < size; index++) {
    visit(index, coordinates);
    for (let i = dims.length - 1; i >= 0; i--) {
      if (++coordinates[i]! < dims[i]!) break;
      coordinates[i] = 0;
    }
  }
}

export function offsetOf(coordinates: readonly number[], steps: readonly number[]): number {
  let offset = 0;
  for (let i = 0; i < steps.length; i++) offset += coordinates[i]! * steps[i]!;
  return offset;
}
