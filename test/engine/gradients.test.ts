/** Every operation's gradient rule against central differences, both in float64 plain loops; and ONNX Runtime against those loops. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { gradients } from "../../src/engine/gradients.ts";
import { Graph, type Value } from "../../src/engine/graph.ts";
import { erf, gelu, relu, tanh } from "../../src/engine/operations/activation.ts";
import {
  abs,
  add,
  div,
  exp,
  log,
  mul,
  neg,
  scale,
  sign,
  sqrt,
  square,
  sub,
} from "../../src/engine/operations/elementwise.ts";
import { gather, gatherElements, scatterAddRows, toFloat } from "../../src/engine/operations/indexing.ts";
import { concat, split, transpose } from "../../src/engine/operations/layout.ts";
import { gemm, matmul } from "../../src/engine/operations/matmul.ts";
import { layerNorm, logSoftmax, reduceMean, softmax } from "../../src/engine/operations/normalisation.ts";
import { expand, reduceSum, reshape, sumTo } from "../../src/engine/operations/stretching.ts";
import { largestEntries } from "../../src/engine/operations/selection.ts";
import { evaluate } from "../../src/engine/reference.ts";
import { type Dims, sizeOf } from "../../src/engine/tensor.ts";
import { Random } from "../../src/random.ts";
import { largestDifference } from "../close.ts";

interface Case {
  readonly shapes: readonly Dims[];
  readonly build: (...inputs: Value[]) => Value;
  /** Where the function is smooth: maps a normal draw into its domain. */
  readonly domain?: (x: number) => number;
}

const positive = (x: number) => 0.5 + Math.abs(x);
const awayFromZero = (x: number) => x + Math.sign(x) * 0.1;
const integers = (value: Value, dims: Dims, values: number[]) =>
  value.graph.constant(dims, Int32Array.from(values));

const cases: Record<string, Case> = {
  add: {
    shapes: [
      [2, 3],
      [2, 3],
    ],
    build: add,
  },
  "add, broadcast": { shapes: [[2, 3], [3]], build: add },
  "add, both stretch": {
    shapes: [
      [2, 1],
      [1, 3],
    ],
    build: add,
  },
  sub: {
    shapes: [
      [2, 3],
      [1, 3],
    ],
    build: sub,
  },
  mul: {
    shapes: [
      [2, 3],
      [2, 1],
    ],
    build: mul,
  },
  "mul by itself": { shapes: [[2, 3]], build: (x) => mul(x, x) },
  div: { shapes: [[2, 3], [3]], build: div, domain: positive },
  neg: { shapes: [[4]], build: neg },
  scale: { shapes: [[4]], build: (x) => scale(x, -2.5) },
  exp: { shapes: [[4]], build: exp },
  log: { shapes: [[4]], build: log, domain: positive },
  sqrt: { shapes: [[4]], build: sqrt, domain: positive },
  abs: { shapes: [[6]], build: abs, domain: awayFromZero },
  square: { shapes: [[4]], build: square },
  "sign, no gradient": { shapes: [[6]], build: (x) => mul(sign(x), x), domain: awayFromZero },
  relu: { shapes: [[8]], build: relu, domain: awayFromZero },
  tanh: { shapes: [[6]], build: tanh },
  erf: { shapes: [[8]], build: (x) => erf(scale(x, 2)) },
  "gelu, exact": { shapes: [[8]], build: (x) => gelu(scale(x, 2), "none") },
  "gelu, tanh": { shapes: [[8]], build: (x) => gelu(scale(x, 2), "tanh") },
  gemm: {
    shapes: [
      [2, 3],
      [3, 4],
    ],
    build: (a, b) => gemm(a, b),
  },
  "gemm, first transposed": {
    shapes: [
      [3, 2],
      [3, 4],
    ],
    build: (a, b) => gemm(a, b, { transA: true }),
  },
  "gemm, second transposed": {
    shapes: [
      [2, 3],
      [4, 3],
    ],
    build: (a, b) => gemm(a, b, { transB: true }),
  },
  "gemm, both transposed": {
    shapes: [
      [3, 2],
      [4, 3],
    ],
    build: (a, b) => gemm(a, b, { transA: true, transB: true }),
  },
  "gemm, bias": { shapes: [[2, 3], [3, 4], [4]], build: (a, b, bias) => gemm(a, b, { bias }) },
  "matmul, stacked": {
    shapes: [
      [2, 2, 3],
      [2, 3, 2],
    ],
    build: matmul,
  },
  "matmul, broadcast": {
    shapes: [
      [2, 2, 2, 3],
      [2, 3, 2],
    ],
    build: matmul,
  },
  reshape: { shapes: [[2, 3]], build: (x) => reshape(x, [3, 2]) },
  expand: { shapes: [[2, 1]], build: (x) => expand(x, [3, 2, 4]) },
  transpose: { shapes: [[2, 3, 4]], build: (x) => transpose(x, [2, 0, 1]) },
  "transpose, last two": { shapes: [[2, 3, 4]], build: (x) => transpose(x) },
  "split and concat": {
    shapes: [[2, 5]],
    build: (x) => {
      const [a, b, c] = split(x, 1, [1, 2, 2]);
      return concat([mul(c!, b!), a!], -1);
    },
  },
  "split, one part unused": { shapes: [[2, 5]], build: (x) => split(x, -1, [2, 3])[1]! },
  "reduceSum, some axes": { shapes: [[2, 3, 4]], build: (x) => reduceSum(x, [0, -1]) },
  "reduceSum, kept": { shapes: [[2, 3]], build: (x) => reduceSum(x, [1], true) },
  reduceMean: { shapes: [[2, 3]], build: (x) => reduceMean(x, [0]) },
  sumTo: { shapes: [[4, 2, 3]], build: (x) => sumTo(x, [2, 1]) },
  softmax: { shapes: [[3, 4]], build: softmax },
  logSoftmax: { shapes: [[3, 4]], build: logSoftmax },
  layerNorm: { shapes: [[3, 4], [4], [4]], build: (x, g, b) => layerNorm(x, g, b, 1e-5) },
  gather: { shapes: [[5, 3]], build: (table) => gather(table, integers(table, [2, 2], [4, 0, 4, 1])) },
  gatherElements: { shapes: [[3, 4]], build: (x) => gatherElements(x, integers(x, [3, 1], [3, 0, 0])) },
  "gatherElements, several columns, one twice": {
    shapes: [[3, 4]],
    build: (x) => gatherElements(x, integers(x, [3, 2], [3, 0, 1, 1, 2, 3])),
  },
  "second derivative of several columns": {
    shapes: [[3, 4]],
    build: (x) =>
      gradients(
        reduceSum(square(square(gatherElements(x, integers(x, [3, 3], [3, 0, 3, 1, 1, 1, 2, 3, 0]))))),
        [x],
      )[0]!,
  },
  "largest entries, gathered again": {
    shapes: [[3, 5]],
    build: (x) => gatherElements(x, largestEntries(x, 2).columns),
  },
  scatterAddRows: {
    shapes: [[3, 2]],
    build: (x) => scatterAddRows([4, 2], integers(x, [3, 1], [1, 3, 1]), x),
  },
  // The gradient of a gradient: rules that only ever run backwards must themselves be right forwards.
  "second derivative of logSoftmax picks": {
    shapes: [[3, 4]],
    build: (x) =>
      gradients(reduceSum(square(gatherElements(logSoftmax(x), integers(x, [3, 1], [3, 0, 0])))), [x])[0]!,
  },
  "second derivative of gather": {
    shapes: [[5, 3]],
    build: (t) => gradients(reduceSum(square(square(gather(t, integers(t, [3], [4, 0, 4]))))), [t])[0]!,
  },
};

/** `build` under a random weighting, so that the loss feels every element of the result, with its derived gradients. */
function lossGraph({ shapes, build }: Case) {
  const graph = new Graph("case");
  const inputs = shapes.map((dims, i) => graph.input(`x${i}`, dims));
  const result = build(...inputs);
  const random = Random.of(1, "weights");
  const weights = Float32Array.from({ length: sizeOf(result.dims) }, () => random.normal());
  const loss = reduceSum(mul(result, graph.constant(result.dims, weights)));
  graph.output("loss", loss);
  gradients(loss, inputs).forEach((gradient, i) => graph.output(`dx${i}`, gradient));
  return graph;
}

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start();
});
afterAll(() => engine.close());

describe.each(Object.entries(cases))("%s", (_, example) => {
  const graph = lossGraph(example);
  const random = Random.of(2, "inputs");
  const domain = example.domain ?? ((x: number) => x);
  const feeds = Object.fromEntries(
    example.shapes.map((dims, i) => [
      `x${i}`,
      Float64Array.from({ length: sizeOf(dims) }, () => domain(random.normal())),
    ]),
  );

  test("gradient equals central differences", () => {
    const outputs = evaluate(graph, feeds);
    const step = 1e-5;
    for (const [name, values] of Object.entries(feeds)) {
      const numeric = values.map((_, i) => {
        const at = (delta: number) =>
          evaluate(graph, { ...feeds, [name]: values.with(i, values[i]! + delta) })["loss"]![0]!;
        return (at(step) - at(-step)) / (2 * step);
      });
      expect(largestDifference(outputs[`d${name}`]!, numeric), name).toBeLessThan(5e-7); // constants of the rules are float32
    }
  });

  test("ONNX Runtime computes the same", async () => {
    const single = Object.fromEntries(
      Object.entries(feeds).map(([name, values]) => [name, Float32Array.from(values)]),
    );
    const truth = evaluate(graph, single);
    const program = await engine.load(graph);
    const outputs = await program.run(single);
    for (const [name, values] of Object.entries(truth)) {
      expect(largestDifference(outputs[name]!, values), name).toBeLessThan(
        2e-5 * Math.max(1, ...values.map(Math.abs)),
      );
    }
    await program.release();
  });
});

test("columns of the largest entries, as floats", async () => {
  const graph = new Graph("largest");
  const { values, columns } = largestEntries(graph.input("x", [2, 4]), 3);
  graph.output("values", values);
  graph.output("columns", toFloat(columns));
  const x = Float32Array.of(0, 3, -1, 2, 5, 5.5, 7, -8);
  const program = await engine.load(graph);
  const found = await program.run({ x });
  expect([...found["values"]!]).toEqual([3, 2, 0, 7, 5.5, 5]);
  expect([...found["columns"]!]).toEqual([1, 3, 0, 2, 1, 0]);
  const plain = evaluate(graph, { x });
  expect([...plain["columns"]!]).toEqual([...found["columns"]!]);
  await program.release();
});

test("a value that the loss does not depend on has gradient zero", () => {
  const graph = new Graph("unused");
  const [x, y] = [graph.input("x", [2]), graph.input("y", [3])];
  const [dy] = gradients(reduceSum(x), [y]);
  graph.output("dy", dy!);
  expect([...evaluate(graph, { x: [1, 2], y: [1, 2, 3] })["dy"]!]).toEqual([0, 0, 0]);
});

test("every operation that is differentiable in the product is among the cases", () => {
  const used = new Set(
    Object.values(cases).flatMap((example) =>
      lossGraph(example).nodes.map(({ operation }) => operation.type),
    ),
  );
  for (const type of [
    "ScatterElements",
    "ScatterND",
    "Cast",
    "Sign",
    "Erf",
    "Gelu",
    "LayerNormalization",
    "Split",
    "Concat",
  ]) {
    expect(used).toContain(type);
  }
});
