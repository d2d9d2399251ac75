/**
 * Plain and steered text side by side: both begin with the same prompt and are sampled with the same random numbers, so what
 * differs comes from the intervention, which acts at every position, those of the prompt included.
 *
 * Pinned sampling of Bricken et al. 2023 is this with a clamp at the feature's maximum and the prompt 1,2,3,4,5,6,7,8,9,10.
 */

import { Failure, UsageError } from "../errors.ts";
import { checkSampling, sampleToken, type SamplingOptions } from "../model/sampling.ts";
import type { Stepper } from "../model/stepper.ts";
import { Random } from "../random.ts";
import type { RowChange } from "./interventions.ts";

/** The sequences of the stepper, in order. */
const TEXTS = ["plain", "steered"] as const;

export interface GenerationOptions extends SamplingOptions {
  /** At least one token. The caller puts a token before the text where the model wants one. */
  readonly prompt: Int32Array;
  /** To be sampled, of each text; fewer when the stepper has no room for more. */
  readonly tokens: number;
  readonly seed: number;
  /** Once aborted, no further step is begun. */
  readonly signal?: AbortSignal;
}

export type TokenEvent =
  | { readonly type: "prompt"; readonly tokens: Int32Array }
  | { readonly type: "token"; readonly which: (typeof TEXTS)[number]; readonly token: number }
  | {
      readonly type: "done";
      /** Of each text, the prompt and its first token left out, and the time that the caller takes; 0 when too few were sampled. */
      readonly tokensPerSecond: number;
      /** All tokens were sampled, the stepper or model has no more positions, or the signal came. */
      readonly reason: "length" | "positions" | "aborted";
    };

/**
 * @param stepper of two sequences; it is emptied first, and must not be used by others meanwhile
 * @param steer what is done to the steered text's activations
 * @throws UsageError for options that make no sense, Failure for a prompt that does not fit or a model that overflows
 */
export async function* generate(
  stepper: Stepper,
  steer: RowChange,
  { prompt, tokens, seed, signal, temperature, topP }: GenerationOptions,
): AsyncGenerator<TokenEvent, void, void> {
  const sampling = { temperature, topP };
  checkSampling(sampling);
  if (stepper.batch !== TEXTS.length)
    throw new Error(`a stepper of ${stepper.batch} sequences, expected ${TEXTS.length}`);
  if (!(Number.isInteger(tokens) && tokens >= 0))
    throw new UsageError(`${tokens} tokens were asked for, expected a whole number`);
  if (prompt.length === 0) throw new Failure("the prompt is empty: begin with at least one token");
  if (prompt.length > stepper.capacity) {
    throw new Failure(
      `the prompt has ${prompt.length} tokens and there is room for ${stepper.capacity}: give a shorter one`,
    );
  }
  stepper.reset();
  yield { type: "prompt", tokens: prompt };

  const change = (activation: Float32Array) => steer(activation.subarray(activation.length / 2));
  const randoms = TEXTS.map(() => Random.of(seed, "generate"));
  let next = new Int32Array([...prompt, ...prompt]);
  let sampled = 0;
  let seconds = 0;
  const done = (reason: "length" | "positions" | "aborted"): TokenEvent => ({
    type: "done",
    reason,
    tokensPerSecond: sampled < 2 ? 0 : (sampled - 1) / seconds,
  });

  for (; sampled < tokens; sampled++) {
    if (signal?.aborted) return yield done("aborted");
    if (stepper.position === stepper.capacity) return yield done("positions");
    const start = performance.now();
    const logits = await stepper.prefill(next, change);
    const vocab = logits.length / TEXTS.length;
    next = Int32Array.from(TEXTS, (_, i) =>
      sampleToken(logits.subarray(i * vocab, (i + 1) * vocab), sampling, randoms[i]!),
    );
    if (sampled > 0) seconds += (performance.now() - start) / 1000;
    for (const [i, which] of TEXTS.entries()) yield { type: "token", which, token: next[i]! };
  }
  yield done("length");
}
