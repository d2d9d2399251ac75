/** Softmax, its logarithm, and layer normalisation, all over the last axis. */

import { float32, type Operation, shapes, type Value } from "../graph.ts";
import { type Dims, sizeOf } from "../tensor.ts";
import { exp, mul, scale, sub } from "./elementwise.ts";
import { reduceSum, sumTo } from "./stretching.ts";

const Softmax: Operation = {
  type: "Softmax",
  infer: ([x]) => [float32(x!.dims)],
  // x̄ = y ⊙ (ȳ − Σ ȳ ⊙ y)
  gradient({ outputs: [y] }, [dy]) {
    const weighted = mul(dy!, y!);
    return [sub(weighted, mul(y!, reduceSum(weighted, [-1], true)))];
  },
  evaluate: ([x]) => [
    rows(x!, (row) => {
      const shifted = row.map((v) => Math.exp(v - max(row)));
      const total = shifted.reduce((a, b) => a + b, 0);
      return shifted.map((v) => v / total);
    }),
  ],
};

const LogSoftmax: Operation = {
  type: "LogSoftmax",
  infer: ([x]) => [float32(x!.dims)],
  // x̄ = ȳ − softmax(x) Σ ȳ
  gradient: ({ outputs: [y] }, [dy]) => [sub(dy!, mul(exp(y!), reduceSum(dy!, [-1], true)))],
  evaluate: ([x]) => [
    rows(x!, (row) => {
      const top = max(row);
      const logTotal = top + Math.log(row.reduce((sum, v) => sum + Math.exp(v - top), 0));
      return row.map((v) => v - logTotal);
    }),
  ],
};

/** y = (x − μ)/√(σ² + ε) ⊙ γ + β; also gives μ and 1/√(σ² + ε), which the gradient needs (Ba et al. 2016). */
const LayerNormalization: Operation = {
  type: "LayerNormalization",
  infer([x, scaling, bias]) {
    const width = x!.dims.at(-1)!;
    for (const value of [scaling!, bias!]) {
      if (value.dims.length !== 1 || value.dims[0] !== width) {
        throw new Error(
          `LayerNormalization: ${shapes(x!)} needs a scale and bias of [${width}], not ${shapes(value)}`,
        );
      }
    }
    const statistic = float32(x!.dims.with(-1, 1));
    return [float32(x!.dims), statistic, statistic];
  },
  // With x̂ = (x − μ)/σ and g = ȳ ⊙ γ:  x̄ = (g − mean g − x̂ ⊙ mean(g ⊙ x̂)) / σ,  γ̄ = Σ ȳ ⊙ x̂,  β̄ = Σ ȳ.
  gradient({ inputs: [x, scaling, bias], outputs: [, mean, inverse] }, [dy, dMean, dInverse]) {
    if (!dy || dMean || dInverse)
      throw new Error("LayerNormalization: only its first output can be differentiated");
    const standard = mul(sub(x!, mean!), inverse!);
    const g = mul(dy!, scaling!);
    const along = mul(standard, reduceMean(mul(g, standard), [-1], true));
    const dx = mul(sub(sub(g, reduceMean(g, [-1], true)), along), inverse!);
    return [dx, sumTo(mul(dy!, standard), scaling!.dims), sumTo(dy!, bias!.dims)];
  },
  evaluate([x, scaling, bias], attributes, [out, statistic]) {
    const width = x!.dims.at(-1)!;
    const [mean, inverse] = [0, 1].map(() => new Float64Array(x!.data.length / width)) as [
      Float64Array,
      Float64Array,
    ];
    const normalised = rows(x!, (row, index) => {
      mean[index] = row.reduce((a, b) => a + b, 0) / width;
      const variance = row.reduce((sum, v) => sum + (v - mean[index]!) ** 2, 0) / width;
      inverse[index] = 1 / Math.sqrt(variance + (attributes["epsilon"] as number));
      return row.map((v, i) => (v - mean[index]!) * inverse[index]! * scaling!.data[i]! + bias!.data[i]!);
    });
    return [
      { dims: out!.dims, data: normalised.data },
      { dims: statistic!.dims, data: mean },
      { dims: statistic!.dims, data: inverse },
    ];
  },
};

function rows(
  x: { dims: Dims; data: Float64Array },
  compute: (row: Float64Array, index: number) => Float64Array,
) {
  const width = x.dims.at(-1)!;
  const data = new Float64Array(x.data.length);
  for (let start = 0; start < data.length; start += width) {
    data.set(compute(x.data.subarray(start, start + width), start / width), start);
  }
  return { dims: x.dims, data };
}

function max(row: Float64Array): number {
  return row.reduce((a, b) => Math.max(a, b), -Infinity);
}

export const softmax = (x: Value): Value => x.graph.apply(Softmax, [x], { axis: -1 })[0]!;
export const logSoftmax = (x: Value): Value => x.graph.apply(LogSoftmax, [x], { axis: -1 })[0]!;

export const layerNorm = (x: Value, scaling: Value, bias: Value, epsilon: number): Value =>
  x.graph.apply(LayerNormalization, [x, scaling, bias], { axis: -1, epsilon })[0]!;

/** Mean over `axes` (all of them when not given). */
export function reduceMean(
  x: Value,
  axes: readonly number[] = x.dims.map((_, i) => i),
  keepdims = false,
): Value {
  const total = reduceSum(x, axes, keepdims);
  return scale(total, sizeOf(total.dims) / sizeOf(x.dims));
}
