/**
 * Reverse-mode differentiation of a graph (Griewank & Walther 2008, ch. 3): walk the nodes backwards, turn the gradients
 * of each node's outputs into gradients of its inputs by the operation's own rule, add up where a value is used twice.
 * The result is more of the same graph, so it runs on the same engine and can be differentiated again.
 */

import type { Value } from "./graph.ts";
import { add } from "./operations/elementwise.ts";
import { zeros } from "./operations/stretching.ts";

/**
 * ∂loss/∂w for each `w` of `wrt`, each with the dimensions of its `w`.
 * @param loss a scalar
 * @throws Error when a value on the way has no gradient rule
 */
export function gradients(loss: Value, wrt: readonly Value[]): Value[] {
  if (loss.dims.length !== 0) {
    throw new Error(`gradients: the loss must be a scalar, not [${loss.dims.join(", ")}]`);
  }
  const { graph } = loss;
  const dependent = new Set<Value>(wrt);
  const nodes = [...graph.nodes];
  for (const node of nodes) {
    if (node.inputs.some((input) => dependent.has(input)))
      for (const output of node.outputs) dependent.add(output);
  }

  const bar = new Map<Value, Value>([[loss, graph.scalar(1)]]);
  for (const node of nodes.reverse()) {
    const upstream = node.outputs.map((output) => bar.get(output));
    if (upstream.every((dy) => dy === undefined)) continue;
    if (!node.inputs.some((input) => dependent.has(input))) continue;
    // An operation that is constant almost everywhere (sign) ends the path.
    if (!node.operation.gradient) continue;
    const downstream = node.operation.gradient(node, upstream);
    node.inputs.forEach((input, i) => {
      const dx = downstream[i];
      if (!dx || !dependent.has(input)) return;
      const sum = bar.get(input);
      bar.set(input, sum ? add(sum, dx) : dx);
    });
  }
  return wrt.map((value) => bar.get(value) ?? zeros(value, value.dims));
}
