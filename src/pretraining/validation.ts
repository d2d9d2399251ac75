/** The loss of a model on held-out contexts, per token, through the same graph that everything else uses. */

import type { Engine, Program } from "../engine/engine.ts";
import { Graph } from "../engine/graph.ts";
import type { ModelConfig } from "../model/config.ts";
import { crossEntropy, nextTokens, predicted, Transformer } from "../model/transformer.ts";
import type { Weights } from "../model/weights.ts";
import type { HeldoutKinds, TokenSplit } from "../text/shards.ts";

export class Validation {
  readonly #program: Program;
  readonly #batch: number;

  private constructor(program: Program, batch: number) {
    this.#program = program;
    this.#batch = batch;
  }

  static async open(
    engine: Engine,
    config: ModelConfig,
    { batch, context }: { batch: number; context: number },
  ): Promise<Validation> {
    const graph = new Graph("validation");
    const transformer = new Transformer(graph, config, { batch, context });
    const logits = transformer.finish(transformer.embed(graph.input("tokens", [batch * context], "int32")));
    graph.output("loss", crossEntropy(logits, graph.input("targets", [batch * context, 1], "int32")));
    return new Validation(await engine.load(graph), batch);
  }

  /** −log p of each predicted token of the first `contexts` contexts, [contexts, context − 1] in nats; whole batches only. */
  async losses(weights: Weights, split: TokenSplit, contexts: number): Promise<Float32Array> {
    const { context } = split;
    const batches = Math.floor(Math.min(contexts, split.contexts) / this.#batch);
    const losses = new Float32Array(batches * this.#batch * (context - 1));
    const size = this.#batch * (context - 1);
    await Promise.all(
      Array.from({ length: batches }, async (_, i) => {
        const tokens = split.read(i * this.#batch, this.#batch);
        const { loss } = await this.#program.run({
          tokens,
          targets: nextTokens(tokens, context),
          ...weights,
        });
        losses.set(predicted(loss!, context), i * size);
      }),
    );
    return losses;
  }
}

export function mean(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

export interface KindLoss {
  readonly kind: string;
  readonly contexts: number;
  /** Nats a token. */
  readonly loss: number;
  /** Σ −log₂ p over the predicted tokens / bytes they stand for: comparable between tokenizers. */
  readonly bits_per_byte: number;
}

/** Losses [contexts, context − 1] by kind of text, most contexts first; "all" stands before them. */
export function bitsPerByte(
  losses: Float32Array,
  { kinds, kind, bytes }: HeldoutKinds,
  context: number,
): KindLoss[] {
  const totals = new Map<string, { contexts: number; nats: number; bytes: number }>();
  const width = context - 1;
  for (let i = 0; i * width < losses.length; i++) {
    const nats = losses.subarray(i * width, (i + 1) * width).reduce((a, b) => a + b, 0);
    for (const name of ["all", kinds[kind[i]!]!]) {
      const total = totals.get(name) ?? { contexts: 0, nats: 0, bytes: 0 };
      totals.set(name, {
        contexts: total.contexts + 1,
        nats: total.nats + nats,
        bytes: total.bytes + bytes[i]!,
      });
    }
  }
  return [...totals]
    .map(([name, total]) => ({
      kind: name,
      contexts: total.contexts,
      loss: total.nats / (total.contexts * width),
      bits_per_byte: total.nats / Math.LN2 / total.bytes,
    }))
    .sort((a, b) => b.contexts - a.contexts);
}
