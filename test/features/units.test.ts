/** What units read off a row. */

import { expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { Graph } from "../../src/engine/graph.ts";
import { gelu } from "../../src/engine/operations/activation.ts";
import { sharedFloats } from "../../src/engine/tensor.ts";
import { neuronUnits } from "../../src/features/units.ts";

test("a neuron far below its threshold is not active, whatever rounding makes of its activation function", async () => {
  const size = 4096;
  const graph = new Graph("gelu");
  graph.output("y", gelu(graph.input("x", [size]), "tanh"));
  const engine = await Engine.start({ workers: 1 });
  const x = sharedFloats(size);
  for (let i = 0; i < size; i++) x[i] = -5.2 + (0.4 * i) / size;
  x[17] = 0.01;
  const { y } = await (await engine.load(graph)).run({ x });
  const { indices, values, rowOffsets } = await neuronUnits(size).encode(y!);
  expect([[...indices], values[0], [...rowOffsets]]).toEqual([[17], y![17], [0, 1]]);
  await engine.close();
});
