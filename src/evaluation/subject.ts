/** What goes into an evaluation, what is gathered on the way, and what comes out. */

import type { Sae } from "../sae/dictionary.ts";
import type { ForwardResult } from "../sae/forward.ts";
import type { Moments } from "./moments.ts";
import type { EvaluationResult, FeatureStatistics } from "./result.ts";

/** What the evaluation asks of a dictionary. */
export interface EvaluatedSae {
  readonly name: string;
  readonly sae: Pick<Sae, "d_in" | "d_sae" | "W_enc" | "W_dec">;
  /** x [n, d_in] → x̂, in `into`, and the active features. */
  reconstruct(x: Float32Array, into: Float32Array): Promise<ForwardResult>;
}

export interface Evaluation {
  readonly result: EvaluationResult;
  readonly features: FeatureStatistics;
}

/** The three losses that do not depend on the SAE: sums over each document (resampling-units.ts), nats. */
export interface BaselineSums {
  readonly clean: Float64Array;
  readonly zero: Float64Array;
  readonly mean: Float64Array;
  readonly klZero: Float64Array;
  /** Σ‖x − x̄‖² of each document. */
  readonly deviation: Float64Array;
}

/** Moments of the activation: over all positions, and without the first position of each sequence. */
export interface ActivationMoments {
  readonly all: Moments;
  readonly afterFirst: Moments;
}
