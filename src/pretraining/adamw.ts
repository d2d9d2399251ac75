/**
 * AdamW (Loshchilov & Hutter 2019): Adam with bias correction, weight decay applied to the weights themselves.
 *
 *     m ← β₁m + (1−β₁)g      v ← β₂v + (1−β₂)g²
 *     w ← w − η·weight_decay·w − η · (m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) + ε)
 */

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Applied to matrices only: vectors (biases, layer norms) carry no capacity worth decaying. */
  readonly weightDecay: number;
}

export interface Moments {
  readonly m: Float32Array;
  readonly v: Float32Array;
}

/** One step on one parameter, in place. `step` counts from 1; `gradientScale` multiplies the gradient first. */
export function adamW(
  weights: Float32Array,
  gradient: Float32Array,
  { m, v }: Moments,
  { beta1, beta2, epsilon, weightDecay }: AdamWOptions,
  { step, lr, gradientScale, decays }: { step: number; lr: number; gradientScale: number; decays: boolean },
): void {
  const correction1 = 1 / (1 - beta1 ** step);
  const correction2 = 1 / (1 - beta2 ** step);
  const shrink = decays ? 1 - lr * weightDecay : 1;
  for (let i = 0; i < weights.length; i++) {
    const g = gradient[i]! * gradientScale;
    const mean = beta1 * m[i]! + (1 - beta1) * g;
    const square = beta2 * v[i]! + (1 - beta2) * g * g;
    m[i] = mean;
    v[i] = square;
    weights[i] =
      weights[i]! * shrink - (lr * mean * correction1) / (Math.sqrt(square * correction2) + epsilon);
  }
}

/** Factor that brings the joint norm of all gradients down to `limit` when it is larger (Pascanu et al. 2013). */
export function clipFactor(norm: number, limit: number): number {
  return norm > limit ? limit / norm : 1;
}

/** Linear warm-up to 1, then half a cosine down to `floor`; `step` counts from 1. */
export function warmupCosine(step: number, steps: number, warmup: number, floor: number): number {
  if (step <= warmup) return step / warmup;
  const progress = (step - warmup) / Math.max(1, steps - warmup);
  return floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, progress)));
}
