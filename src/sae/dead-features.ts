/**
 * What is done about features that (almost) never fire: the two published policies, applied to the parameters in place.
 *
 * `bricken-resample` follows papers.md §1.4 of Bricken et al. 2023: a dead feature starts again at an input that is badly
 * reconstructed, its encoder quiet, its bias 0, its Adam moments cleared. `neel-reinit` draws rare features afresh.
 */

import type { Random } from "../random.ts";
import { kaimingBound, normalise, uniform } from "./initialisation.ts";
import type { TrainingParameters } from "./training-parameters.ts";

/**
 * Gives feature dead[j] the direction of row j of `inputs`. The encoder gets `relativeNorm` times the mean encoder norm of
 * the features that are not dead.
 */
export function resampleDead(
  parameters: TrainingParameters,
  dead: readonly number[],
  inputs: Float32Array,
  relativeNorm: number,
  step: number,
  threshold?: number,
): void {
  const { d_in } = parameters;
  const norm = relativeNorm * meanEncoderNorm(parameters, new Set(dead));
  dead.forEach((i, slot) => {
    const input = inputs.subarray(slot * d_in, (slot + 1) * d_in);
    const [encoder, decoder] = [parameters.encoderRow(i), parameters.decoderRow(i)];
    decoder.set(input);
    normalise(decoder);
    encoder.set(input);
    normalise(encoder, norm);
    restartScalars(parameters, i, threshold);
    parameters.clearMoments(i);
    parameters.setLastFired(i, step);
  });
}

/** Mean ‖W_enc,i‖ over the features not in `without`; over all when that leaves none. */
function meanEncoderNorm(parameters: TrainingParameters, without: ReadonlySet<number>): number {
  const skip = without.size < parameters.d_sae ? without : new Set<number>();
  let sum = 0;
  for (let i = 0; i < parameters.d_sae; i++) {
    if (skip.has(i)) continue;
    let squared = 0;
    for (const value of parameters.encoderRow(i)) squared += value * value;
    sum += Math.sqrt(squared);
  }
  return sum / (parameters.d_sae - skip.size);
}

/**
 * Restarts features that fired on less than `frequency` of `tokens` counted tokens with values as at the start.
 * `normalised`: their decoder rows get norm 1 at once; `cleared`: Adam forgets what was there. The original program did neither.
 * @returns the number of features restarted
 */
export function reinitialiseRare(
  parameters: TrainingParameters,
  frequency: number,
  tokens: number,
  { normalised, cleared }: { readonly normalised: boolean; readonly cleared: boolean },
  random: Random,
  threshold?: number,
): number {
  const { d_in, d_sae } = parameters;
  let count = 0;
  for (let i = 0; i < d_sae; i++) {
    if (parameters.fired(i) >= frequency * tokens) continue;
    uniform(parameters.encoderRow(i), kaimingBound(d_sae, 0), random);
    uniform(parameters.decoderRow(i), kaimingBound(d_in, 0), random);
    restartScalars(parameters, i, threshold);
    if (normalised) normalise(parameters.decoderRow(i));
    if (cleared) parameters.clearMoments(i);
    count++;
  }
  return count;
}

/** @param threshold jumprelu: the first one; where it has risen, a quiet encoder would never reach it */
function restartScalars(parameters: TrainingParameters, i: number, threshold: number | undefined): void {
  parameters.setBias(i, 0);
  if (threshold !== undefined) parameters.setGain(i, threshold);
}
