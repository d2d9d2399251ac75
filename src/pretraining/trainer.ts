/**
 * Training a GPT-2 from scratch: the gradient graph is derived from the forward graph, micro-batches run side by side in
 * the engine's workers, their gradients are added in a fixed order, AdamW updates the weights in place.
 */

import { type Engine, type Program, shared } from "../engine/engine.ts";
import { gradients } from "../engine/gradients.ts";
import { Graph } from "../engine/graph.ts";
import { mul } from "../engine/operations/elementwise.ts";
import { reduceSum } from "../engine/operations/stretching.ts";
import { sharedFloats, sizeOf } from "../engine/tensor.ts";
import { Failure } from "../errors.ts";
import type { ModelConfig } from "../model/config.ts";
import { crossEntropy, nextTokens, Transformer } from "../model/transformer.ts";
import { adamW, type AdamWOptions, clipFactor, type Moments } from "./adamw.ts";

export interface LanguageModelState {
  /** Optimiser steps done. */
  step: number;
  readonly weights: Record<string, Float32Array>;
  readonly moments: Record<string, Moments>;
}

export interface StepOptions extends AdamWOptions {
  readonly lr: number;
  readonly clip: number;
}

export class LanguageModelTrainer {
  readonly state: LanguageModelState;
  readonly #program: Program;
  readonly #microTokens: number;
  readonly #context: number;
  readonly #decays: ReadonlySet<string>;
  #buffers: Record<string, Float32Array>[] = [];

  private constructor(
    state: LanguageModelState,
    program: Program,
    shape: { batch: number; context: number },
    decays: ReadonlySet<string>,
  ) {
    this.state = state;
    this.#program = program;
    this.#microTokens = shape.batch * shape.context;
    this.#context = shape.context;
    this.#decays = decays;
  }

  /** @param shape contexts in one pass of the graph, and tokens in each */
  static async create(
    engine: Engine,
    config: ModelConfig,
    state: LanguageModelState,
    shape: { batch: number; context: number },
  ): Promise<LanguageModelTrainer> {
    const { graph, matrices } = lossGradientGraph(config, shape);
    return new LanguageModelTrainer(state, await engine.load(graph), shape, matrices);
  }

  /**
   * One optimiser step.
   * @param tokens [contexts, context], a whole number of micro-batches
   * @returns the mean loss of the step's tokens (nats) and the norm of its gradient before clipping
   */
  async step(tokens: Int32Array, options: StepOptions): Promise<{ loss: number; gradientNorm: number }> {
    const passes = tokens.length / this.#microTokens;
    if (!Number.isInteger(passes) || passes === 0) {
      throw new Error(
        `${tokens.length} tokens are not a whole number of micro-batches of ${this.#microTokens}`,
      );
    }
    const { weights, moments } = this.state;
    while (this.#buffers.length < passes) this.#buffers.push(this.#allocate());
    const buffers = this.#buffers.slice(0, passes);
    await Promise.all(
      buffers.map((into, i) => {
        const slice = tokens.slice(i * this.#microTokens, (i + 1) * this.#microTokens);
        const feeds = { tokens: slice, targets: nextTokens(slice, this.#context), ...weights };
        return this.#program.run(feeds, into);
      }),
    );

    const loss = buffers.reduce((sum, buffer) => sum + buffer["loss"]![0]!, 0) / passes;
    if (!Number.isFinite(loss)) throw diverged("loss", loss, this.state.step + 1);
    const [total] = buffers as [Record<string, Float32Array>];
    let sumOfSquares = 0;
    for (const name of Object.keys(weights)) {
      sumOfSquares += addUp(
        total[`d ${name}`]!,
        buffers.slice(1).map((buffer) => buffer[`d ${name}`]!),
      );
    }
    const gradientNorm = Math.sqrt(sumOfSquares) / passes;
    if (!Number.isFinite(gradientNorm)) throw diverged("gradient", gradientNorm, this.state.step + 1);
    const gradientScale = clipFactor(gradientNorm, options.clip) / passes;
    this.state.step++;
    for (const [name, data] of Object.entries(weights)) {
      const decays = this.#decays.has(name);
      const at = { step: this.state.step, lr: options.lr, gradientScale, decays };
      adamW(data, total[`d ${name}`]!, moments[name]!, options, at);
    }
    return { loss, gradientNorm };
  }

  #allocate(): Record<string, Float32Array> {
    const outputs = [...this.#program.graph.outputs];
    return Object.fromEntries(outputs.map(([name, { dims }]) => [name, sharedFloats(sizeOf(dims))]));
  }
}

/** Mean loss over the predicted positions, and its gradient by every parameter `w` under the name `d w`. */
export function lossGradientGraph(
  config: ModelConfig,
  { batch, context }: { batch: number; context: number },
): { graph: Graph; matrices: Set<string> } {
  const graph = new Graph("pretraining step");
  const rows = batch * context;
  const transformer = new Transformer(graph, config, { batch, context });
  const tokens = graph.input("tokens", [rows], "int32");
  const targets = graph.input("targets", [rows, 1], "int32");
  const perToken = crossEntropy(transformer.finish(transformer.embed(tokens)), targets);
  const share = 1 / (batch * (context - 1));
  const weight = Float32Array.from({ length: rows }, (_, i) => ((i + 1) % context === 0 ? 0 : share));
  const loss = reduceSum(mul(perToken, graph.constant([rows], weight)));
  graph.output("loss", loss);
  const parameters = [...transformer.parameters];
  gradients(
    loss,
    parameters.map(([, value]) => value),
  ).forEach((gradient, i) => {
    graph.output(`d ${parameters[i]![0]}`, gradient);
  });
  const matrices = parameters.filter(([, { dims }]) => dims.length === 2).map(([name]) => name);
  return { graph, matrices: new Set(matrices) };
}

export function freshState(weights: Record<string, Float32Array>): LanguageModelState {
  const moments = Object.entries(weights).map(([name, { length }]) => {
    return [name, { m: new Float32Array(length), v: new Float32Array(length) }] as const;
  });
  for (const [name, data] of Object.entries(weights)) weights[name] = shared(data);
  return { step: 0, weights, moments: Object.fromEntries(moments) };
}

function diverged(what: string, value: number, step: number): Failure {
  return new Failure(
    `the ${what} became ${value} at step ${step}: lower the learning rate or raise the warm-up`,
  );
}

/** Adds `others` to `total` in place and gives its sum of squares. */
function addUp(total: Float32Array, others: readonly Float32Array[]): number {
  for (const other of others) for (let i = 0; i < total.length; i++) total[i]! += other[i]!;
  let squares = 0;
  for (let i = 0; i < total.length; i++) squares += total[i]! * total[i]!;
  return squares;
}
