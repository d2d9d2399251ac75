/**
 * One path decides which features are active, another how much: Rajamanoharan, Conmy, Smith, Lieberum, Varma, Kramár, Shah
 * & Nanda 2024, "Improving Dictionary Learning with Gated Sparse Autoencoders". Both paths share the encoder's directions.
 *
 *   π = W_enc x̃ + b_gate     mag = e^{r_mag} W_enc x̃ + b_mag     f = [π > 0] relu(mag)     x̂ = Σ_i f_i v_i + b_dec
 *   L = mean_j [ ‖x̂_j − x_j‖² + Λ Σ_i relu(π_ij) + ‖x̂ᶠ_j − x_j‖² ]     x̂ᶠ = Σ_i relu(π_i) sg(v_i) + sg(b_dec)
 *
 * The step [π > 0] passes no gradient, so the last two terms train the gate; sg keeps them from moving the decoder.
 */

import {
  alongDecoder,
  backThroughBias,
  backThroughDecoder,
  backThroughEncoder,
  decode,
  encoderProducts,
  errorGradient,
  mean,
  plusBias,
  report,
  rowSums,
  squaredErrors,
} from "./products.ts";
import { type ReferenceObjective, type ReferenceState, zerosLike } from "./state.ts";

function paths(state: ReferenceState, x: ArrayLike<number>, centred: boolean) {
  const { b_gate, r_mag, b_mag } = state.parameters;
  const z = encoderProducts(state, x, centred);
  const pi = plusBias(z, b_gate!);
  const mag = plusBias(
    z.map((value, e) => Math.exp(r_mag![e % state.d_sae]!) * value),
    b_mag!,
  );
  const gate = pi.map((value) => Math.max(0, value));
  return { z, pi, mag, gate };
}

export const gated: ReferenceObjective = {
  forward(state, x, { Lambda, centred }) {
    const { d_in, d_sae } = state;
    const { pi, mag, gate } = paths(state, x, centred);
    const f = mag.map((value, e) => (pi[e]! > 0 ? Math.max(0, value) : 0));
    const aux = mean(squaredErrors(decode(state, gate), x, d_in));
    return report(state, x, f, decode(state, f), { l1Terms: rowSums(gate, d_sae), Lambda, aux });
  },

  gradients(state, x, options) {
    const { d_in, d_sae, parameters } = state;
    const B = x.length / d_in;
    const gradient = zerosLike(parameters);
    const { z, gate } = paths(state, x, options.centred);
    const { f, reconstruction } = this.forward(state, x, options);
    const gain = parameters.r_mag!.map(Math.exp);

    const df = backThroughDecoder(state, f, errorGradient(reconstruction, x, d_in), gradient);
    const dMag = df.map((value, e) => (f[e]! > 0 ? value : 0));
    backThroughBias(dMag, gradient.b_mag!);
    // ∂mag/∂r_mag = e^{r_mag} z
    backThroughBias(
      dMag.map((value, e) => value * gain[e % d_sae]! * z[e]!),
      gradient.r_mag!,
    );

    const rFrozen = errorGradient(decode(state, gate), x, d_in);
    const dPi = alongDecoder(state, rFrozen).map((value, e) =>
      gate[e]! > 0 ? value + options.Lambda / B : 0,
    );
    backThroughBias(dPi, gradient.b_gate!);

    const dz = dPi.map((value, e) => value + dMag[e]! * gain[e % d_sae]!);
    backThroughEncoder(state, x, options.centred, dz, gradient);
    return gradient;
  },
};
