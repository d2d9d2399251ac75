/** The exact product of two matrices of bytes, in 32-bit integers. */

import { type Operation, shapes, type Value } from "../graph.ts";

const MatMulInteger: Operation = {
  type: "MatMulInteger",
  infer([a, b]) {
    if (a!.dims.length !== 2 || b!.dims.length !== 2 || a!.dims[1] !== b!.dims[0]) {
      throw new Error(`MatMulInteger: ${shapes(a!, b!)} do not fit`);
    }
    for (const { dtype, name } of [a!, b!]) {
      if (dtype !== "uint8" && dtype !== "int8") {
        throw new Error(`MatMulInteger: "${name}" is ${dtype}, expected uint8 or int8`);
      }
    }
    return [{ dtype: "int32", dims: [a!.dims[0]!, b!.dims[1]!] }];
  },
  evaluate([a, b], _, [out]) {
    const [m, n] = out!.dims as [number, number];
    const k = a!.dims[1]!;
    const data = new Float64Array(m * n);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        for (let l = 0; l < k; l++) data[i * n + j]! += a!.data[i * k + l]! * b!.data[l * n + j]!;
      }
    }
    return [{ dims: out!.dims, data }];
  },
};

/** A·B with A [m, k] and B [k, n] of uint8 or int8: int32 [m, n]. Unsigned times signed is what processors multiply fastest. */
export const matmulInteger = (a: Value, b: Value): Value => a.graph.apply(MatMulInteger, [a, b])[0]!;
