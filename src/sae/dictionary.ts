/** A finished dictionary, as it is read from and written to disk and used for inference. */

export const ARCHITECTURES = ["standard", "topk", "jumprelu", "gated"] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/**
 * Matrices are [d_sae, d_in]: row i is feature i's encoder, or its decoder direction. With z = W_enc x̃:
 *
 * - standard  f = relu(z + b_enc)
 * - topk      the k largest of relu(z + b_enc), the rest 0
 * - jumprelu  f = relu(z + b_enc) where z + b_enc > threshold, else 0
 * - gated     f = relu(exp(r_mag) z + b_mag) where z + b_gate > 0, else 0
 */
export interface Sae {
  readonly architecture: Architecture;
  readonly d_in: number;
  readonly d_sae: number;
  readonly W_enc: Float32Array;
  readonly W_dec: Float32Array;
  /** The bias inside relu; for gated dictionaries b_mag. */
  readonly b_enc: Float32Array;
  readonly b_dec: Float32Array;
  readonly k?: number;
  readonly threshold?: Float32Array;
  readonly b_gate?: Float32Array;
  readonly r_mag?: Float32Array;
  /** x̃ = x − b_dec instead of x. */
  readonly apply_b_dec_to_input: boolean;
  /**
   * "layer_norm": each x is centred and divided by its standard deviation first, and x̂ is brought back.
   * "expected_average_only_in": made for activations scaled to an expected norm of √d_in, and the factor is not known yet
   * (see `foldScale`). "none": takes activations as they are.
   */
  readonly normalize_activations: "none" | "layer_norm" | "expected_average_only_in";
  /** What the file says beside the numbers: model, hook, context size and so on. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/**
 * The same dictionary on raw activations, when it was made for activations times `scale`. Thresholds and biases are
 * divided by the scale, so features come out in units of the raw activations and the matrices stay as they are.
 */
export function foldScale(sae: Sae, scale: number): Sae {
  const unscale = (values: Float32Array) => values.map((value) => value / scale);
  return {
    ...sae,
    b_enc: unscale(sae.b_enc),
    b_dec: unscale(sae.b_dec),
    ...(sae.threshold && { threshold: unscale(sae.threshold) }),
    ...(sae.b_gate && { b_gate: unscale(sae.b_gate) }),
    normalize_activations: "none",
  };
}

/**
 * The dictionary whose feature i is f_i‖v_i‖, with decoder rows v_i/‖v_i‖ and the same reconstructions. Thresholds and gates
 * decide as before; a topk dictionary then ranks f‖v‖ where it ranked f. A feature with v_i = 0 never fires.
 */
export function foldDecoderNorms(sae: Sae): Sae {
  const { d_in, d_sae } = sae;
  const norms = Float64Array.from({ length: d_sae }, (_, i) =>
    Math.sqrt(sae.W_dec.subarray(i * d_in, (i + 1) * d_in).reduce((sum, value) => sum + value ** 2, 0)),
  );
  const scaled = (values: Float32Array) => values.map((value, i) => value * norms[i]!);
  return {
    ...sae,
    W_enc: sae.W_enc.map((value, e) => value * norms[Math.floor(e / d_in)]!),
    W_dec: sae.W_dec.map((value, e) => value / (norms[Math.floor(e / d_in)]! || 1)),
    b_enc: scaled(sae.b_enc),
    ...(sae.threshold && { threshold: scaled(sae.threshold) }),
    ...(sae.b_gate && { b_gate: scaled(sae.b_gate) }),
  };
}
