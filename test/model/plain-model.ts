/** A model with an activation replaced, as graphs of elementary operations evaluated in float64 plain loops. */

import { join } from "node:path";
import { Graph } from "../../src/engine/graph.ts";
import { logSoftmax } from "../../src/engine/operations/normalisation.ts";
import { evaluate } from "../../src/engine/reference.ts";
import { readConfig } from "../../src/model/config.ts";
import type { CutModel } from "../../src/model/cut.ts";
import { findHook } from "../../src/model/hooks.ts";
import { Transformer } from "../../src/model/transformer.ts";
import { readWeights } from "../../src/model/weights.ts";

export function fixtureModel(name: string): CutModel {
  const folder = join(import.meta.dirname, "../fixtures/models", name);
  const config = readConfig(folder);
  return { config, weights: readWeights(folder, config) };
}

export interface PlainReading {
  readonly activation: Float64Array;
  readonly carry: Float64Array | undefined;
}

/** The activation [n, d_in] at the hook point, and the stream beside it. */
export function plainRead(model: CutModel, hook: string, tokens: Int32Array): PlainReading {
  const point = findHook(model.config, hook);
  const transformer = plain(model, tokens.length);
  const { graph } = transformer;
  const start = transformer.embed(graph.input("tokens", [tokens.length], "int32"));
  const { activation, carry } = transformer.advance(start, point.layer, point.site);
  graph.output("activation", activation);
  if (carry) graph.output("carry", carry);
  const outputs = evaluate(graph, { ...parameters(model, transformer), tokens });
  return { activation: outputs["activation"]!, carry: outputs["carry"] };
}

/** log p [n][vocab] of the tokens after each, with `activation` at the hook point. */
export function plainLogProbabilities(
  model: CutModel,
  hook: string,
  { activation, carry }: { activation: ArrayLike<number>; carry: ArrayLike<number> | undefined },
): number[][] {
  return plainLogits(model, hook, { activation, carry }, true);
}

/** Logits [n][vocab], or their logSoftmax. */
export function plainLogits(
  model: CutModel,
  hook: string,
  { activation, carry }: { activation: ArrayLike<number>; carry: ArrayLike<number> | undefined },
  normalised = false,
): number[][] {
  const { layer, site, dIn } = findHook(model.config, hook);
  const { dModel, vocabSize } = model.config;
  const n = activation.length / dIn;
  const transformer = plain(model, n);
  const { graph } = transformer;
  const logits = transformer.finish({
    layer,
    site,
    activation: graph.input("activation", [n, dIn]),
    carry: carry && graph.input("carry", [n, dModel]),
  });
  graph.output("result", normalised ? logSoftmax(logits) : logits);
  const feeds = { ...parameters(model, transformer), activation, ...(carry && { carry }) };
  const { result } = evaluate(graph, feeds);
  return Array.from({ length: n }, (_, t) => [...result!.subarray(t * vocabSize, (t + 1) * vocabSize)]);
}

/** −log p of each token, element 0 is 0. */
export function lossesOf(logProbabilities: readonly number[][], tokens: Int32Array): number[] {
  return Array.from(tokens, (token, t) => (t === 0 ? 0 : -logProbabilities[t - 1]![token]!));
}

function plain(model: CutModel, n: number): Transformer {
  return new Transformer(new Graph("plain"), model.config, { batch: 1, context: n });
}

function parameters({ weights }: CutModel, transformer: Transformer) {
  return Object.fromEntries([...transformer.parameters.keys()].map((name) => [name, weights[name]!]));
}
