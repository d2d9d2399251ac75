/**
 * The whole dictionary in the model's place: the loss of every token of a text with x as it is, with the reconstruction x̂
 * for x at every position, and with 0. Where the second is far above the first, the dictionary fails.
 */

import type { LiveModel } from "../model/live-model.ts";
import type { ForwardResult, SparseActivations } from "../sae/forward.ts";

/** Losses of predicting each token [n], nats; element 0, which nothing predicts, is 0. */
export interface Substitution {
  readonly clean: Float32Array;
  readonly reconstructed: Float32Array;
  readonly ablated: Float32Array;
  /** Active features of each token, which the reconstruction was made of. */
  readonly features: SparseActivations;
}

/** What a substitution asks of a dictionary: `SaeForward` does it. */
export interface Reconstructs {
  reconstruct(x: Float32Array): Promise<ForwardResult>;
}

export async function substitute(
  live: LiveModel,
  dictionary: Reconstructs,
  tokens: Int32Array,
): Promise<Substitution> {
  const { activation, carry } = await live.read(tokens);
  const { reconstruction, ...features } = await dictionary.reconstruct(activation);
  const [clean, reconstructed, ablated] = await Promise.all(
    [activation, reconstruction, new Float32Array(activation.length)].map((x) =>
      live.losses(tokens, carry, x),
    ),
  );
  return { clean: clean!, reconstructed: reconstructed!, ablated: ablated!, features };
}
