/**
 * Stretching along axes and summing over them. `Expand` and `ReduceSum` are each other's gradients, which is why they
 * live together; `sumTo` undoes the silent stretching of every elementwise operation.
 */

import { broadcastDims, broadcastStrides, eachIndex, offsetOf, strides } from "../broadcast.ts";
import { type Attributes, float32, type Operation, shapes, type Value, type ValueType } from "../graph.ts";
import { type Dims, sizeOf } from "../tensor.ts";

interface ReduceAttributes extends Attributes {
  readonly axes: readonly number[];
  readonly keepdims: number;
}

const Reshape: Operation = {
  type: "Reshape",
  infer([x], attributes) {
    const dims = attributes["shape"] as Dims;
    if (sizeOf(dims) !== sizeOf(x!.dims)) {
      throw new Error(
        `Reshape: ${shapes(x!)} has ${sizeOf(x!.dims)} values, [${dims.join(", ")}] has ${sizeOf(dims)}`,
      );
    }
    return [{ dtype: x!.dtype, dims }];
  },
  gradient: ({ inputs: [x] }, [dy]) => [reshape(dy!, x!.dims)],
  evaluate: ([x], _, [out]) => [{ dims: out!.dims, data: x!.data }],
  onnx: (attributes) => ({ attributes: { allowzero: 1 }, inputs: [attributes["shape"] as Dims] }),
};

const Expand: Operation = {
  type: "Expand",
  infer([x], attributes) {
    const dims = attributes["shape"] as Dims;
    const common = broadcastDims(x!.dims, dims);
    if (!common || sizeOf(common) !== sizeOf(dims))
      throw new Error(`Expand: ${shapes(x!)} to [${dims.join(", ")}]`);
    return [{ dtype: x!.dtype, dims }];
  },
  gradient: ({ inputs: [x] }, [dy]) => [sumTo(dy!, x!.dims)],
  evaluate([x], _, [out]) {
    const data = new Float64Array(sizeOf(out!.dims));
    const steps = broadcastStrides(x!.dims, out!.dims);
    eachIndex(out!.dims, (index, at) => {
      data[index] = x!.data[offsetOf(at, steps)]!;
    });
    return [{ dims: out!.dims, data }];
  },
  onnx: (attributes) => ({ inputs: [attributes["shape"] as Dims] }),
};

const ReduceSum: Operation = {
  type: "ReduceSum",
  infer([x], attributes): ValueType[] {
    const { axes, keepdims } = attributes as ReduceAttributes;
    for (const axis of axes) {
      if (axis < 0 || axis >= x!.dims.length) {
        throw new Error(`ReduceSum: axis ${axis} of a tensor with ${x!.dims.length} dimensions`);
      }
    }
    const kept = x!.dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
    return [float32(keepdims ? kept : kept.filter((_, axis) => !axes.includes(axis)))];
  },
  gradient({ inputs: [x], attributes }, [dy]) {
    const { axes } = attributes as ReduceAttributes;
    const kept = x!.dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
    return [expand(reshape(dy!, kept), x!.dims)];
  },
  evaluate([x], attributes, [out]) {
    const { axes } = attributes as ReduceAttributes;
    const kept = x!.dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
    const steps = strides(kept).map((step, axis) => (axes.includes(axis) ? 0 : step));
    const data = new Float64Array(sizeOf(out!.dims));
    eachIndex(x!.dims, (index, at) => {
      data[offsetOf(at, steps)]! += x!.data[index]!;
    });
    return [{ dims: out!.dims, data }];
  },
  onnx: (attributes) => {
    const { axes, keepdims } = attributes as ReduceAttributes;
    return { attributes: { keepdims }, inputs: [axes] };
  },
};

export const reshape = (x: Value, shape: Dims): Value =>
  x.dims.length === shape.length && x.dims.every((dim, i) => dim === shape[i])
    ? x
    : x.graph.apply(Reshape, [x], { shape })[0]!;

export const expand = (x: Value, shape: Dims): Value => x.graph.apply(Expand, [x], { shape })[0]!;

/** Sum over `axes` (all of them when not given). */
export function reduceSum(
  x: Value,
  axes: readonly number[] = x.dims.map((_, i) => i),
  keepdims = false,
): Value {
  // ONNX reads an empty list of axes as "all axes"; summing over none is the identity.
  if (axes.length === 0) return x;
  const normalised = axes.map((axis) => (axis < 0 ? axis + x.dims.length : axis));
  return x.graph.apply(ReduceSum, [x], { axes: normalised, keepdims: keepdims ? 1 : 0 })[0]!;
}

/** Undoes broadcasting: sums `x` over the axes along which an operand of dimensions `dims` was stretched. */
export function sumTo(x: Value, dims: Dims): Value {
  if (x.dims.length === dims.length && x.dims.every((dim, i) => dim === dims[i])) return x;
  const lead = x.dims.length - dims.length;
  const axes = x.dims.flatMap((dim, i) => (i < lead || (dims[i - lead] === 1 && dim !== 1) ? [i] : []));
  const summed = reduceSum(x, axes, true);
  return reshape(summed, dims);
}

/** Zeros of the given dimensions in the graph of `like`, made when the graph runs so the model file stays small. */
export const zeros = (like: Value, dims: Dims): Value =>
  dims.length === 0 ? like.graph.scalar(0) : expand(like.graph.scalar(0), dims);
