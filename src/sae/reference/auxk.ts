/**
 * The auxiliary loss that keeps dead features in play: Gao, la Tour, Tillman, Goh, Troll, Radford, Sutskever, Leike & Wu
 * 2024, "Scaling and evaluating sparse autoencoders", appendix A.2 ("AuxK").
 *
 *   e_j = sg(x_j − x̂_j)     ê_j = Σ_{i ∈ A_j} relu(h_ij) v_i     aux = α · mean_j ‖ê_j − e_j‖²
 *
 * A_j are the k_aux dead features with the largest positive h_ij (all when there are fewer), sg stops the gradient, and ê
 * has no b_dec. The gradient reaches dead features only, and b_dec through the centring. Without dead features aux is 0.
 */

import { alongDecoder, errorGradient, mean, squaredErrors } from "./products.ts";
import { keptRelu, largestOfRows } from "./selection.ts";
import type { ReferenceObjectiveOptions, ReferenceParameters, ReferenceState } from "./state.ts";

interface AuxK {
  /** f_aux [B, d_sae] */
  readonly f: Float64Array;
  /** ê [B, d_in] */
  readonly estimate: Float64Array;
  /** e [B, d_in] */
  readonly error: Float64Array;
  readonly loss: number;
}

/** @returns undefined when no feature is dead or the loss is switched off */
function auxK(
  { d_in, d_sae, parameters: { W_dec } }: ReferenceState,
  x: ArrayLike<number>,
  h: Float64Array,
  reconstruction: Float64Array,
  { dead, kAux = 0, auxCoefficient = 0 }: ReferenceObjectiveOptions,
): AuxK | undefined {
  if (kAux === 0 || auxCoefficient === 0 || !dead?.some(Boolean)) return undefined;
  const f = keptRelu(h, largestOfRows(h, d_sae, kAux, dead));
  const error = reconstruction.map((value, e) => x[e]! - value);
  const estimate = new Float64Array(x.length);
  for (let e = 0; e < f.length; e++) {
    const [j, i] = [Math.floor(e / d_sae), e % d_sae];
    for (let k = 0; k < d_in; k++) estimate[j * d_in + k]! += f[e]! * W_dec[i * d_in + k]!;
  }
  return { f, estimate, error, loss: auxCoefficient * mean(squaredErrors(estimate, error, d_in)) };
}

export function auxKLoss(
  state: ReferenceState,
  x: ArrayLike<number>,
  h: Float64Array,
  reconstruction: Float64Array,
  options: ReferenceObjectiveOptions,
): number {
  return auxK(state, x, h, reconstruction, options)?.loss ?? 0;
}

/** Adds ∂aux/∂v_i to `gradient`. @returns ∂aux/∂h [B, d_sae] */
export function auxKGradient(
  state: ReferenceState,
  x: ArrayLike<number>,
  h: Float64Array,
  reconstruction: Float64Array,
  options: ReferenceObjectiveOptions,
  gradient: ReferenceParameters,
): Float64Array {
  const { d_in, d_sae } = state;
  const aux = auxK(state, x, h, reconstruction, options);
  if (!aux) return new Float64Array(h.length);
  const { f, estimate, error } = aux;
  const r = errorGradient(estimate, error, d_in).map((value) => options.auxCoefficient! * value);
  for (let e = 0; e < f.length; e++) {
    const [j, i] = [Math.floor(e / d_sae), e % d_sae];
    for (let k = 0; k < d_in; k++) gradient.W_dec[i * d_in + k]! += f[e]! * r[j * d_in + k]!;
  }
  return alongDecoder(state, r).map((value, e) => (f[e]! > 0 ? value : 0));
}
