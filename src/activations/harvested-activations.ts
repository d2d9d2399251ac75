/** Activations as the source model computes them: each reading is passes through the first half of the cut. */

import { sharedFloats } from "../engine/tensor.ts";
import type { Carry, Cut } from "../model/cut.ts";
import type { TokenSplit } from "../text/shards.ts";
import type { ActivationSource } from "./activation-source.ts";

export class HarvestedActivations implements ActivationSource {
  readonly dIn: number;
  readonly contexts: number;
  readonly context: number;
  readonly batch: number;
  readonly #cut: Cut;
  readonly #split: TokenSplit;
  readonly #concurrency: number;

  /** @param concurrency passes under way at once */
  constructor(cut: Cut, split: TokenSplit, concurrency: number) {
    this.dIn = cut.dIn;
    this.contexts = split.contexts;
    this.context = cut.context;
    this.batch = cut.batch;
    this.#cut = cut;
    this.#split = split;
    this.#concurrency = concurrency;
  }

  async read(
    contexts: readonly number[],
    into: Float32Array,
    onRead?: (contexts: number) => void,
  ): Promise<void> {
    const { batch, context, dIn } = this;
    let next = 0;
    const lane = async () => {
      const tokens = new Int32Array(batch * context);
      let carry: Carry;
      while (next < contexts.length) {
        const first = next;
        const pass = contexts.slice(first, (next += batch));
        // The graph takes whole passes: one that is short is filled up with its first context, and those rows are dropped.
        for (let i = 0; i < batch; i++) {
          this.#split.read(pass[i] ?? pass[0]!, 1, tokens.subarray(i * context, (i + 1) * context));
        }
        const place = into.subarray(first * context * dIn, (first + pass.length) * context * dIn);
        const activation = pass.length === batch ? place : sharedFloats(batch * context * dIn);
        ({ carry } = await this.#cut.prefix(tokens, { activation, ...(carry && { carry }) }));
        if (activation !== place) place.set(activation.subarray(0, place.length));
        onRead?.(pass.length);
      }
    };
    const stopping = async () => {
      try {
        await lane();
      } catch (error) {
        next = contexts.length;
        throw error;
      }
    };
    // Every lane ends before an error is told: whoever hears it may close the engine at once.
    const ended = await Promise.allSettled(Array.from({ length: this.#concurrency }, stopping));
    for (const result of ended) if (result.status === "rejected") throw result.reason;
  }
}
