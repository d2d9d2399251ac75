/** Arithmetic element by element, with broadcasting. z̄ is the gradient of the result z. */

import { broadcastDims, broadcastStrides, eachIndex, offsetOf } from "../broadcast.ts";
import { type Array64, float32, type Node, type Operation, shapes, type Value } from "../graph.ts";
import { sizeOf } from "../tensor.ts";
import { sumTo } from "./stretching.ts";

function binary(
  type: string,
  compute: (a: number, b: number) => number,
  gradient: (a: Value, b: Value, dz: Value, z: Value) => [Value, Value],
): Operation {
  return {
    type,
    infer([a, b]) {
      if (a!.dtype !== "float32" || b!.dtype !== "float32") {
        throw new Error(`${type}: needs float32 operands, not ${a!.dtype} and ${b!.dtype}`);
      }
      const dims = broadcastDims(a!.dims, b!.dims);
      if (!dims) throw new Error(`${type}: ${shapes(a!, b!)} cannot be broadcast together`);
      return [float32(dims)];
    },
    gradient({ inputs: [a, b], outputs: [z] }: Node, [dz]) {
      const [da, db] = gradient(a!, b!, dz!, z!);
      return [sumTo(da, a!.dims), sumTo(db, b!.dims)];
    },
    evaluate([a, b], _, [out]): Array64[] {
      const data = new Float64Array(sizeOf(out!.dims));
      const [stepsA, stepsB] = [broadcastStrides(a!.dims, out!.dims), broadcastStrides(b!.dims, out!.dims)];
      eachIndex(out!.dims, (index, at) => {
        data[index] = compute(a!.data[offsetOf(at, stepsA)]!, b!.data[offsetOf(at, stepsB)]!);
      });
      return [{ dims: out!.dims, data }];
    },
  };
}

const Add = binary(
  "Add",
  (a, b) => a + b,
  (_a, _b, dz) => [dz, dz],
);
const Sub = binary(
  "Sub",
  (a, b) => a - b,
  (_a, _b, dz) => [dz, neg(dz)],
);
const Mul = binary(
  "Mul",
  (a, b) => a * b,
  (a, b, dz) => [mul(dz, b), mul(dz, a)],
);
const Div = binary(
  "Div",
  (a, b) => a / b,
  (_a, b, dz, z) => {
    const da = div(dz, b);
    return [da, neg(mul(da, z))];
  },
);

function unary(
  type: string,
  compute: (x: number) => number,
  gradient?: (x: Value, y: Value, dy: Value) => Value,
): Operation {
  return {
    type,
    infer([x]) {
      if (x!.dtype !== "float32") throw new Error(`${type}: needs a float32 operand, not ${x!.dtype}`);
      return [float32(x!.dims)];
    },
    ...(gradient && {
      gradient: ({ inputs: [x], outputs: [y] }: Node, [dy]: readonly (Value | undefined)[]) => [
        gradient(x!, y!, dy!),
      ],
    }),
    evaluate: ([x]) => [{ dims: x!.dims, data: x!.data.map(compute) }],
  };
}

const Neg = unary(
  "Neg",
  (x) => -x,
  (_x, _y, dy) => neg(dy),
);
const Exp = unary("Exp", Math.exp, (_x, y, dy) => mul(dy, y));
const Log = unary("Log", Math.log, (x, _y, dy) => div(dy, x));
const Sqrt = unary("Sqrt", Math.sqrt, (x, y, dy) => div(dy, mul(y, x.graph.scalar(2))));
const Abs = unary("Abs", Math.abs, (x, _y, dy) => mul(dy, sign(x)));
/** 1, 0 or −1; constant almost everywhere, so no gradient passes. */
const Sign = unary("Sign", Math.sign);

export const add = (a: Value, b: Value): Value => a.graph.apply(Add, [a, b])[0]!;
export const sub = (a: Value, b: Value): Value => a.graph.apply(Sub, [a, b])[0]!;
export const mul = (a: Value, b: Value): Value => a.graph.apply(Mul, [a, b])[0]!;
export const div = (a: Value, b: Value): Value => a.graph.apply(Div, [a, b])[0]!;
export const neg = (x: Value): Value => x.graph.apply(Neg, [x])[0]!;
export const exp = (x: Value): Value => x.graph.apply(Exp, [x])[0]!;
export const log = (x: Value): Value => x.graph.apply(Log, [x])[0]!;
export const sqrt = (x: Value): Value => x.graph.apply(Sqrt, [x])[0]!;
export const abs = (x: Value): Value => x.graph.apply(Abs, [x])[0]!;
export const sign = (x: Value): Value => x.graph.apply(Sign, [x])[0]!;
export const square = (x: Value): Value => mul(x, x);
export const scale = (x: Value, factor: number): Value => mul(x, x.graph.scalar(factor));
