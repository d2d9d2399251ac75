/** Matrix products: `Gemm` for two matrices with either one transposed, `MatMul` for stacks of matrices. */

import { broadcastDims, broadcastStrides, eachIndex, offsetOf } from "../broadcast.ts";
import { float32, type Node, type Operation, shapes, type Value } from "../graph.ts";
import { type Dims, sizeOf } from "../tensor.ts";
import { sumTo } from "./stretching.ts";
import { transpose } from "./layout.ts";

const Gemm: Operation = {
  type: "Gemm",
  infer([a, b, bias], { transA, transB }) {
    if (a!.dims.length !== 2 || b!.dims.length !== 2)
      throw new Error(`Gemm: needs two matrices, not ${shapes(a!, b!)}`);
    const [m, k] = transA ? [a!.dims[1]!, a!.dims[0]!] : [a!.dims[0]!, a!.dims[1]!];
    const [l, n] = transB ? [b!.dims[1]!, b!.dims[0]!] : [b!.dims[0]!, b!.dims[1]!];
    if (k !== l) {
      const marks = `${transA ? "first transposed" : ""}${transA && transB ? ", " : ""}${transB ? "second transposed" : ""}`;
      throw new Error(
        `Gemm: inner dimensions ${k} and ${l} differ: ${shapes(a!, b!)}${marks && ` (${marks})`}`,
      );
    }
    if (bias && (bias.dims.length !== 1 || bias.dims[0] !== n)) {
      throw new Error(`Gemm: a bias of [${bias.dims.join(", ")}] for ${n} columns`);
    }
    return [float32([m, n])];
  },
  gradient({ inputs: [a, b, bias], attributes: { transA, transB } }: Node, [dy]) {
    // Y = A B  ⇒  Ā = Ȳ Bᵀ, B̄ = Aᵀ Ȳ; a transposed operand gets the transposed gradient.
    const [ta, tb] = [transA === 1, transB === 1];
    const matrices = [
      ta ? gemm(b!, dy!, { transA: tb, transB: true }) : gemm(dy!, b!, { transB: !tb }),
      tb ? gemm(dy!, a!, { transA: true, transB: ta }) : gemm(a!, dy!, { transA: !ta }),
    ];
    return bias ? [...matrices, sumTo(dy!, bias.dims)] : matrices;
  },
  evaluate([a, b, bias], { transA, transB }, [out]) {
    const [m, n] = out!.dims as [number, number];
    const k = transA ? a!.dims[0]! : a!.dims[1]!;
    const data = new Float64Array(m * n);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = bias?.data[j] ?? 0;
        for (let l = 0; l < k; l++) {
          sum += a!.data[transA ? l * m + i : i * k + l]! * b!.data[transB ? j * k + l : l * n + j]!;
        }
        data[i * n + j] = sum;
      }
    }
    return [{ dims: out!.dims, data }];
  },
};

const MatMul: Operation = {
  type: "MatMul",
  infer([a, b]) {
    const [batchA, m, k] = matrixDims(a!);
    const [batchB, l, n] = matrixDims(b!);
    const batch = broadcastDims(batchA, batchB);
    if (k !== l || !batch) throw new Error(`MatMul: ${shapes(a!, b!)} do not fit`);
    return [float32([...batch, m, n])];
  },
  gradient: ({ inputs: [a, b] }, [dy]) => [
    sumTo(matmul(dy!, transpose(b!)), a!.dims),
    sumTo(matmul(transpose(a!), dy!), b!.dims),
  ],
  evaluate([a, b], _, [out]) {
    const [batchA, , k] = matrixDims(a!);
    const [batchB] = matrixDims(b!);
    const [batch, m, n] = matrixDims(out!);
    const stepsA = broadcastStrides(batchA, batch).map((step) => step * m * k);
    const stepsB = broadcastStrides(batchB, batch).map((step) => step * k * n);
    const data = new Float64Array(sizeOf(out!.dims));
    eachIndex(batch, (index, at) => {
      const [startA, startB] = [offsetOf(at, stepsA), offsetOf(at, stepsB)];
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let l = 0; l < k; l++) sum += a!.data[startA + i * k + l]! * b!.data[startB + l * n + j]!;
          data[index * m * n + i * n + j] = sum;
        }
      }
    });
    return [{ dims: out!.dims, data }];
  },
};

function matrixDims({ dims }: { dims: Dims }): [batch: number[], rows: number, columns: number] {
  if (dims.length < 2) throw new Error(`MatMul: [${dims.join(", ")}] is no matrix`);
  return [dims.slice(0, -2), dims.at(-2)!, dims.at(-1)!];
}

export interface GemmOptions {
  readonly transA?: boolean;
  readonly transB?: boolean;
  /** Added to every row. */
  readonly bias?: Value;
}

/** A·B of two matrices, either one read transposed. */
export function gemm(a: Value, b: Value, { transA = false, transB = false, bias }: GemmOptions = {}): Value {
  const inputs = bias ? [a, b, bias] : [a, b];
  return a.graph.apply(Gemm, inputs, { transA: transA ? 1 : 0, transB: transB ? 1 : 0 })[0]!;
}

/** A·B over the last two axes; the leading axes are a batch and broadcast. */
export const matmul = (a: Value, b: Value): Value =>
  a.dims.length === 2 && b.dims.length === 2 ? gemm(a, b) : a.graph.apply(MatMul, [a, b])[0]!;
