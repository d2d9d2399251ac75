/**
 * Adam with bias correction (Kingma & Ba 2015) outside the kernels: the step's scalars, and the update of b_dec, which has
 * only d_in elements and is done where its gradient is added up.
 */

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** What the kernels need of a step: lr/(1 − β₁ᵗ) and 1/√(1 − β₂ᵗ). `step` counts from 1. */
export function adamScalars({ beta1, beta2 }: AdamOptions, lr: number, step: number) {
  return { stepSize: lr / (1 - beta1 ** step), rootCorrection: 1 / Math.sqrt(1 - beta2 ** step) };
}

/** w ← w − stepSize · m / (√v · rootCorrection + ε), after the moments have taken in `gradient`. */
export function adamUpdate(
  { beta1, beta2, epsilon }: AdamOptions,
  { stepSize, rootCorrection }: { stepSize: number; rootCorrection: number },
  gradient: ArrayLike<number>,
  w: Float32Array,
  m: Float32Array,
  v: Float32Array,
): void {
  for (let k = 0; k < w.length; k++) {
    const g = gradient[k]!;
    const first = beta1 * m[k]! + (1 - beta1) * g;
    const second = beta2 * v[k]! + (1 - beta2) * g * g;
    m[k] = first;
    v[k] = second;
    w[k]! -= (stepSize * first) / (Math.sqrt(second) * rootCorrection + epsilon);
  }
}
