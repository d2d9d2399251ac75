/**
 * Nested dictionaries: Bussmann, Nabeshima, Karvonen & Nanda 2025, "Learning Multi-Level Features with Matryoshka Sparse
 * Autoencoders". The features before each of the widths m_1 < … < m_G = d_sae reconstruct on their own; which features are
 * active is decided as in batch-topk, over all of them.
 *
 *   x̂^g_j = Σ_{i < m_g} f_ij v_i + b_dec
 *   L = (1/G) Σ_g mean_j ‖x̂^g_j − x_j‖² + aux
 *
 * The error that aux reconstructs is the full reconstruction's, and so are x̂, mse and the loss of a row.
 */

import { auxKGradient } from "./auxk.ts";
import { batchTopk } from "./batch-topk.ts";
import {
  backThroughBias,
  backThroughDecoder,
  backThroughEncoder,
  decode,
  encoderProducts,
  errorGradient,
  mean,
  plusBias,
  squaredErrors,
} from "./products.ts";
import { needed, type ReferenceObjective, zerosLike } from "./state.ts";

export const matryoshka: ReferenceObjective = {
  forward(state, x, options) {
    const groups = needed(options.groups, "groups");
    const full = batchTopk.forward(state, x, options);
    let loss = full.aux;
    for (const width of groups)
      loss += mean(squaredErrors(decode(state, full.f, width), x, state.d_in)) / groups.length;
    return { ...full, loss };
  },

  gradients(state, x, options) {
    const { d_in, parameters } = state;
    const groups = needed(options.groups, "groups");
    const gradient = zerosLike(parameters);
    const h = plusBias(encoderProducts(state, x, options.centred), parameters.b_enc!);
    const { f, reconstruction } = this.forward(state, x, options);
    const dh = auxKGradient(state, x, h, reconstruction, options, gradient);
    for (const width of groups) {
      const r = errorGradient(decode(state, f, width), x, d_in).map((value) => value / groups.length);
      const df = backThroughDecoder(state, f, r, gradient, width);
      for (let e = 0; e < f.length; e++) if (f[e]! > 0) dh[e]! += df[e]!;
    }
    backThroughBias(dh, gradient.b_enc!);
    backThroughEncoder(state, x, options.centred, dh, gradient);
    return gradient;
  },
};
