/**
 * One forward pass over one text with every number on the way kept: what a user compares with another implementation.
 * Training and evaluation use the cut instead (cut.ts), which keeps one activation and no logits.
 */

import type { Engine } from "../engine/engine.ts";
import { Graph } from "../engine/graph.ts";
import type { Dims, Tensor } from "../engine/tensor.ts";
import { Failure } from "../errors.ts";
import { type CutModel, weightsOf } from "./cut.ts";
import { findHook } from "./hooks.ts";
import { crossEntropy, nextTokens, predicted, Transformer } from "./transformer.ts";

export interface ForwardPass {
  /** [tokens, vocab] */
  readonly logits: Tensor;
  /** −log p(token[t+1] | tokens[..t]) in nats: [tokens − 1] */
  readonly loss: Tensor;
  /** By hook name, in the order asked for: [tokens, d_in], and [tokens, head, d_head] for attn.hook_z. */
  readonly activations: ReadonlyMap<string, Tensor>;
}

/**
 * Runs `tokens` (one context, nothing is put before it) through the whole model.
 * @throws UsageError for a hook point the model does not have, Failure for more tokens than it has positions, or none
 */
export async function forward(
  engine: Engine,
  model: CutModel,
  tokens: Int32Array,
  hooks: readonly string[] = [],
): Promise<ForwardPass> {
  const { config, weights } = model;
  const points = hooks.map((hook) => findHook(config, hook));
  const n = tokens.length;
  if (n === 0) throw new Failure("there is no token to run the model on");
  if (n > config.context) {
    throw new Failure(
      `${n} tokens are more than the ${config.context} positions of the model: give a shorter text, or fewer of its tokens`,
    );
  }

  const graph = new Graph("forward");
  const transformer = new Transformer(graph, config, { batch: 1, context: n, fused: true });
  const embedded = transformer.embed(graph.input("tokens", [n], "int32"));
  const logits = transformer.finish(embedded, ({ layer, site, activation }) => {
    const name = `blocks.${layer}.${site}`;
    if (points.some((point) => point.name === name)) graph.output(name, activation);
  });
  graph.output("logits", logits);
  graph.output("loss", crossEntropy(logits, graph.input("targets", [n, 1], "int32")));

  const program = await engine.load(graph, { constants: weightsOf(transformer, weights) });
  try {
    const outputs = await program.run({ tokens, targets: nextTokens(tokens, n) });
    const activations = new Map<string, Tensor>();
    for (const { name, site, dIn } of points) {
      const dims: Dims = site === "attn.hook_z" ? [n, config.nHead, config.dHead] : [n, dIn];
      activations.set(name, { dims, data: outputs[name]! });
    }
    return {
      logits: { dims: [n, config.vocabSize], data: outputs.logits! },
      loss: { dims: [n - 1], data: predicted(outputs.loss!, n) },
      activations,
    };
  } finally {
    await program.release();
  }
}
