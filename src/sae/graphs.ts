/**
 * The dense graphs of a training step. All are static in shape and run on one thread inside a step worker.
 *
 * The encoder product is computed as W_enc·xᵀ, features down and rows across: ONNX Runtime then repacks the small chunk of
 * rows and not the weights, and the entries come out grouped by feature as the update wants them.
 *
 * While many features fire the step is dense. With R = ∂L/∂x̂ = 2(x̂ − x)/B held fixed,
 *
 *   L̃ = Σ f ⊙ (W_dec Rᵀ + Λ/B)
 *
 * has the same gradient as L with respect to the encoder and decoder rows of any block of features, so a block's gradient
 * needs only that block's parameters: memory stays small, and the derivative is derived, not written by hand.
 */

import { gradients } from "../engine/gradients.ts";
import { Graph, type Value } from "../engine/graph.ts";
import { relu } from "../engine/operations/activation.ts";
import { add, mul, sign } from "../engine/operations/elementwise.ts";
import { gemm } from "../engine/operations/matmul.ts";
import { reduceSum } from "../engine/operations/stretching.ts";

/** z = W_enc·xᵀ: [d_sae, rows]. The bias is added where the entries are collected. */
export function encoderGraph(d_in: number, d_sae: number, rows: number): Graph {
  const graph = new Graph("encoder");
  const W_enc = graph.input("W_enc", [d_sae, d_in]);
  const x = graph.input("x", [rows, d_in]);
  graph.output("z", gemm(W_enc, x, { transB: true }));
  return graph;
}

/** Σ f_i W_dec,i, Σf and the number of active features of each row. */
export function denseForwardGraph(d_in: number, d_sae: number, rows: number): Graph {
  const graph = new Graph("dense forward");
  const { f, W_dec } = featureBlock(graph, d_in, d_sae, rows);
  graph.output("decoded", gemm(f, W_dec, { transA: true }));
  graph.output("l1", reduceSum(f, [0]));
  graph.output("l0", reduceSum(sign(f), [0]));
  return graph;
}

/** Gradients of L with respect to the parameters of `features` features, given R, over all rows of the batch. */
export function denseGradientGraph(d_in: number, features: number, batch: number): Graph {
  const graph = new Graph("dense gradient");
  const { f, W_enc, W_dec, b_enc } = featureBlock(graph, d_in, features, batch);
  const R = graph.input("R", [batch, d_in]);
  const sparsity = graph.input("sparsity", []);
  const loss = reduceSum(mul(f, add(gemm(W_dec, R, { transB: true }), sparsity)));
  const [dW_enc, dW_dec, db_enc] = gradients(loss, [W_enc, W_dec, b_enc]);
  graph.output("dW_enc", dW_enc!);
  graph.output("dW_dec", dW_dec!);
  graph.output("db_enc", db_enc!);
  graph.output("counts", reduceSum(sign(f), [1]));
  return graph;
}

/** f = relu(W_enc·xᵀ + b_enc): [features, rows]. */
function featureBlock(graph: Graph, d_in: number, features: number, rows: number): Block {
  const W_enc = graph.input("W_enc", [features, d_in]);
  const W_dec = graph.input("W_dec", [features, d_in]);
  const b_enc = graph.input("b_enc", [features, 1]);
  const x = graph.input("x", [rows, d_in]);
  return { W_enc, W_dec, b_enc, f: relu(add(gemm(W_enc, x, { transB: true }), b_enc)) };
}

interface Block {
  readonly W_enc: Value;
  readonly W_dec: Value;
  readonly b_enc: Value;
  readonly f: Value;
}
