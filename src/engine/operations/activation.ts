/** The non-linearities of the GPT-2 family. */

import { float32, type Operation, type Value } from "../graph.ts";
import { add, exp, mul, scale, sign, square, sub } from "./elementwise.ts";

const Relu: Operation = {
  type: "Relu",
  infer: ([x]) => [float32(x!.dims)],
  // The output is positive exactly where the input was, and its sign is the 0/1 mask.
  gradient: ({ outputs: [y] }, [dy]) => [mul(dy!, sign(y!))],
  evaluate: ([x]) => [{ dims: x!.dims, data: x!.data.map((value) => Math.max(value, 0)) }],
};

const Tanh: Operation = {
  type: "Tanh",
  infer: ([x]) => [float32(x!.dims)],
  gradient: ({ outputs: [y] }, [dy]) => [mul(dy!, sub(y!.graph.scalar(1), square(y!)))],
  evaluate: ([x]) => [{ dims: x!.dims, data: x!.data.map(Math.tanh) }],
};

const Erf: Operation = {
  type: "Erf",
  infer: ([x]) => [float32(x!.dims)],
  gradient: ({ inputs: [x] }, [dy]) => [mul(dy!, scale(exp(scale(square(x!), -1)), 2 / Math.sqrt(Math.PI)))],
  evaluate: ([x]) => [{ dims: x!.dims, data: x!.data.map(errorFunction) }],
};

const GELU_SCALE = Math.sqrt(2 / Math.PI);
const GELU_CUBIC = 0.044715;

/**
 * gelu(x) = x Φ(x), or its tanh form ½x(1 + tanh(√(2/π)(x + 0.044715x³))) that GPT-2 was trained with
 * (Hendrycks & Gimpel 2016). One fused operation forward; backward in elementary ones.
 */
const Gelu: Operation = {
  type: "Gelu",
  infer: ([x]) => [float32(x!.dims)],
  gradient({ inputs: [x], attributes }, [dy]) {
    const one = x!.graph.scalar(1);
    if (attributes["approximate"] === "none") {
      const cumulative = scale(add(erf(scale(x!, Math.SQRT1_2)), one), 0.5);
      const density = scale(exp(scale(square(x!), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return [mul(dy!, add(cumulative, mul(x!, density)))];
    }
    const squared = square(x!);
    const t = tanh(scale(mul(x!, add(scale(squared, GELU_CUBIC), one)), GELU_SCALE));
    const inner = scale(add(scale(squared, 3 * GELU_CUBIC), one), GELU_SCALE);
    const slope = mul(mul(x!, sub(one, square(t))), inner);
    return [mul(dy!, scale(add(add(t, one), slope), 0.5))];
  },
  evaluate([x], attributes) {
    const gelu =
      attributes["approximate"] === "none"
        ? (v: number) => 0.5 * v * (1 + errorFunction(v * Math.SQRT1_2))
        : (v: number) => 0.5 * v * (1 + Math.tanh(GELU_SCALE * (v + GELU_CUBIC * v ** 3)));
    return [{ dims: x!.dims, data: x!.data.map(gelu) }];
  },
};

/**
 * erf to double precision: its Taylor series near 0, the continued fraction of erfc further out
 * (Abramowitz & Stegun 7.1.5, 7.1.14).
 */
function errorFunction(x: number): number {
  const a = Math.abs(x);
  if (a < 2.5) {
    let term = a;
    let sum = a;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum) && n < 200; n++) {
      term *= (-a * a) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + fraction)));
}

export const relu = (x: Value): Value => x.graph.apply(Relu, [x])[0]!;
export const tanh = (x: Value): Value => x.graph.apply(Tanh, [x])[0]!;
export const erf = (x: Value): Value => x.graph.apply(Erf, [x])[0]!;
export const gelu = (x: Value, approximate: "none" | "tanh"): Value =>
  x.graph.apply(Gelu, [x], { approximate })[0]!;
