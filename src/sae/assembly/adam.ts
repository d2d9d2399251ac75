/**
 * Adam (Kingma & Ba 2015) with bias correction, as torch computes it:
 *
 *   m ← β₁m + (1−β₁)g    v ← β₂v + (1−β₂)g²    w ← w − lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε)
 *
 * Moments below 1e-30 are set to zero. The update they would give is under 1e-22·lr, and without this the moments of a
 * feature that stopped firing decay into subnormal numbers, on which the processor is a hundred times slower.
 */

import { Plan } from "./plan";

const TINY: f32 = 1e-30;

export function adamRow(plan: Plan, w: usize, m: usize, v: usize, g: usize, bytes: u32): void {
  const beta1 = f32x4.splat(plan.beta1);
  const beta2 = f32x4.splat(plan.beta2);
  const rest1 = f32x4.splat(plan.rest1);
  const rest2 = f32x4.splat(plan.rest2);
  const stepSize = f32x4.splat(plan.stepSize);
  const rootCorrection = f32x4.splat(plan.rootCorrection);
  const epsilon = f32x4.splat(plan.epsilon);
  const tiny = f32x4.splat(TINY);
  for (let k: u32 = 0; k < bytes; k += 16) {
    const gradient = v128.load(g + k);
    let first = f32x4.add(f32x4.mul(beta1, v128.load(m + k)), f32x4.mul(rest1, gradient));
    let second = f32x4.add(f32x4.mul(beta2, v128.load(v + k)), f32x4.mul(rest2, f32x4.mul(gradient, gradient)));
    // "Not below" rather than "above", so that NaN stays and is found.
    first = v128.andnot(first, f32x4.lt(f32x4.abs(first), tiny));
    second = v128.andnot(second, f32x4.lt(second, tiny));
    v128.store(m + k, first);
    v128.store(v + k, second);
    const root = f32x4.add(f32x4.mul(f32x4.sqrt(second), rootCorrection), epsilon);
    v128.store(w + k, f32x4.sub(v128.load(w + k), f32x4.div(f32x4.mul(stepSize, first), root)));
  }
}

@inline
export function adamScalar(plan: Plan, w: usize, m: usize, v: usize, g: f32): void {
  let first = plan.beta1 * load<f32>(m) + plan.rest1 * g;
  let second = plan.beta2 * load<f32>(v) + plan.rest2 * (g * g);
  if (abs(first) < TINY) first = 0;
  if (second < TINY) second = 0;
  store<f32>(m, first);
  store<f32>(v, second);
  const root = sqrt(second) * plan.rootCorrection + plan.epsilon;
  store<f32>(w, load<f32>(w) - (plan.stepSize * first) / root);
}
