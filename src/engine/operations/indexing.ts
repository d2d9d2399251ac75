/** Reading by index (embeddings, the probability of the next token) and its reverse, adding by index. */

import { float32, type Operation, shapes, type Value } from "../graph.ts";
import { type Dims, sizeOf } from "../tensor.ts";
import { reshape, zeros } from "./stretching.ts";

/** Rows of a table: table [n, …], indices [i…] → [i…, …]. */
const Gather: Operation = {
  type: "Gather",
  infer([table, indices]) {
    expectIntegers("Gather", indices!);
    return [{ dtype: table!.dtype, dims: [...indices!.dims, ...table!.dims.slice(1)] }];
  },
  gradient({ inputs: [table, indices] }, [dy]) {
    const count = sizeOf(indices!.dims);
    const updates = reshape(dy!, [count, ...table!.dims.slice(1)]);
    return [scatterAddRows(table!.dims, reshape(indices!, [count, 1]), updates), undefined];
  },
  evaluate([table, indices], _, [out]) {
    const width = sizeOf(table!.dims.slice(1));
    const data = new Float64Array(sizeOf(out!.dims));
    indices!.data.forEach((row, i) =>
      data.set(table!.data.subarray(row * width, (row + 1) * width), i * width),
    );
    return [{ dims: out!.dims, data }];
  },
};

/** base [n, …] plus updates [i, …] at rows indices [i, 1]; a row named twice gets both. */
const ScatterND: Operation = {
  type: "ScatterND",
  infer([base, indices, updates]) {
    if (indices!.dtype !== "int64") throw new Error(`ScatterND: needs int64 indices, not ${indices!.dtype}`);
    if (indices!.dims.length !== 2 || indices!.dims[1] !== 1 || updates!.dims[0] !== indices!.dims[0]) {
      throw new Error(`ScatterND: indices and updates ${shapes(indices!, updates!)} do not fit`);
    }
    return [float32(base!.dims)];
  },
  gradient: ({ inputs: [, indices] }, [dy]) => [
    dy,
    undefined,
    gather(dy!, reshape(indices!, [indices!.dims[0]!])),
  ],
  evaluate([base, indices, updates]) {
    const width = sizeOf(base!.dims.slice(1));
    const data = base!.data.slice();
    indices!.data.forEach((row, i) => {
      for (let j = 0; j < width; j++) data[row * width + j]! += updates!.data[i * width + j]!;
    });
    return [{ dims: base!.dims, data }];
  },
};

/** k elements of each row: x [n, m], indices [n, k] → [n, k]. */
const GatherElements: Operation = {
  type: "GatherElements",
  infer([x, indices]) {
    expectIntegers("GatherElements", indices!);
    expectPicks("GatherElements", x!, indices!);
    return [{ dtype: x!.dtype, dims: indices!.dims }];
  },
  gradient: ({ inputs: [x, indices] }, [dy]) => [scatterElements(x!.dims, indices!, dy!), undefined],
  evaluate([x, indices]) {
    const width = x!.dims[1]!;
    const picks = indices!.dims[1]!;
    const data = indices!.data.map((column, i) => x!.data[Math.floor(i / picks) * width + column]!);
    return [{ dims: indices!.dims, data }];
  },
};

/**
 * base [n, m] with elements indices[i] of row i replaced by updates[i]; with `reduction` "add" the updates are added, so that
 * an element named twice gets both.
 */
const ScatterElements: Operation = {
  type: "ScatterElements",
  infer([base, indices, updates]) {
    expectPicks("ScatterElements", base!, indices!);
    expectPicks("ScatterElements", base!, updates!);
    return [float32(base!.dims)];
  },
  gradient: ({ inputs: [base, indices], attributes }, [dy]) => [
    attributes["reduction"] === "add"
      ? dy
      : scatterElements(base!.dims, indices!, zeros(dy!, indices!.dims), dy!),
    undefined,
    gatherElements(dy!, indices!),
  ],
  evaluate([base, indices, updates], attributes) {
    const width = base!.dims[1]!;
    const picks = indices!.dims[1]!;
    const data = base!.data.slice();
    indices!.data.forEach((column, i) => {
      const at = Math.floor(i / picks) * width + column;
      data[at] = updates!.data[i]! + (attributes["reduction"] === "add" ? data[at]! : 0);
    });
    return [{ dims: base!.dims, data }];
  },
};

const Cast: Operation = {
  type: "Cast",
  infer: ([x]) => [{ dtype: "int64", dims: x!.dims }],
  evaluate: ([x]) => [x!],
  onnx: () => ({ attributes: { to: 7 } }),
};

/** Integers as float32: exact up to 2^24. */
const CastToFloat: Operation = {
  type: "Cast",
  infer([x]) {
    expectIntegers("Cast", x!);
    return [float32(x!.dims)];
  },
  evaluate: ([x]) => [x!],
  onnx: () => ({ attributes: { to: 1 } }),
};

function expectIntegers(type: string, indices: Value): void {
  if (indices.dtype !== "int32" && indices.dtype !== "int64") {
    throw new Error(`${type}: needs integer indices, not ${indices.dtype}`);
  }
}

function expectPicks(type: string, x: Value, picks: Value): void {
  if (x.dims.length !== 2 || picks.dims.length !== 2 || picks.dims[0] !== x.dims[0]) {
    throw new Error(`${type}: ${shapes(x, picks)}; expected a matrix and columns of the same length`);
  }
}

const toInt64 = (x: Value): Value => (x.dtype === "int64" ? x : x.graph.apply(Cast, [x])[0]!);

/** Integers as the floats that a run of a graph gives out. */
export const toFloat = (x: Value): Value => x.graph.apply(CastToFloat, [x])[0]!;

export const gather = (table: Value, indices: Value): Value =>
  table.graph.apply(Gather, [table, indices], { axis: 0 })[0]!;

export const scatterAddRows = (dims: Dims, indices: Value, updates: Value): Value =>
  updates.graph.apply(ScatterND, [zeros(updates, dims), toInt64(indices), updates], { reduction: "add" })[0]!;

export const gatherElements = (x: Value, indices: Value): Value =>
  x.graph.apply(GatherElements, [x, indices], { axis: 1 })[0]!;

/** Of several columns, which may name an element twice, the updates are added; one column replaces, which is quicker. */
const scatterElements = (dims: Dims, indices: Value, updates: Value, base = zeros(updates, dims)): Value =>
  updates.graph.apply(ScatterElements, [base, indices, updates], {
    axis: 1,
    ...(indices.dims[1]! > 1 && { reduction: "add" }),
  })[0]!;
