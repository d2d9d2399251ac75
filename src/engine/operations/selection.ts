/** The largest values of each row, and the boundary that a gradient does not cross. */

import { float32, type Operation, shapes, type Value } from "../graph.ts";

/**
 * x [n, m] → the k largest values of each row, in descending order, and their columns, both [n, k]. Which entries are
 * selected is constant almost everywhere; whoever wants a gradient multiplies by the selection (`keepLargest`).
 */
const TopK: Operation = {
  type: "TopK",
  infer([x], attributes) {
    const k = attributes["k"] as number;
    if (x!.dims.length !== 2 || k < 1 || k > x!.dims[1]!) {
      throw new Error(`TopK: the ${k} largest of the rows of ${shapes(x!)}`);
    }
    const dims = [x!.dims[0]!, k];
    return [float32(dims), { dtype: "int64", dims }];
  },
  evaluate([x], attributes, [values, columns]) {
    const [n, m] = x!.dims as [number, number];
    const k = attributes["k"] as number;
    const [largest, at] = [new Float64Array(n * k), new Float64Array(n * k)];
    for (let row = 0; row < n; row++) {
      const entries = x!.data.subarray(row * m, (row + 1) * m);
      const order = [...entries.keys()].sort((a, b) => entries[b]! - entries[a]! || a - b).slice(0, k);
      largest.set(
        order.map((column) => entries[column]!),
        row * k,
      );
      at.set(order, row * k);
    }
    return [
      { dims: values!.dims, data: largest },
      { dims: columns!.dims, data: at },
    ];
  },
  onnx: ({ k }) => ({ attributes: { axis: -1, largest: 1, sorted: 1 }, inputs: [[k as number]] }),
};

/** The same numbers; what they depend on is held fixed. */
const Held: Operation = {
  type: "Identity",
  infer: ([x]) => [{ dtype: x!.dtype, dims: x!.dims }],
  evaluate: ([x]) => [x!],
};

/** The k largest values of each row of x [n, m], descending: [n, k]. */
export const largest = (x: Value, k: number): Value => x.graph.apply(TopK, [x], { k })[0]!;

/** The same with their columns, int64 [n, k]. */
export function largestEntries(x: Value, k: number): { values: Value; columns: Value } {
  const [values, columns] = x.graph.apply(TopK, [x], { k });
  return { values: values!, columns: columns! };
}

/** sg(x): x, through which no gradient passes. */
export const stopGradient = (x: Value): Value => x.graph.apply(Held, [x])[0]!;
