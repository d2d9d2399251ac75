/**
 * The objectives as graphs over a whole batch, [rows, features], for a device that computes densely (device-graph.ts).
 * Each is its paper's equations (reference/ has them with their sources); nothing here is a derivative.
 *
 *   x̃ = x − c·b_dec     z = x̃ W_encᵀ     x̂ = f W_dec + b_dec     L = mean_j ‖x̂_j − x_j‖² + …
 *
 * A straight-through derivative is written as a term of value 0 that has it: g·(θ − sg(θ)) adds nothing and has the slope g.
 */

import type { Graph, Value } from "../engine/graph.ts";
import { relu } from "../engine/operations/activation.ts";
import { abs, add, exp, mul, neg, scale, sign, sqrt, square, sub } from "../engine/operations/elementwise.ts";
import { split } from "../engine/operations/layout.ts";
import { gemm } from "../engine/operations/matmul.ts";
import { largest, stopGradient } from "../engine/operations/selection.ts";
import { reduceSum } from "../engine/operations/stretching.ts";
import type { ObjectiveName } from "./objectives.ts";

/** The objectives whose selection needs one row at a time: a batch's ranks have no dense form that a GPU is good at. */
export const DEVICE_OBJECTIVES = ["relu-l1", "april-2024", "topk", "jumprelu", "gated"] as const;
export type DeviceObjective = (typeof DEVICE_OBJECTIVES)[number];

export function isDeviceObjective(objective: ObjectiveName): objective is DeviceObjective {
  return (DEVICE_OBJECTIVES as readonly string[]).includes(objective);
}

/** What is fixed when the graph is built. */
export interface DeviceObjectiveOptions {
  readonly objective: DeviceObjective;
  /** The encoder sees x − b_dec. */
  readonly centred: boolean;
  readonly k: number;
  /** 0: no auxiliary loss. */
  readonly kAux: number;
  readonly auxCoefficient: number;
  readonly bandwidth: number;
  readonly targetL0: number;
}

/** Parameters by their names in reference/: matrices [features, d_in], the others a row each. */
export type DeviceParameters = Readonly<Record<string, Value>>;

/** What changes from step to step. */
export interface StepInputs {
  readonly x: Value;
  /** Coefficient of the L1 term, or of jumprelu's penalty. */
  readonly sparsity: Value;
  /** [1, features], 1 where a feature counts as dead; topk only. */
  readonly dead?: Value;
}

/** Scalars, but for f [rows, features]. */
export interface Objective {
  readonly loss: Value;
  readonly f: Value;
  readonly mse: Value;
  /** Mean of the L1 term. */
  readonly l1: Value;
  readonly l0: Value;
  /** Mean error of the second reconstruction, its coefficient left out; 0 for objectives that have none. */
  readonly extra: Value;
}

export function deviceObjective(
  parameters: DeviceParameters,
  inputs: StepInputs,
  options: DeviceObjectiveOptions,
): Objective {
  return EQUATIONS[options.objective](new Shared(parameters, inputs, options));
}

/** What the equations have in common. */
class Shared {
  readonly parameters: DeviceParameters;
  readonly inputs: StepInputs;
  readonly options: DeviceObjectiveOptions;
  readonly z: Value;
  readonly graph: Graph;

  constructor(parameters: DeviceParameters, inputs: StepInputs, options: DeviceObjectiveOptions) {
    this.parameters = parameters;
    this.inputs = inputs;
    this.options = options;
    this.graph = inputs.x.graph;
    const centred = options.centred ? sub(inputs.x, parameters["b_dec"]!) : inputs.x;
    this.z = gemm(centred, parameters["W_enc"]!, { transB: true });
  }

  /** f W_dec + b_dec */
  decode(f: Value, W_dec = this.parameters["W_dec"]!, b_dec = this.parameters["b_dec"]!): Value {
    return add(gemm(f, W_dec), b_dec);
  }

  /** mean_j ‖a_j − b_j‖² */
  meanSquare(a: Value, b: Value): Value {
    return this.mean(reduceSum(square(sub(a, b))));
  }

  /** A sum over rows as their mean. */
  mean(sum: Value): Value {
    return scale(sum, 1 / this.inputs.x.dims[0]!);
  }

  /** Mean number of entries above 0 of values that are never below. */
  meanActive(f: Value): Value {
    return this.mean(reduceSum(sign(f)));
  }

  /** The reconstruction's error with Λ times the mean of `penalised`. */
  withL1(f: Value, penalised: Value, extra = this.graph.scalar(0)): Objective {
    const mse = this.meanSquare(this.decode(f), this.inputs.x);
    const l1 = this.mean(reduceSum(penalised));
    const loss = add(add(mse, mul(this.inputs.sparsity, l1)), extra);
    return { loss, f, mse, l1, l0: this.meanActive(f), extra };
  }
}

const EQUATIONS: Readonly<Record<DeviceObjective, (shared: Shared) => Objective>> = {
  "relu-l1"(shared) {
    const f = relu(add(shared.z, shared.parameters["b_enc"]!));
    return shared.withL1(f, f);
  },

  "april-2024"(shared) {
    const { b_enc, W_dec } = shared.parameters;
    const f = relu(add(shared.z, b_enc!));
    return shared.withL1(f, mul(f, sqrt(reduceSum(square(W_dec!), [1]))));
  },

  gated(shared) {
    const { b_gate, r_mag, b_mag, W_dec, b_dec } = shared.parameters;
    const gates = relu(add(shared.z, b_gate!));
    const f = mul(sign(gates), relu(add(mul(shared.z, exp(r_mag!)), b_mag!)));
    const fromGates = shared.decode(gates, stopGradient(W_dec!), stopGradient(b_dec!));
    return shared.withL1(f, gates, shared.meanSquare(fromGates, shared.inputs.x));
  },

  jumprelu(shared) {
    const { b_enc, threshold } = shared.parameters;
    const { bandwidth, targetL0 } = shared.options;
    const h = add(shared.z, b_enc!);
    const open = sign(relu(sub(h, threshold!)));
    const window = sign(relu(sub(shared.graph.scalar(bandwidth / 2), abs(sub(h, threshold!)))));
    // −1/ε in the window, on a θ-shaped zero.
    const slope = mul(neg(scale(window, 1 / bandwidth)), sub(threshold!, stopGradient(threshold!)));
    const f = mul(h, open);
    const felt = add(f, mul(stopGradient(threshold!), slope));
    const mse = shared.meanSquare(shared.decode(felt), shared.inputs.x);
    const l0 = shared.mean(reduceSum(add(open, slope)));
    const excess = sub(scale(l0, 1 / targetL0), shared.graph.scalar(1));
    const loss = add(mse, mul(shared.inputs.sparsity, square(excess)));
    const extra = shared.graph.scalar(0);
    // Not sign(f): a negative θ would let negative activations through.
    return { loss, f: open, mse, l1: shared.mean(reduceSum(f)), l0, extra };
  },

  topk(shared) {
    const { k, kAux, auxCoefficient } = shared.options;
    const h = add(shared.z, shared.parameters["b_enc"]!);
    const f = mul(relu(h), keepLargest(h, k));
    const reconstruction = shared.decode(f);
    const mse = shared.meanSquare(reconstruction, shared.inputs.x);
    const seen = { f, mse, l1: shared.mean(reduceSum(f)), l0: shared.meanActive(f) };
    const { dead } = shared.inputs;
    if (!dead || kAux === 0 || auxCoefficient === 0)
      return { ...seen, loss: mse, extra: shared.graph.scalar(0) };
    const positive = mul(relu(h), dead);
    const error = stopGradient(sub(shared.inputs.x, reconstruction));
    const estimate = gemm(mul(positive, keepLargest(positive, kAux)), shared.parameters["W_dec"]!);
    // Without dead features there is nothing to learn from, and the loss is 0 by definition.
    const extra = mul(sign(reduceSum(dead)), shared.meanSquare(estimate, error));
    return { ...seen, loss: add(mse, scale(extra, auxCoefficient)), extra };
  },
};

/**
 * 1 at the k largest of each row. Numbers equal to the k-th are all kept: the plain loops keep the first feature of them,
 * which float32 activations that differ only in rounding make a rare difference.
 */
function keepLargest(h: Value, k: number): Value {
  const values = largest(h, k);
  const smallest = k === 1 ? values : split(values, 1, [k - 1, 1])[1]!;
  return sub(h.graph.scalar(1), sign(relu(sub(smallest, h))));
}
