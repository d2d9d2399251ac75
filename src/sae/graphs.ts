/**
 * The dense graphs of a training step. All are static in shape and run on one thread inside a step worker.
 *
 * The encoder product is computed as W_enc·xᵀ, features down and rows across: ONNX Runtime then repacks the small chunk of
 * rows and not the weights, and the entries come out grouped by feature as the update wants them.
 *
 * While many features fire the step is dense. With R = ∂L/∂x̂ = 2(x̂ − x)/B held fixed,
 *
 *   L̃ = Σ f ⊙ (W_dec Rᵀ) + Λ/B · (L1 term)
 *
 * has the same gradient as L with respect to the encoder and decoder rows of any block of features, so a block's gradient
 * needs only that block's parameters: memory stays small, and the derivative is derived, not written by hand. What is held
 * fixed in an objective (stop-gradients, straight-through windows) enters L̃ as an input of its own.
 */

import { gradients } from "../engine/gradients.ts";
import { Graph, type Value } from "../engine/graph.ts";
import { relu } from "../engine/operations/activation.ts";
import { abs, add, exp, mul, neg, scale, sign, sqrt, square, sub } from "../engine/operations/elementwise.ts";
import { gemm } from "../engine/operations/matmul.ts";
import { matmulInteger } from "../engine/operations/matmul-integer.ts";
import { reduceSum } from "../engine/operations/stretching.ts";
import type { StepKind } from "./step-kind.ts";

/** z = W_enc·xᵀ: [features, rows]. The bias is added where the entries are collected. */
export function encoderGraph(d_in: number, features: number, rows: number): Graph {
  const graph = new Graph("encoder");
  const W_enc = graph.input("W_enc", [features, d_in]);
  const x = graph.input("x", [rows, d_in]);
  graph.output("z", gemm(W_enc, x, { transB: true }));
  return graph;
}

/** The same product of bytes, W_q·x_q: [features, rows] of int32 (assembly/screen.ts). */
export function screenGraph(d_in: number, features: number, rows: number): Graph {
  const graph = new Graph("screen");
  const W_q = graph.input("W_q", [features, d_in], "uint8");
  const x_q = graph.input("x_q", [d_in, rows], "int8");
  graph.output("z", matmulInteger(W_q, x_q));
  return graph;
}

/** Σ f_i W_dec,i (gated: and Σ relu(π_i) W_dec,i), the L1 term and the number of active features of each row. */
export function denseForwardGraph(kind: StepKind, d_in: number, d_sae: number, rows: number): Graph {
  const graph = new Graph("dense forward");
  const block = featureBlock(graph, kind, d_in, d_sae, rows);
  const { f, gates, penalised, W_dec } = block;
  graph.output("decoded", gemm(f, W_dec, { transA: true }));
  if (gates) graph.output("decodedGates", gemm(gates, W_dec, { transA: true }));
  graph.output("l1", reduceSum(penalised, [0]));
  graph.output("l0", reduceSum(sign(f), [0]));
  return graph;
}

/** Gradients of L with respect to the parameters of `features` features, given R, over all rows of the batch. */
export function denseGradientGraph(kind: StepKind, d_in: number, features: number, batch: number): Graph {
  const graph = new Graph("dense gradient");
  const block = featureBlock(graph, kind, d_in, features, batch);
  const { f, gates, penalised, z, W_enc, W_dec, b_enc, gain, b_mag } = block;
  const R = graph.input("R", [batch, d_in]);
  const sparsity = graph.input("sparsity", []);
  const reach = gemm(W_dec, R, { transB: true });
  let loss = reduceSum(add(mul(f, reach), mul(penalised, sparsity)));
  if (gates) {
    // The gates' reconstruction has a frozen decoder, so W_dec enters a second time, as a constant.
    const W_frozen = graph.input("W_frozen", [features, d_in]);
    const R_gates = graph.input("R_gates", [batch, d_in]);
    loss = add(loss, reduceSum(mul(gates, gemm(W_frozen, R_gates, { transB: true }))));
  }
  const derived = kind.kernel === 4 ? [gain!, b_mag!] : [];
  const [dW_enc, dW_dec, db_enc, dz, ...rest] = gradients(loss, [W_enc, W_dec, b_enc, z, ...derived]);
  graph.output("dW_enc", dW_enc!);
  graph.output("dW_dec", dW_dec!);
  graph.output("db_enc", db_enc!);
  graph.output("pulls", reduceSum(dz!, [1]));
  graph.output("counts", reduceSum(sign(f), [1]));
  if (rest.length > 0) {
    graph.output("dgain", rest[0]!);
    graph.output("db_mag", rest[1]!);
  }
  if (kind.gain === "threshold") {
    // Straight through: −1/ε Σ over the window of θ ∂L/∂f + (∂L/∂L0)/B.
    const bandwidth = graph.input("bandwidth", []);
    const l0Pull = graph.input("l0Pull", []);
    const half = scale(bandwidth, 0.5);
    const window = sign(relu(sub(half, abs(sub(add(z, b_enc), gain!)))));
    const felt = add(mul(reach, gain!), l0Pull);
    const inverse = graph.input("inverseBandwidth", []);
    graph.output("dgain", neg(mul(reduceSum(mul(window, felt), [1], true), inverse)));
  }
  return graph;
}

interface Block {
  readonly W_enc: Value;
  readonly W_dec: Value;
  readonly b_enc: Value;
  readonly gain?: Value;
  readonly b_mag?: Value;
  readonly z: Value;
  readonly f: Value;
  /** relu(π) of gated dictionaries. */
  readonly gates?: Value;
  /** What the L1 coefficient multiplies. */
  readonly penalised: Value;
}

/** f of a block of features, [features, rows], under the kind's activation function. */
function featureBlock(graph: Graph, kind: StepKind, d_in: number, features: number, rows: number): Block {
  const W_enc = graph.input("W_enc", [features, d_in]);
  const W_dec = graph.input("W_dec", [features, d_in]);
  const b_enc = graph.input("b_enc", [features, 1]);
  const x = graph.input("x", [rows, d_in]);
  const z = gemm(W_enc, x, { transB: true });
  const h = add(z, b_enc);
  const shared = { W_enc, W_dec, b_enc, z };
  if (kind.objective === "gated") {
    const gain = graph.input("gain", [features, 1]);
    const b_mag = graph.input("b_mag", [features, 1]);
    const gates = relu(h);
    const f = mul(sign(gates), relu(add(mul(z, exp(gain)), b_mag)));
    return { ...shared, gain, b_mag, f, gates, penalised: gates };
  }
  if (kind.objective === "jumprelu") {
    const gain = graph.input("gain", [features, 1]);
    const f = mul(h, sign(relu(sub(h, gain))));
    return { ...shared, gain, f, penalised: f };
  }
  const f = relu(h);
  if (kind.unitNorm) return { ...shared, f, penalised: f };
  const norms = sqrt(reduceSum(square(W_dec), [1], true));
  return { ...shared, f, penalised: mul(f, norms) };
}
