/**
 * Several training steps of a dictionary as one graph: forward pass, derived gradients, projection, Adam with bias
 * correction, restored norms and counts of firings, one step's results feeding the next. Between two runs only the state
 * crosses from and to the device, once for all their steps.
 *
 * Names: a parameter p comes with its moments p_m and p_v; results are called next_…. Numbers of step j end in _j.
 */

import { gradients } from "../engine/gradients.ts";
import { Graph, type Value } from "../engine/graph.ts";
import { relu } from "../engine/operations/activation.ts";
import { add, div, mul, scale, sign, sqrt, square, sub } from "../engine/operations/elementwise.ts";
import { concat } from "../engine/operations/layout.ts";
import { reduceSum, reshape, zeros } from "../engine/operations/stretching.ts";
import type { Dims } from "../engine/tensor.ts";
import { deviceObjective, type DeviceObjectiveOptions } from "./device-objectives.ts";
import type { SaeOptions } from "./options.ts";

export interface DeviceGraphOptions extends DeviceObjectiveOptions {
  readonly d_in: number;
  readonly d_sae: number;
  readonly batch: number;
  /** Steps in one run of the graph. */
  readonly steps: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** When decoder rows are brought to norm 1. */
  readonly renormalise: SaeOptions["decoder_norm"];
}

/** Numbers that a step is given: each is an input [1] called after it and the step. */
export const STEP_NUMBERS = ["sparsity", "stepSize", "rootCorrection", "number", "deadBefore"] as const;
export type StepNumbers = Readonly<Record<(typeof STEP_NUMBERS)[number], number>>;

/** What a step reports, in this order: the output statistics_j. */
export const STATISTICS = ["loss", "mse", "l1", "l0", "variance", "extra"] as const;

/** The parameters of an objective and their dimensions. */
export function deviceParameters({ objective, d_in, d_sae }: DeviceGraphOptions): Record<string, Dims> {
  const matrices = { W_enc: [d_sae, d_in], W_dec: [d_sae, d_in], b_dec: [d_in] };
  if (objective === "gated") return { ...matrices, b_gate: [d_sae], r_mag: [d_sae], b_mag: [d_sae] };
  return { ...matrices, b_enc: [d_sae], ...(objective === "jumprelu" && { threshold: [d_sae] }) };
}

/** A parameter with Adam's moments, as one step leaves it for the next. */
interface Adam {
  readonly w: Value;
  readonly m: Value;
  readonly v: Value;
}

interface State {
  readonly parameters: Readonly<Record<string, Adam>>;
  /** Step of the last firing of each feature: numbers up to 2²⁴ are exact. */
  readonly last_fired: Value;
  /** Tokens each feature fired on within this run of the graph. */
  readonly fired: Value;
}

export function deviceGraph(options: DeviceGraphOptions): Graph {
  const { d_in, d_sae, batch, steps } = options;
  const graph = new Graph(`${steps} steps of ${options.objective}`);
  const last_fired = graph.input("last_fired", [d_sae]);
  let state: State = {
    parameters: Object.fromEntries(
      Object.entries(deviceParameters(options)).map(([name, dims]) => [
        name,
        {
          w: graph.input(name, dims),
          m: graph.input(`${name}_m`, dims),
          v: graph.input(`${name}_v`, dims),
        },
      ]),
    ),
    last_fired,
    fired: zeros(last_fired, [d_sae]),
  };
  for (let j = 0; j < steps; j++) {
    const x = graph.input(`x_${j}`, [batch, d_in]);
    const numbers = Object.fromEntries(
      STEP_NUMBERS.map((name) => [name, graph.input(`${name}_${j}`, [1])]),
    ) as Record<keyof StepNumbers, Value>;
    const { next, statistics } = oneStep(state, x, numbers, options);
    graph.output(`statistics_${j}`, statistics);
    state = next;
  }
  for (const [name, { w, m, v }] of Object.entries(state.parameters)) {
    graph.output(`next_${name}`, w);
    graph.output(`next_${name}_m`, m);
    graph.output(`next_${name}_v`, v);
  }
  graph.output("next_last_fired", state.last_fired);
  graph.output("fired", state.fired);
  // One number that is finite only when every parameter is.
  const squares = Object.values(state.parameters).map(({ w }) => reduceSum(square(w)));
  graph.output("size", squares.reduce(add));
  return graph;
}

function oneStep(
  state: State,
  x: Value,
  numbers: Readonly<Record<keyof StepNumbers, Value>>,
  options: DeviceGraphOptions,
): { next: State; statistics: Value } {
  const { graph } = x;
  const unitNorm = options.objective !== "april-2024";
  const weights = Object.fromEntries(Object.entries(state.parameters).map(([name, { w }]) => [name, w]));
  const dead = sign(relu(sub(numbers.deadBefore, state.last_fired)));
  const { loss, f, mse, l1, l0, extra } = deviceObjective(
    weights,
    { x, sparsity: reshape(numbers.sparsity, []), dead },
    options,
  );
  const derived = gradients(loss, Object.values(weights));

  const parameters: Record<string, Adam> = {};
  Object.entries(state.parameters).forEach(([name, adam], i) => {
    const decoder = name === "W_dec" && unitNorm;
    const gradient = decoder ? projectOut(derived[i]!, adam.w) : derived[i]!;
    const from = decoder && options.renormalise === "before-step" ? { ...adam, w: unitRows(adam.w) } : adam;
    const moved = adamStep(from, gradient, numbers, options);
    parameters[name] = {
      ...moved,
      ...(decoder && options.renormalise === "after-step" && { w: unitRows(moved.w) }),
      // A threshold below 0 would let negative activations through.
      ...(name === "threshold" && { w: relu(moved.w) }),
    };
  });

  const counts = reduceSum(sign(f), [0]);
  const hit = sign(counts);
  const silent = sub(graph.scalar(1), hit);
  const last_fired = add(mul(state.last_fired, silent), mul(hit, numbers.number));
  const mean = scale(reduceSum(x, [0], true), 1 / options.batch);
  const variance = scale(reduceSum(square(sub(x, mean))), 1 / options.batch);
  const statistics = concat(
    [loss, mse, l1, l0, variance, extra].map((value) => reshape(value, [1])),
    0,
  );
  return { next: { parameters, last_fired, fired: add(state.fired, counts) }, statistics };
}

/** The gradient without its part along each decoder row. */
function projectOut(gradient: Value, W_dec: Value): Value {
  const along = reduceSum(mul(gradient, W_dec), [1], true);
  const squared = reduceSum(square(W_dec), [1], true);
  return sub(gradient, mul(div(along, squared), W_dec));
}

function unitRows(W: Value): Value {
  return div(W, sqrt(reduceSum(square(W), [1], true)));
}

/** reference/adam.ts; the corrections are numbers of the step (adamScalars). */
function adamStep(
  { w, m, v }: Adam,
  g: Value,
  { stepSize, rootCorrection }: Readonly<Record<"stepSize" | "rootCorrection", Value>>,
  { beta1, beta2, epsilon }: DeviceGraphOptions,
): Adam {
  const first = add(scale(m, beta1), scale(g, 1 - beta1));
  const second = add(scale(v, beta2), scale(square(g), 1 - beta2));
  const root = add(mul(sqrt(second), rootCorrection), w.graph.scalar(epsilon));
  return { w: sub(w, div(mul(first, stepSize), root)), m: first, v: second };
}
