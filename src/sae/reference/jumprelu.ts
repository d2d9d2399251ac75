/**
 * A learned threshold for each feature: Rajamanoharan, Lieberum, Sonnerat, Conmy, Varma, Kramár & Nanda 2024, "Jumping
 * Ahead: Improving Reconstruction Fidelity with JumpReLU Sparse Autoencoders", with the penalty that aims at a given L0.
 *
 *   h = W_enc x̃ + b_enc     f_i = h_i [h_i > θ_i]     x̂ = Σ_i f_i v_i + b_dec
 *   L = mean_j ‖x̂_j − x_j‖² + λ_s (L0/L0* − 1)²     L0 = mean_j Σ_i [h_ij > θ_i]
 *
 * The step has no useful derivative, so θ's is estimated with a rectangle of width ε in its place, as the kernel estimate
 * of the derivative of the expected loss:
 *
 *   ∂f/∂θ = −(θ/ε) [|h − θ| < ε/2]     ∂[h > θ]/∂θ = −(1/ε) [|h − θ| < ε/2]
 *
 * Towards h, ∂f/∂h = [h > θ] and [h > θ] has none. θ is meant to be positive.
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
import { needed, type ReferenceObjective, zerosLike } from "./state.ts";

export const jumprelu: ReferenceObjective = {
  forward(state, x, { centred, targetL0, sparsityPenalty }) {
    const { d_in, d_sae, parameters } = state;
    const theta = needed(parameters.threshold, "threshold");
    const h = plusBias(encoderProducts(state, x, centred), parameters.b_enc!);
    const open = h.map((value, e) => (value > theta[e % d_sae]! ? 1 : 0));
    const f = h.map((value, e) => (open[e] ? value : 0));
    const l0 = rowSums(open, d_sae).reduce((sum, count) => sum + count, 0) / (x.length / d_in);
    const seen = report(state, x, f, decode(state, f), { l1Terms: rowSums(f, d_sae), Lambda: 0 });
    const excess = l0 / needed(targetL0, "targetL0") - 1;
    return { ...seen, l0, loss: seen.mse + needed(sparsityPenalty, "sparsityPenalty") * excess ** 2 };
  },

  gradients(state, x, options) {
    const { d_in, d_sae, parameters } = state;
    const theta = parameters.threshold!;
    const epsilon = needed(options.bandwidth, "bandwidth");
    const [lambda, target] = [options.sparsityPenalty!, options.targetL0!];
    const B = x.length / d_in;
    const gradient = zerosLike(parameters);
    const h = plusBias(encoderProducts(state, x, options.centred), parameters.b_enc!);
    const { f, reconstruction, l0 } = this.forward(state, x, options);
    const df = backThroughDecoder(state, f, errorGradient(reconstruction, x, d_in), gradient);
    const dOpen = (lambda * 2 * (l0 / target - 1)) / target / B;
    for (let e = 0; e < h.length; e++) {
      const i = e % d_sae;
      if (Math.abs(h[e]! - theta[i]!) < epsilon / 2)
        gradient.threshold![i]! -= (df[e]! * theta[i]! + dOpen) / epsilon;
    }
    const dh = df.map((value, e) => (h[e]! > theta[e % d_sae]! ? value : 0));
    backThroughBias(dh, gradient.b_enc!);
    backThroughEncoder(state, x, options.centred, dh, gradient);
    return gradient;
  },
};
