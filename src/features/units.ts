/**
 * Units: what an analysis looks at. A dictionary's features and, as their control, the model's own neurons, seen alike: each
 * has an activation f_i(x) ≥ 0 on a row x of a hook point and a direction d_i in which it adds to that row.
 *
 *     features   f = encoder(x)            d_i = W_dec[i]
 *     neurons    f_k = max(0, x_k)         d_k = e_k           at blocks.L.mlp.hook_post
 *
 * What it adds is f_i(x) d_i, or s(x) f_i(x) d_i for a dictionary that stretches each reconstruction by a scale of the row's
 * own: with "layer_norm", x̂ = mean(x) + σ(x) (b_dec + Σ f_i d_i).
 */

import { chosenFeatures, decideAlone } from "../sae/chosen-features.ts";
import { meanAndDeviation, type SaeForward, type SparseActivations } from "../sae/forward.ts";

export const UNIT_KINDS = ["feature", "neuron"] as const;
export type UnitKind = (typeof UNIT_KINDS)[number];

export interface Units {
  readonly kind: UnitKind;
  readonly count: number;
  /** Length of the rows that they read. */
  readonly dIn: number;
  /** Active units of rows `x` [n, d_in]: those with f > 0, indices ascending in each row. */
  encode(x: Float32Array): Promise<SparseActivations>;
  /** f of the units `indices` on rows `x` [n, d_in]: [n, indices]. There where it takes less than `encode`. */
  readonly chosen?: (x: Float32Array, indices: readonly number[]) => Float32Array;
  /** d_i [d_in]. The array may be a view: do not write to it. */
  direction(index: number): Float32Array;
  /** s(x) of one row x [d_in]; 1 for every row unless given. */
  readonly scale?: (x: Float32Array) => number;
}

/** s(x) of one row [d_in]: a unit with f = 1 adds s(x) d_i to it. */
export function rowScale(units: Units, x: Float32Array): number {
  return units.scale?.(x) ?? 1;
}

export function saeUnits(forward: Pick<SaeForward, "sae" | "encode">): Units {
  const { d_in, d_sae, W_dec, normalize_activations } = forward.sae;
  return {
    kind: "feature",
    count: d_sae,
    dIn: d_in,
    encode: (x) => forward.encode(x),
    ...(decideAlone(forward.sae) && { chosen: (x, indices) => chosenFeatures(forward.sae, x, indices) }),
    direction: (index) => W_dec.subarray(index * d_in, (index + 1) * d_in),
    ...(normalize_activations === "layer_norm" && { scale: (x) => meanAndDeviation(x)[1] }),
  };
}

/**
 * Of an activation function at inputs far below 0, where it is 0 but for rounding: ONNX Runtime's tanh is below −1 near −5, and its
 * GELU 3e-7 there. Neurons that never fire would otherwise have examples, all of them noise.
 */
const ROUNDING = 1e-6;

export function neuronUnits(dIn: number): Units {
  return {
    kind: "neuron",
    count: dIn,
    dIn,
    encode: async (x) => positivePart(x, dIn),
    direction(index) {
      const direction = new Float32Array(dIn);
      direction[index] = 1;
      return direction;
    },
  };
}

function positivePart(x: Float32Array, dIn: number): SparseActivations {
  const rows = x.length / dIn;
  const rowOffsets = new Uint32Array(rows + 1);
  let count = 0;
  for (let i = 0; i < x.length; i++) if (x[i]! > ROUNDING) count++;
  const indices = new Uint32Array(count);
  const values = new Float32Array(count);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let k = 0; k < dIn; k++) {
      const value = x[row * dIn + k]!;
      if (!(value > ROUNDING)) continue;
      indices[at] = k;
      values[at++] = value;
    }
    rowOffsets[row + 1] = at;
  }
  return { rowOffsets, indices, values };
}
