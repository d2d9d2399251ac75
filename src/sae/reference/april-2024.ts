/**
 * An L1 penalty on what each feature contributes: Conerly, Templeton, Bricken, Marcus & Henighan, "Update on how we train
 * SAEs", Circuits Updates April 2024, Transformer Circuits Thread. Decoder rows are free: nothing is projected and no norm
 * is restored, because scaling f down and v up gains nothing.
 *
 *   h = W_enc x̃ + b_enc     f = relu(h)     x̂ = Σ_i f_i v_i + b_dec
 *   L = mean_j [ ‖x̂_j − x_j‖² + Λ Σ_i f_ij ‖v_i‖ ]
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
import { rowNorms } from "./norms.ts";
import { type ReferenceObjective, zerosLike } from "./state.ts";

export const april2024: ReferenceObjective = {
  forward(state, x, { Lambda, centred }) {
    const { d_in, d_sae, parameters } = state;
    const norm = rowNorms(parameters.W_dec, d_in);
    const h = plusBias(encoderProducts(state, x, centred), parameters.b_enc!);
    const f = h.map((value) => Math.max(0, value));
    const contributions = f.map((value, e) => value * norm[e % d_sae]!);
    return report(state, x, f, decode(state, f), { l1Terms: rowSums(contributions, d_sae), Lambda });
  },

  gradients(state, x, options) {
    const { Lambda, centred } = options;
    const { d_in, d_sae, parameters } = state;
    const B = x.length / d_in;
    const norm = rowNorms(parameters.W_dec, d_in);
    const gradient = zerosLike(parameters);
    const { f, reconstruction } = this.forward(state, x, options);
    const df = backThroughDecoder(state, f, errorGradient(reconstruction, x, d_in), gradient);
    // ∂‖v_i‖/∂v_i = v_i/‖v_i‖
    for (let e = 0; e < f.length; e++) {
      const i = e % d_sae;
      for (let k = i * d_in; k < (i + 1) * d_in; k++)
        gradient.W_dec[k]! += ((Lambda / B) * f[e]! * parameters.W_dec[k]!) / norm[i]!;
    }
    const dh = df.map((value, e) => (f[e]! > 0 ? value + (Lambda / B) * norm[e % d_sae]! : 0));
    backThroughBias(dh, gradient.b_enc!);
    backThroughEncoder(state, x, centred, dh, gradient);
    return gradient;
  },
};
