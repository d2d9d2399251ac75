/** Operations that move numbers without changing them. Each one's gradient moves them back. */

import { eachIndex, offsetOf, strides } from "../broadcast.ts";
import { type Operation, shapes, type Value } from "../graph.ts";
import { type Dims, sizeOf } from "../tensor.ts";
import { zeros } from "./stretching.ts";

const Transpose: Operation = {
  type: "Transpose",
  infer([x], attributes) {
    const perm = attributes["perm"] as Dims;
    if (perm.length !== x!.dims.length || [...perm].sort((a, b) => a - b).some((axis, i) => axis !== i)) {
      throw new Error(`Transpose: [${perm.join(", ")}] is no permutation of the axes of ${shapes(x!)}`);
    }
    return [{ dtype: x!.dtype, dims: perm.map((axis) => x!.dims[axis]!) }];
  },
  gradient({ attributes }, [dy]) {
    const perm = attributes["perm"] as Dims;
    return [
      transpose(
        dy!,
        perm.map((_, axis) => perm.indexOf(axis)),
      ),
    ];
  },
  evaluate([x], attributes, [out]) {
    const own = strides(x!.dims);
    const steps = (attributes["perm"] as Dims).map((axis) => own[axis]!);
    const data = new Float64Array(x!.data.length);
    eachIndex(out!.dims, (index, at) => {
      data[index] = x!.data[offsetOf(at, steps)]!;
    });
    return [{ dims: out!.dims, data }];
  },
};

const Split: Operation = {
  type: "Split",
  infer([x], attributes) {
    const [axis, sizes] = [attributes["axis"] as number, attributes["sizes"] as Dims];
    if (sizes.reduce((a, b) => a + b, 0) !== x!.dims[axis]) {
      throw new Error(`Split: axis ${axis} of ${shapes(x!)} into parts of ${sizes.join(" + ")}`);
    }
    return sizes.map((size) => ({ dtype: x!.dtype, dims: x!.dims.with(axis, size) }));
  },
  gradient({ inputs: [x], outputs, attributes }, upstream) {
    const parts = upstream.map((dy, i) => dy ?? zeros(x!, outputs[i]!.dims));
    return [concat(parts, attributes["axis"] as number)];
  },
  evaluate([x], attributes, outputs) {
    const axis = attributes["axis"] as number;
    const own = strides(x!.dims);
    let start = 0;
    return outputs.map(({ dims }) => {
      const data = new Float64Array(sizeOf(dims));
      const first = start * own[axis]!;
      eachIndex(dims, (index, at) => {
        data[index] = x!.data[first + offsetOf(at, own)]!;
      });
      start += dims[axis]!;
      return { dims, data };
    });
  },
  onnx: (attributes) => ({
    attributes: { axis: attributes["axis"]! },
    inputs: [attributes["sizes"] as Dims],
  }),
};

const Concat: Operation = {
  type: "Concat",
  infer(inputs, attributes) {
    const axis = attributes["axis"] as number;
    const [first] = inputs;
    for (const input of inputs) {
      if (
        input.dims.length !== first!.dims.length ||
        input.dims.some((dim, i) => i !== axis && dim !== first!.dims[i])
      ) {
        throw new Error(`Concat: ${shapes(first!, input)} differ outside axis ${axis}`);
      }
    }
    const length = inputs.reduce((sum, input) => sum + input.dims[axis]!, 0);
    return [{ dtype: first!.dtype, dims: first!.dims.with(axis, length) }];
  },
  gradient({ inputs, attributes }, [dy]) {
    const axis = attributes["axis"] as number;
    return split(
      dy!,
      axis,
      inputs.map((input) => input.dims[axis]!),
    );
  },
  evaluate(inputs, attributes, [out]) {
    const axis = attributes["axis"] as number;
    const data = new Float64Array(sizeOf(out!.dims));
    const steps = strides(out!.dims);
    let start = 0;
    for (const input of inputs) {
      const first = start * steps[axis]!;
      eachIndex(input.dims, (index, at) => {
        data[first + offsetOf(at, steps)] = input.data[index]!;
      });
      start += input.dims[axis]!;
    }
    return [{ dims: out!.dims, data }];
  },
};

/** Reorders axes; without `perm`, swaps the last two. */
export function transpose(x: Value, perm?: Dims): Value {
  const axes = x.dims.map((_, i) => i);
  const rank = axes.length;
  const swapped = [...axes.slice(0, -2), rank - 1, rank - 2];
  return x.graph.apply(Transpose, [x], { perm: perm ?? swapped })[0]!;
}

export const split = (x: Value, axis: number, sizes: Dims): Value[] =>
  x.graph.apply(Split, [x], { axis: axis < 0 ? axis + x.dims.length : axis, sizes });

export const concat = (parts: readonly Value[], axis: number): Value =>
  parts[0]!.graph.apply(Concat, parts, { axis: axis < 0 ? axis + parts[0]!.dims.length : axis })[0]!;
