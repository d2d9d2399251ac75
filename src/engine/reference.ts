/** A graph evaluated node by node in float64 plain loops: the oracle for ONNX Runtime and for every gradient rule. */

import type { Array64, Graph, Value } from "./graph.ts";
import { sizeOf } from "./tensor.ts";

/** The outputs of `graph` by name, for inputs given by name as flat row-major numbers. */
export function evaluate(
  graph: Graph,
  feeds: Readonly<Record<string, ArrayLike<number>>>,
): Record<string, Float64Array> {
  const known = new Map<Value, Array64>();
  for (const input of graph.inputs) {
    const data = feeds[input.name];
    if (!data) throw new Error(`reference: input "${input.name}" is missing`);
    if (data.length !== sizeOf(input.dims)) {
      throw new Error(
        `reference: input "${input.name}" has ${data.length} values, expected ${sizeOf(input.dims)}`,
      );
    }
    known.set(input, { dims: input.dims, data: Float64Array.from(data) });
  }
  for (const value of graph.constants) {
    const data = Float64Array.from(value.constant as ArrayLike<number | bigint>, Number);
    known.set(value, { dims: value.dims, data });
  }
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((input) => known.get(input)!);
    const outputs = node.operation.evaluate(inputs, node.attributes, node.outputs);
    node.outputs.forEach((output, i) => known.set(output, outputs[i]!));
  }
  return Object.fromEntries([...graph.outputs].map(([name, value]) => [name, known.get(value)!.data]));
}
