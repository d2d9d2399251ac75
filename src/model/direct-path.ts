/**
 * The direct path from a hook point to a logit: what a vector added there adds to the logit of a token, when later layers
 * are passed over and the last LayerNorm's scale is held (Bricken et al. 2023, "Feature attribution").
 *
 *     logits = W_U (γ ⊙ (r − mean r)/σ + β)      r = … + x W      W the matrix that takes x to the residual stream
 *     ∂(logit_t − mean of logits)/∂x = W P(γ ⊙ (u_t − ū))/σ       P removes the mean, ū is the mean row of W_U
 *
 * A constant added to all logits changes no prediction; taking the mean away makes the numbers of different tokens and
 * models comparable. Where nothing but the unembedding follows, the path is all there is ("exact") but for σ, which x also
 * moves.
 */

import { UsageError } from "../errors.ts";
import type { ModelConfig } from "./config.ts";
import { findHook, type HookPoint } from "./hooks.ts";
import type { Weights } from "./weights.ts";

export interface DirectPath {
  /** "direct" when layers, or an MLP, between the hook point and the unembedding are passed over. */
  readonly kind: "exact" | "direct";
  /** Name of W [d_in, d_model] in the weights; undefined when the hook point's vectors are added to the residual stream as they are. */
  readonly weight: string | undefined;
}

/** @throws UsageError when no linear path leads from the hook point to the residual stream */
export function directPath(config: ModelConfig, hook: string): DirectPath {
  const path = linearPath(config, hook);
  if (path !== undefined) return path;
  const { layer } = findHook(config, hook);
  throw new UsageError(
    `no linear path leads from ${hook} to the logits, since the MLP's activation function follows: ` +
      `attribution works at blocks.${layer}.mlp.hook_post and at every other hook point`,
  );
}

/** The same, undefined where there is none: at mlp.hook_pre a nonlinearity comes first. */
export function linearPath(config: ModelConfig, hook: string): DirectPath | undefined {
  const { layer, site } = findHook(config, hook);
  if (site === "mlp.hook_pre") return undefined;
  const isLast = layer === config.nLayer - 1;
  const leads = site === "mlp.hook_post" || site === "hook_mlp_out" || site === "hook_resid_post";
  return { kind: isLast && leads ? "exact" : "direct", weight: toStream(layer, site) };
}

function toStream(layer: number, site: HookPoint["site"]): string | undefined {
  if (site === "mlp.hook_post") return `h.${layer}.mlp.c_proj.weight`;
  if (site === "attn.hook_z") return `h.${layer}.attn.c_proj.weight`;
  return undefined;
}

/** Name of W_U [vocab, d_model] in the weights. */
export function unembeddingName({ tieWordEmbeddings }: ModelConfig): string {
  return tieWordEmbeddings ? "wte.weight" : "lm_head.weight";
}

/**
 * ∂(logit of `token` − mean of logits)/∂x [d_in] as above.
 * @param stream r at the token that predicts: the last hook_resid_post [d_model]
 * @param meanRow ū [d_model]
 */
export function directGradient(
  { config, weights }: { config: ModelConfig; weights: Weights },
  path: DirectPath,
  stream: Float32Array,
  meanRow: Float32Array,
  token: number,
): Float32Array {
  const { dModel, layerNormEpsilon } = config;
  const row = weights[unembeddingName(config)]!.subarray(token * dModel, (token + 1) * dModel);
  const gamma = weights["ln_f.weight"]!;
  const onNormal = Float64Array.from(row, (u, d) => gamma[d]! * (u - meanRow[d]!));
  const centre = mean(onNormal);
  const streamMean = mean(stream);
  const variance = mean(Float64Array.from(stream, (value) => (value - streamMean) ** 2));
  const sigma = Math.sqrt(variance + layerNormEpsilon);
  const onStream = onNormal.map((value) => (value - centre) / sigma);
  return path.weight === undefined ? Float32Array.from(onStream) : product(weights[path.weight]!, onStream);
}

/** Matrix [n, d] times vector [d]. */
function product(matrix: Float32Array, vector: Float64Array): Float32Array {
  const d = vector.length;
  return Float32Array.from({ length: matrix.length / d }, (_, i) => {
    let sum = 0;
    for (let k = 0, at = i * d; k < d; k++, at++) sum += matrix[at]! * vector[k]!;
    return sum;
  });
}

function mean(values: Float64Array | Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
