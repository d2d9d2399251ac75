/**
 * ReLU with an L1 penalty: Bricken et al. 2023, "Towards Monosemanticity: Decomposing Language Models With Dictionary
 * Learning", Transformer Circuits Thread.
 *
 *   h = W_enc x̃ + b_enc     f = relu(h)     x̂ = Σ_i f_i v_i + b_dec     with ‖v_i‖ = 1
 *   L = mean_j [ ‖x̂_j − x_j‖² + Λ Σ_i f_ij ]
 */

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
import { type ReferenceObjective, zerosLike } from "./state.ts";

export const reluL1: ReferenceObjective = {
  forward(state, x, { Lambda, centred }) {
    const h = plusBias(encoderProducts(state, x, centred), state.parameters.b_enc!);
    const f = h.map((value) => Math.max(0, value));
    return report(state, x, f, decode(state, f), { l1Terms: rowSums(f, state.d_sae), Lambda });
  },

  gradients(state, x, options) {
    const { Lambda, centred } = options;
    const B = x.length / state.d_in;
    const gradient = zerosLike(state.parameters);
    const { f, reconstruction } = this.forward(state, x, options);
    const df = backThroughDecoder(state, f, errorGradient(reconstruction, x, state.d_in), gradient);
    const dh = df.map((value, e) => (f[e]! > 0 ? value + Lambda / B : 0));
    backThroughBias(dh, gradient.b_enc!);
    backThroughEncoder(state, x, centred, dh, gradient);
    return gradient;
  },
};
