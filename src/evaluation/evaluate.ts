/**
 * How faithful dictionaries are to the model they were trained on, measured on held-out text.
 *
 *   pass 1   x = prefix(tokens)  →  x̄, Σ‖x − x̄‖²
 *   pass 2   L_clean = suffix(x)   L_zero = suffix(0)   L_mean = suffix(x̄)   for each SAE: x̂ = SAE(x), L_sae = suffix(x̂), KL
 *
 * The mean ablation needs x̄ before the losses, hence two passes; the first is the prefix alone, the cheap half. All SAEs share
 * both passes. Every position is replaced, BOS included: leaving some out would make the score depend on which.
 */

import { sharedFloats } from "../engine/tensor.ts";
import { Failure } from "../errors.ts";
import type { Cut } from "../model/cut.ts";
import type { TokenSplit } from "../text/shards.ts";
import { addPredictions, SaeSums } from "./accumulate.ts";
import { Moments } from "./moments.ts";
import { type ResamplingUnits, resamplingUnits } from "./resampling-units.ts";
import type { ActivationMoments, BaselineSums, EvaluatedSae, Evaluation } from "./subject.ts";
import { summarise } from "./summarise.ts";

export interface EvaluationProgress {
  readonly pass: "mean activation" | "losses";
  /** Tokens done and to do over both passes. */
  readonly tokens: number;
  readonly total: number;
}

export interface EvaluationRequest {
  readonly cut: Cut;
  readonly tokens: TokenSplit;
  /** At most this many tokens, rounded down to whole sequences (at least one); the first ones of the split. */
  readonly maxTokens: number;
  readonly seed: number;
  readonly onProgress?: (progress: EvaluationProgress) => void;
  readonly signal?: AbortSignal;
}

/** Evaluates one dictionary. @throws Failure as `evaluateSaes` does. */
export async function evaluateSae(request: EvaluationRequest & { sae: EvaluatedSae }): Promise<Evaluation> {
  const [evaluation] = await evaluateSaes({ ...request, saes: [request.sae] });
  return evaluation!;
}

/**
 * Evaluates several dictionaries of one hook point on the same tokens, in the order given.
 * @throws Failure when the text is empty, its context length is not the cut's, an SAE has another width, or a loss is not finite.
 */
export async function evaluateSaes(
  request: EvaluationRequest & { saes: readonly EvaluatedSae[] },
): Promise<Evaluation[]> {
  const { cut, saes, seed } = request;
  const started = performance.now();
  const contexts = checkedContexts(request);
  const moments = await momentsOf(request, contexts);
  const { mean } = moments.all;
  const units = resamplingUnits(request.tokens, contexts);
  const baseline: BaselineSums = {
    clean: new Float64Array(units.count),
    zero: new Float64Array(units.count),
    mean: new Float64Array(units.count),
    klZero: new Float64Array(units.count),
    deviation: new Float64Array(units.count),
  };
  const sums = saes.map(({ sae }) => new SaeSums(cut.dIn, sae.d_sae, units, cut.context));
  const identity = saes.map(() => 0);
  const size = cut.batch * cut.context * cut.dIn;
  const zeros = sharedFloats(size);
  const means = sharedFloats(size);
  for (let i = 0; i < size; i++) means[i] = mean[i % cut.dIn]!;
  const reconstruction = sharedFloats(size);
  const width = cut.context - 1;
  // One set of arrays for all batches: freed shared memory comes back late, and a new set for each would pile up.
  const held: { activation: Float32Array; carry?: Float32Array } = { activation: sharedFloats(size) };

  for await (const { batch, first, count } of batches(request, contexts, "losses")) {
    const { activation: x, carry } = await cut.prefix(batch, held);
    if (carry) held.carry = carry;
    const [clean, zero, meanLoss] = await Promise.all([
      cut.suffix(batch, carry, x),
      cut.compare(batch, carry, x, zeros),
      cut.suffix(batch, carry, means),
    ]);
    addPredictions(baseline.clean, units, first, count, clean, cut.context);
    addPredictions(baseline.zero, units, first, count, zero.loss, cut.context);
    addPredictions(baseline.klZero, units, first, count, zero.kl, cut.context);
    addPredictions(baseline.mean, units, first, count, meanLoss, cut.context);
    addDeviation(baseline.deviation, units, first * cut.context, count * cut.context, x, mean);
    for (const [s, sae] of saes.entries()) {
      const out = await sae.reconstruct(x, reconstruction);
      sums[s]!.addForward(first, count, x, out);
      const spliced = await cut.compare(batch, carry, x, out.reconstruction);
      sums[s]!.addLoss(first, count, spliced.loss, spliced.kl);
      if (first === 0) {
        const same = x.map(
          (value, i) => out.reconstruction[i]! + Math.fround(value - out.reconstruction[i]!),
        );
        identity[s] = largestDifference(clean, await cut.suffix(batch, carry, same), count * width);
      }
    }
    const at = first * cut.context;
    checkFinite(baseline, sums, saes, units.of[at]!, units.of[at + count * cut.context - 1]!, cut.hook);
  }

  const seconds = (performance.now() - started) / 1000;
  return saes.map((sae, s) =>
    summarise({
      sae,
      hook: cut.hook,
      sums: sums[s]!,
      baseline,
      moments,
      seed,
      seconds,
      identity: identity[s]!,
    }),
  );
}

async function momentsOf(request: EvaluationRequest, contexts: number): Promise<ActivationMoments> {
  const { cut } = request;
  const all = new Moments(cut.dIn);
  const afterFirst = new Moments(cut.dIn);
  const held: { activation?: Float32Array; carry?: Float32Array } = {};
  for await (const { batch, count } of batches(request, contexts, "mean activation")) {
    const { activation, carry } = await cut.prefix(batch, held);
    held.activation = activation;
    if (carry) held.carry = carry;
    const rows = count * cut.context;
    all.add(activation, rows, (row) => row % cut.context === 0);
    afterFirst.add(activation, rows, (row) => row % cut.context !== 0);
  }
  all.merge(afterFirst);
  return { all, afterFirst };
}

/** Full batches of the first `contexts` sequences; beyond `count` the last is filled up with token 0. */
async function* batches(request: EvaluationRequest, contexts: number, pass: EvaluationProgress["pass"]) {
  const { cut, tokens, onProgress, signal } = request;
  const passes = pass === "losses" ? 1 : 0;
  for (let first = 0; first < contexts; first += cut.batch) {
    signal?.throwIfAborted();
    const count = Math.min(cut.batch, contexts - first);
    const batch = new Int32Array(cut.batch * cut.context);
    tokens.read(first, count, batch.subarray(0, count * cut.context));
    yield { batch, first, count };
    const tokensDone = (passes * contexts + first + count) * cut.context;
    onProgress?.({ pass, tokens: tokensDone, total: 2 * contexts * cut.context });
  }
}

function checkedContexts({
  cut,
  tokens,
  saes,
  maxTokens,
}: EvaluationRequest & { saes: readonly EvaluatedSae[] }): number {
  if (tokens.context !== cut.context) {
    throw new Failure(
      `the evaluation text is cut in contexts of ${tokens.context} tokens, the model was opened with ${cut.context}: use the same context length for both`,
    );
  }
  if (tokens.contexts === 0) {
    throw new Failure(
      "there is no held-out text to evaluate on: give more text, or hold out a larger share of the documents",
    );
  }
  for (const { name, sae } of saes) {
    if (sae.d_in !== cut.dIn) {
      throw new Failure(
        `SAE ${name} reads activations of width ${sae.d_in}, ${cut.hook} of this model has width ${cut.dIn}: choose the hook point and model it was trained on`,
      );
    }
  }
  return Math.min(tokens.contexts, Math.max(1, Math.floor(maxTokens / cut.context)));
}

function checkFinite(
  baseline: BaselineSums,
  sums: readonly SaeSums[],
  saes: readonly EvaluatedSae[],
  first: number,
  last: number,
  hook: string,
): void {
  const bad = (values: Float64Array) =>
    values.subarray(first, last + 1).some((value) => !Number.isFinite(value));
  if (bad(baseline.clean)) {
    throw new Failure(
      "the model's own loss on the evaluation text is not a finite number: check its weights",
    );
  }
  if (bad(baseline.zero) || bad(baseline.mean)) {
    throw new Failure(
      `the model's loss with ${hook} ablated is not a finite number: check the model's weights`,
    );
  }
  for (const [s, sae] of saes.entries()) {
    if (bad(sums[s]!.loss) || bad(sums[s]!.squaredError)) {
      throw new Failure(
        `SAE ${sae.name} reconstructs activations that are not finite: its training diverged or its file is damaged`,
      );
    }
  }
}

function addDeviation(
  sums: Float64Array,
  { of }: ResamplingUnits,
  first: number,
  rows: number,
  x: Float32Array,
  mean: Float64Array,
): void {
  const dIn = mean.length;
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let d = 0, at = row * dIn; d < dIn; d++, at++) sum += (x[at]! - mean[d]!) ** 2;
    sums[of[first + row]!]! += sum;
  }
}

function largestDifference(a: Float32Array, b: Float32Array, length: number): number {
  let largest = 0;
  for (let i = 0; i < length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}
