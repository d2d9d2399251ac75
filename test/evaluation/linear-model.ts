/**
 * A language model small enough to check by hand, with a cut: the activation at a position is its token's embedding plus a
 * position term, the suffix is softmax((activation − shift) · U). Plain loops, so the tests of the evaluation need no engine.
 */

import type { Cut } from "../../src/model/cut.ts";
import { Random } from "../../src/random.ts";
import type { TokenSplit } from "../../src/text/shards.ts";

export interface LinearModel {
  readonly cut: Cut;
  readonly tokens: TokenSplit;
  /** How often prefix was asked for. */
  readonly calls: { prefix: number };
}

export interface LinearModelSize {
  readonly dIn: number;
  readonly vocabulary: number;
  readonly contexts: number;
  readonly context: number;
  readonly batch: number;
  /** Added to every dimension d as offset · (1 + d): a mean that is not zero and differs by dimension. */
  readonly offset?: number;
}

export function linearModel(seed: number, size: LinearModelSize): LinearModel {
  const { dIn, vocabulary, contexts, context, batch, offset = 0 } = size;
  const random = Random.of(seed, "linear model");
  const shift = (d: number) => offset * (1 + d);
  const centred = Array.from({ length: vocabulary * dIn }, () => random.normal());
  const embedding = centred.map((value, i) => value + shift(i % dIn));
  // A token is its own likeliest successor, so the activation carries information and ablating it hurts.
  const U = Array.from(
    { length: dIn * vocabulary },
    (_, i) => 0.5 * centred[(i % vocabulary) * dIn + Math.floor(i / vocabulary)]!,
  );
  const text = new Int32Array(contexts * context);
  for (let i = 0; i < text.length; i++) {
    text[i] = i % context > 0 && random.uniform() < 0.7 ? text[i - 1]! : random.integer(vocabulary);
  }
  const calls = { prefix: 0 };

  const logProbabilities = (activation: Float32Array, row: number): number[] => {
    const logits = Array.from({ length: vocabulary }, (_, v) => {
      let sum = 0;
      for (let d = 0; d < dIn; d++) sum += (activation[row * dIn + d]! - shift(d)) * U[d * vocabulary + v]!;
      return sum;
    });
    const top = Math.max(...logits);
    const log = top + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0));
    return logits.map((logit) => logit - log);
  };

  const losses = (tokens: Int32Array, activation: Float32Array): Float32Array => {
    const loss = new Float32Array(batch * (context - 1));
    for (let s = 0; s < batch; s++) {
      for (let t = 0; t + 1 < context; t++) {
        loss[s * (context - 1) + t] = -logProbabilities(activation, s * context + t)[
          tokens[s * context + t + 1]!
        ]!;
      }
    }
    return loss;
  };

  const cut = {
    hook: "blocks.0.mlp.hook_post",
    dIn,
    batch,
    context,
    async prefix(tokens: Int32Array) {
      calls.prefix++;
      const activation = Float32Array.from({ length: batch * context * dIn }, (_, i) => {
        const row = Math.floor(i / dIn);
        return embedding[tokens[row]! * dIn + (i % dIn)]! + 0.01 * (row % context);
      });
      return { activation, carry: {} };
    },
    async suffix(tokens: Int32Array, _carry: unknown, activation: Float32Array) {
      return losses(tokens, activation);
    },
    async compare(tokens: Int32Array, _carry: unknown, clean: Float32Array, changed: Float32Array) {
      const kl = new Float32Array(batch * (context - 1));
      for (let s = 0; s < batch; s++) {
        for (let t = 0; t + 1 < context; t++) {
          const p = logProbabilities(clean, s * context + t);
          const q = logProbabilities(changed, s * context + t);
          kl[s * (context - 1) + t] = p.reduce((sum, logP, v) => sum + Math.exp(logP) * (logP - q[v]!), 0);
        }
      }
      return { loss: losses(tokens, changed), kl };
    },
  } as unknown as Cut;

  const tokens = {
    contexts,
    context,
    read(first: number, count: number, into = new Int32Array(count * context)) {
      into.set(text.subarray(first * context, (first + count) * context));
      return into;
    },
  } as TokenSplit;
  return { cut, tokens, calls };
}
