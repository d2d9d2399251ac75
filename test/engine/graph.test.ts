import { afterAll, beforeAll, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { gradients } from "../../src/engine/gradients.ts";
import { Graph } from "../../src/engine/graph.ts";
import { add, mul } from "../../src/engine/operations/elementwise.ts";
import { gather } from "../../src/engine/operations/indexing.ts";
import { concat, split, transpose } from "../../src/engine/operations/layout.ts";
import { gemm, matmul } from "../../src/engine/operations/matmul.ts";
import { layerNorm } from "../../src/engine/operations/normalisation.ts";
import { expand, reduceSum, reshape } from "../../src/engine/operations/stretching.ts";
import { sharedFloats } from "../../src/engine/tensor.ts";

const graph = () => {
  const g = new Graph("shapes");
  return { g, a: g.input("a", [2, 3]), b: g.input("b", [4, 5]), ids: g.input("ids", [2], "int32") };
};

test.each([
  ["add", () => add(graph().a, graph().b), /belongs to graph/],
  ["add", ({ a, b }) => add(a, b), /Add: \[2, 3\] and \[4, 5\] cannot be broadcast together/],
  ["add of integers", ({ a, ids }) => add(a, ids), /needs float32 operands, not float32 and int32/],
  ["gemm", ({ a, b }) => gemm(a, b), /inner dimensions 3 and 4 differ: \[2, 3\] and \[4, 5\]/],
  [
    "gemm transposed",
    ({ a, b }) => gemm(a, b, { transB: true }),
    /inner dimensions 3 and 5 differ.*second transposed/,
  ],
  ["matmul", ({ g, a }) => matmul(g.input("c", [2, 2, 4]), a), /MatMul: .* do not fit/],
  ["reshape", ({ a }) => reshape(a, [4, 2]), /\[2, 3\] has 6 values, \[4, 2\] has 8/],
  ["expand", ({ a }) => expand(a, [4, 3]), /Expand: \[2, 3\] to \[4, 3\]/],
  ["transpose", ({ a }) => transpose(a, [0, 0]), /no permutation/],
  ["split", ({ a }) => split(a, 1, [1, 1])[0]!, /axis 1 of \[2, 3\] into parts of 1 \+ 1/],
  ["concat", ({ a, b }) => concat([a, b], 0), /differ outside axis 0/],
  ["reduceSum", ({ a }) => reduceSum(a, [2]), /axis 2 of a tensor with 2 dimensions/],
  ["gather by floats", ({ a }) => gather(a, a), /needs integer indices, not float32/],
  [
    "layerNorm",
    ({ g, a }) => layerNorm(a, g.input("s", [2]), g.input("t", [2]), 1e-5),
    /needs a scale and bias of \[3\]/,
  ],
  ["gradient of a vector", ({ a }) => gradients(a, [a])[0]!, /must be a scalar, not \[2, 3\]/],
  ["a taken name", ({ g }) => g.input("a", [1]), /"a" is taken/],
  ["a constant of the wrong size", ({ g }) => g.constant([3], new Float32Array(2)), /cannot have 2 values/],
] as [string, (values: ReturnType<typeof graph>) => unknown, RegExp][])(
  "%s: a wrong shape is named where it is made",
  (_, build, message) => {
    expect(() => build(graph())).toThrow(message);
  },
);

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start({ workers: 2 });
});
afterAll(() => engine.close());

test("outputs are written in place on shared memory, inputs are read in place", async () => {
  const g = new Graph("in place");
  g.output("y", mul(g.input("x", [3]), g.input("s", [3])));
  const program = await engine.load(g);
  const x = sharedFloats(3);
  const s = sharedFloats(3).fill(2);
  const y = sharedFloats(3);
  x.set([1, 2, 3]);
  const result = await program.run({ x, s }, { y });
  expect(result["y"]).toBe(y);
  expect([...y]).toEqual([2, 4, 6]);
  s.fill(10);
  await program.run({ x, s }, { y });
  expect([...y]).toEqual([10, 20, 30]);
});

test("inputs can be fixed when the graph is loaded, large ones without being copied into the model", async () => {
  const g = new Graph("fixed");
  const n = 2000;
  g.output("y", add(g.input("x", [n]), g.input("c", [n])));
  const program = await engine.load(g, { constants: { c: sharedFloats(n).fill(0.5) } });
  const { y } = await program.run({ x: new Float32Array(n).fill(1) });
  expect(y!.every((value) => value === 1.5)).toBe(true);
});

test("many runs at once on two workers each get their own answer", async () => {
  const g = new Graph("many");
  g.output("y", mul(g.input("x", [1]), g.scalar(3)));
  const program = await engine.load(g);
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) => program.run({ x: Float32Array.of(i) })),
  );
  expect(answers.map(({ y }) => y![0])).toEqual(Array.from({ length: 50 }, (_, i) => 3 * i));
});

test("wrong feeds are refused by name", async () => {
  const g = new Graph("feeds");
  g.output("y", add(g.input("x", [2]), g.scalar(1)));
  const program = await engine.load(g);
  await expect(program.run({})).rejects.toThrow('input "x" is missing');
  await expect(program.run({ x: new Float32Array(3) })).rejects.toThrow('"x" has 3 values, expected [2]');
  await expect(program.run({ x: new Int32Array(2) })).rejects.toThrow("must be float32");
  await expect(program.run({ x: new Float32Array(2) }, { y: new Float32Array(2) })).rejects.toThrow(
    "shared memory",
  );
});

test("the main thread stays alive during a long run", async () => {
  const g = new Graph("long");
  let y = g.input("x", [700, 700]);
  for (let i = 0; i < 20; i++) y = gemm(y, y);
  g.output("y", y);
  const program = await engine.load(g);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  await program.run({ x: sharedFloats(490_000).fill(1e-3) });
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(3);
});

test("a closed engine refuses work instead of hanging", async () => {
  const other = await Engine.start();
  const g = new Graph("closed");
  g.output("y", add(g.input("x", [1]), g.scalar(1)));
  const program = await other.load(g);
  await other.close();
  await expect(program.run({ x: Float32Array.of(1) })).rejects.toThrow("closed");
});
