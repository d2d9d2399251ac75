/** The transformer with fused attention against the one that is trained, where a context takes several blocks. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { Graph } from "../../src/engine/graph.ts";
import { weightsOf } from "../../src/model/cut.ts";
import type { ModelConfig } from "../../src/model/config.ts";
import { Transformer } from "../../src/model/transformer.ts";
import { Random } from "../../src/random.ts";
import { largestDifference } from "../close.ts";

const config: ModelConfig = {
  nLayer: 2,
  nHead: 3,
  dModel: 24,
  dHead: 8,
  dMlp: 96,
  vocabSize: 50,
  context: 300,
  activation: "gelu_tanh",
  layerNormEpsilon: 1e-5,
  tieWordEmbeddings: true,
  bosId: 0,
  eosId: 0,
};

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start();
});
afterAll(() => engine.close());

function build(fused: boolean, context: number) {
  const graph = new Graph("whole");
  const transformer = new Transformer(graph, config, { batch: 2, context, fused });
  const tokens = graph.input("tokens", [2 * context], "int32");
  graph.output("logits", transformer.finish(transformer.embed(tokens)));
  return transformer;
}

test.each([1, 63, 64, 65, 128, 300])("%d tokens: the same logits", async (context) => {
  const random = Random.of(3, "fused");
  const tokens = Int32Array.from({ length: 2 * context }, () => random.integer(config.vocabSize));
  const [plain, fused] = [false, true].map((switched) => build(switched, context));
  const weights = Object.fromEntries(
    [...plain!.parameters].map(([name, { dims }]) => [
      name,
      Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => 0.3 * random.normal()),
    ]),
  );
  const logits: Float32Array[] = [];
  for (const transformer of [plain!, fused!]) {
    const program = await engine.load(transformer.graph, { constants: weightsOf(transformer, weights) });
    logits.push((await program.run({ tokens }))["logits"]!);
    await program.release();
  }
  const size = Math.max(...logits[0]!.map(Math.abs));
  expect(size).toBeGreaterThan(1);
  expect(largestDifference(logits[0]!, logits[1]!) / size).toBeLessThan(1e-5);
});
