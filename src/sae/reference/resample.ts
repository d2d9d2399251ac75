/** A new start for a feature that died: Bricken et al. 2023, "Neuron resampling". */

import type { ReferenceState } from "./state.ts";

/**
 * Decoder `input`/‖input‖, encoder the same direction at norm `encoderNorm`, bias 0, and Adam moments of zero for all that
 * was changed.
 */
export function referenceResample(
  { d_in, parameters, m, v }: ReferenceState,
  i: number,
  input: ArrayLike<number>,
  encoderNorm: number,
): void {
  const norm = Math.hypot(...Array.from(input));
  for (let k = 0; k < d_in; k++) {
    parameters.W_dec[i * d_in + k] = input[k]! / norm;
    parameters.W_enc[i * d_in + k] = (encoderNorm * input[k]!) / norm;
  }
  parameters.b_enc![i] = 0;
  for (const moment of [m, v]) {
    moment.W_dec.fill(0, i * d_in, (i + 1) * d_in);
    moment.W_enc.fill(0, i * d_in, (i + 1) * d_in);
    moment.b_enc![i] = 0;
  }
}
