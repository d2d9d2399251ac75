/**
 * The k largest features of each row: Gao et al. 2024, "Scaling and evaluating sparse autoencoders", with the auxiliary
 * loss of `auxk.ts`.
 *
 *   h = W_enc x̃ + b_enc     f_j = relu(h_j) on the k largest of h_j, else 0     x̂ = Σ_i f_i v_i + b_dec
 *   L = mean_j ‖x̂_j − x_j‖² + aux
 */

import { auxKGradient, auxKLoss } from "./auxk.ts";
import {
  backThroughBias,
  backThroughDecoder,
  backThroughEncoder,
  decode,
  encoderProducts,
  errorGradient,
  plusBias,
  report,
  rowSums,
} from "./products.ts";
import { keptRelu, largestOfRows } from "./selection.ts";
import { needed, type ReferenceObjective, zerosLike } from "./state.ts";

export const topk: ReferenceObjective = {
  forward(state, x, options) {
    const { d_sae } = state;
    const h = plusBias(encoderProducts(state, x, options.centred), state.parameters.b_enc!);
    const f = keptRelu(h, largestOfRows(h, d_sae, needed(options.k, "k")));
    const reconstruction = decode(state, f);
    const aux = auxKLoss(state, x, h, reconstruction, options);
    return report(state, x, f, reconstruction, { l1Terms: rowSums(f, d_sae), Lambda: 0, aux });
  },

  gradients(state, x, options) {
    const gradient = zerosLike(state.parameters);
    const h = plusBias(encoderProducts(state, x, options.centred), state.parameters.b_enc!);
    const { f, reconstruction } = this.forward(state, x, options);
    const df = backThroughDecoder(state, f, errorGradient(reconstruction, x, state.d_in), gradient);
    const dh = auxKGradient(state, x, h, reconstruction, options, gradient);
    for (let e = 0; e < f.length; e++) if (f[e]! > 0) dh[e]! += df[e]!;
    backThroughBias(dh, gradient.b_enc!);
    backThroughEncoder(state, x, options.centred, dh, gradient);
    return gradient;
  },
};
