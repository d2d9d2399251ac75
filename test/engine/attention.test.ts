/** Fused causal attention: ONNX Runtime against plain loops, and both against the same attention in elementary operations. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { Graph, type Value } from "../../src/engine/graph.ts";
import { causalAttention, type Past } from "../../src/engine/operations/attention.ts";
import { add, scale } from "../../src/engine/operations/elementwise.ts";
import { concat, split, transpose } from "../../src/engine/operations/layout.ts";
import { matmul } from "../../src/engine/operations/matmul.ts";
import { softmax } from "../../src/engine/operations/normalisation.ts";
import { reshape } from "../../src/engine/operations/stretching.ts";
import { evaluate } from "../../src/engine/reference.ts";
import { Random } from "../../src/random.ts";
import { largestDifference } from "../close.ts";

const [batch, tokens, heads, dHead] = [2, 7, 3, 4];
const width = heads * dHead;
const dims = [batch, tokens, width];

type Attention = (q: Value, k: Value, v: Value) => Value;

const elementary: Attention = (q, k, v) => {
  const byHead = (x: Value, order: number[]) => transpose(reshape(x, [batch, tokens, heads, dHead]), order);
  const scores = scale(matmul(byHead(q, [0, 2, 1, 3]), byHead(k, [0, 2, 3, 1])), 1 / Math.sqrt(dHead));
  const mask = Float32Array.from({ length: tokens ** 2 }, (_, i) =>
    i % tokens > Math.floor(i / tokens) ? -1e9 : 0,
  );
  const z = matmul(softmax(add(scores, q.graph.constant([tokens, tokens], mask))), byHead(v, [0, 2, 1, 3]));
  return reshape(transpose(z, [0, 2, 1, 3]), dims);
};

const inBlocks =
  (lengths: number[]): Attention =>
  (...whole) => {
    const blocks = whole.map((x) => split(x, 1, lengths));
    let past: Past | undefined;
    const parts = lengths.map((_, i) => {
      const [q, k, v] = blocks.map((block) => block[i]!);
      const attended = causalAttention(q!, k!, v!, { heads, past });
      past = attended.past;
      return attended.z;
    });
    return concat(parts, 1);
  };

function attentionGraph(attend: Attention): Graph {
  const graph = new Graph("attention");
  const [q, k, v] = ["q", "k", "v"].map((name) => graph.input(name, dims));
  graph.output("z", attend(q!, k!, v!));
  return graph;
}

/** `size` is the standard deviation of queries and keys: large ones make scores by the thousand. */
function draw(size: number): Record<string, Float32Array> {
  const random = Random.of(7, "attention");
  const normal = (deviation: number) =>
    Float32Array.from({ length: batch * tokens * width }, () => deviation * random.normal());
  return { q: normal(size), k: normal(size), v: normal(1) };
}

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start();
});
afterAll(() => engine.close());

describe.each([
  ["in one piece", (q, k, v) => causalAttention(q, k, v, { heads }).z],
  ["in blocks of unequal length", inBlocks([3, 3, 1])],
  ["token by token", inBlocks([1, 1, 1, 1, 1, 1, 1])],
] satisfies [string, Attention][])("%s", (_, attend) => {
  test.each([1, 100])(
    "ONNX Runtime and plain loops give elementary attention, scores of size %d²",
    async (size) => {
      const feeds = draw(size);
      const { z: expected } = evaluate(attentionGraph(elementary), feeds);
      const graph = attentionGraph(attend);
      expect(largestDifference(evaluate(graph, feeds)["z"]!, expected!)).toBeLessThan(1e-12);
      const program = await engine.load(graph);
      const { z } = await program.run(feeds);
      // Scores of ten thousand are known to a thousandth in float32.
      expect(largestDifference(z!, expected!)).toBeLessThan(size === 1 ? 2e-6 : 1e-2);
      await program.release();
    },
  );
});

test("no token sees a later one, whatever its score", async () => {
  const program = await engine.load(attentionGraph((q, k, v) => causalAttention(q, k, v, { heads }).z));
  const feeds = draw(1);
  const { z: before } = await program.run(feeds);
  for (const name of ["k", "v"]) {
    for (let b = 0; b < batch; b++)
      feeds[name]!.fill(1e6, ((b + 1) * tokens - 1) * width, (b + 1) * tokens * width);
  }
  const { z: after } = await program.run(feeds);
  for (let b = 0; b < batch; b++) {
    const earlier = [b * tokens * width, ((b + 1) * tokens - 1) * width] as const;
    expect([...after!.subarray(...earlier)]).toEqual([...before!.subarray(...earlier)]);
  }
  await program.release();
});

test.each([
  [[2, 7, 13], [2, 7, 13], /\[2, 7, 13\] has no 3 heads/],
  [[2, 7, 12], [2, 6, 12], /differ/],
])("queries %j and keys %j are refused", (q, k, message) => {
  const graph = new Graph("shapes");
  const [queries, keys] = [graph.input("q", q), graph.input("k", k)];
  expect(() => causalAttention(queries, keys, keys, { heads })).toThrow(message);
});

test("a past of another shape is refused", () => {
  const graph = new Graph("past");
  const q = graph.input("q", dims);
  const stray = graph.input("past", [batch, heads + 1, 5, dHead]);
  expect(() => causalAttention(q, q, q, { heads, past: { keys: stray, values: stray } })).toThrow(
    /a past of \[2, 4, 5, 4\], expected \[2, 3, 5, 4\]/,
  );
});
