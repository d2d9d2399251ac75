/** When dead features are looked after during a run, by which rule, and from which inputs (see dead-features.ts). */

import { Random } from "../random.ts";
import { reinitialiseRare, resampleDead } from "./dead-features.ts";
import type { SaeOptions } from "./options.ts";
import { deadFeatures, LossWeightedSample } from "./resampling.ts";
import { inSteps } from "./schedule.ts";
import type { TrainingParameters } from "./training-parameters.ts";

export type DeadFeatureEvent =
  | { readonly event: "resample"; readonly step: number; readonly dead: number; readonly inputs: number }
  | { readonly event: "reinit"; readonly step: number; readonly features: number };

/**
 * Batches [batch, d_in] of raw activations on shared memory, at least `count` rows in all where there are that many. Called
 * between two steps; must give the same rows in a resumed run.
 */
export type ResampleInputs = (
  count: number,
  step: number,
) => AsyncIterable<Float32Array> | Iterable<Float32Array>;

export interface DeadFeaturePolicy {
  beforeStep(step: number): void;
  /** @param x the batch of the step @returns what was done, if anything */
  afterStep(step: number, x: Float32Array): Promise<DeadFeatureEvent | undefined>;
}

interface Surroundings {
  readonly inputs: ResampleInputs | undefined;
  /** The loss of each row of a batch under the present parameters. */
  readonly losses: (rows: Float32Array) => Promise<Float32Array>;
  /** Factor on raw activations. */
  readonly scale: () => number;
}

/** The policy that `options` asks for in a run of `steps` steps. */
export function deadFeaturePolicy(
  options: SaeOptions,
  steps: number,
  parameters: TrainingParameters,
  surroundings: Surroundings,
): DeadFeaturePolicy | undefined {
  if (options.dead === "none") return undefined;
  return options.dead === "neel-reinit"
    ? neelReinit(options, steps, parameters)
    : brickenResample(options, steps, parameters, surroundings);
}

/** Counts firings over the last `reinit_tokens` before each restart: the published program measured on fresh text. */
function neelReinit(options: SaeOptions, steps: number, parameters: TrainingParameters): DeadFeaturePolicy {
  const { batch, reinit_frequency, reinit_moments, decoder_norm, seed } = options;
  const every = Math.max(1, inSteps(options.reinit_every, steps));
  const window = Math.min(every, Math.ceil(options.reinit_tokens / batch));
  return {
    beforeStep(step) {
      if ((step - 1 + window) % every === 0) parameters.clearFired();
    },
    async afterStep(step) {
      // After the last step nothing would train what was drawn.
      if (step % every !== 0 || step === steps) return undefined;
      const random = Random.of(seed, `reinit/${step}`);
      const features = reinitialiseRare(
        parameters,
        reinit_frequency,
        window * batch,
        { normalised: decoder_norm === "after-step", cleared: reinit_moments === "cleared" },
        random,
        firstThreshold(options),
      );
      return { event: "reinit", step, features };
    },
  };
}

function brickenResample(
  options: SaeOptions,
  steps: number,
  parameters: TrainingParameters,
  { inputs, losses, scale }: Surroundings,
): DeadFeaturePolicy {
  const { batch, seed, resample_inputs, resample_direction, resample_encoder_norm } = options;
  const when = new Set(options.resample_at.map((at) => inSteps(at, steps)));
  const window = Math.max(1, inSteps(options.resample_window, steps));
  return {
    beforeStep() {},
    async afterStep(step, x) {
      if (!when.has(step) || step === steps) return undefined;
      const dead = deadFeatures(parameters, step, window);
      if (dead.length === 0) return { event: "resample", step, dead: 0, inputs: 0 };
      const sample = new LossWeightedSample(
        dead.length,
        parameters.d_in,
        Random.of(seed, `resample/${step}`),
      );
      let seen = 0;
      for await (const rows of inputs?.(resample_inputs, step) ?? [x]) {
        sample.offer(rows, await losses(rows));
        seen += batch;
        if (seen >= resample_inputs) break;
      }
      if (sample.filled) {
        if (resample_direction === "centred") centre(sample.rows, parameters.b_dec, scale());
        resampleDead(parameters, dead, sample.rows, resample_encoder_norm, step, firstThreshold(options));
      }
      return { event: "resample", step, dead: dead.length, inputs: seen };
    },
  };
}

function firstThreshold({ objective, threshold_init }: SaeOptions): number | undefined {
  return objective === "jumprelu" ? threshold_init : undefined;
}

/** Raw activations to what a centred encoder sees, but for length. */
function centre(rows: Float32Array, b_dec: Float32Array, scale: number): void {
  for (let k = 0; k < rows.length; k++) rows[k]! -= b_dec[k % b_dec.length]! / scale;
}
