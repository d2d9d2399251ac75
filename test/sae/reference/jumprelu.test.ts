/**
 * The gradient of a threshold has no finite difference to be compared with on a batch: it estimates the derivative of the
 * expected loss. So it is compared with its definition, the derivative under a smoothed step, and with a closed form.
 */

import { describe, expect, test } from "vitest";
import { referenceState } from "../../../src/sae/reference/state.ts";
import { referenceForward, referenceGradients } from "../../../src/sae/reference/step.ts";
import { B, d, m, optionsOf, randomRows, randomState } from "./random-state.ts";

test("is the derivative with the step averaged over a rectangle of width ε", () => {
  const x = randomRows(3);
  const state = randomState("jumprelu", 1);
  const options = optionsOf("jumprelu", { bandwidth: 0.9 });
  const { parameters } = state;
  const { f, reconstruction, l0 } = referenceForward(state, x, options);
  const theta = parameters.threshold!.slice();
  // The mean over u in (−ε/2, ε/2) of [h + u > θ] rises linearly from 0 at h = θ − ε/2 to 1 at h = θ + ε/2.
  const smoothed = (h: number, t: number) => Math.min(1, Math.max(0, (h - t) / options.bandwidth! + 0.5));
  const error = (reconstructed: Float64Array) =>
    reconstructed.reduce((sum, value, e) => sum + (value - x[e]!) ** 2, 0) / B;
  let inside = 0;
  const expected = new Float64Array(m);
  for (let j = 0; j < B; j++) {
    for (let i = 0; i < m; i++) {
      let h = parameters.b_enc![i]!;
      for (let k = 0; k < d; k++) h += parameters.W_enc[i * d + k]! * (x[j * d + k]! - parameters.b_dec[k]!);
      expect(f[j * m + i]).toBeCloseTo(h > theta[i]! ? h : 0, 12);
      const step = 1e-5;
      const moved = (by: number) => {
        const changed = reconstruction.slice();
        for (let k = 0; k < d; k++) changed[j * d + k]! += by * parameters.W_dec[i * d + k]!;
        return error(changed);
      };
      const dLdf = (moved(step) - moved(-step)) / (2 * step);
      const dStep = (smoothed(h, theta[i]! + step) - smoothed(h, theta[i]! - step)) / (2 * step);
      const penalty = (count: number) => options.sparsityPenalty! * (count / options.targetL0! - 1) ** 2;
      const dPenalty = (penalty(l0 + step) - penalty(l0 - step)) / (2 * step) / B;
      // A step across θ changes f by θ.
      expected[i]! += (dLdf * theta[i]! + dPenalty) * dStep;
      if (dStep !== 0) inside++;
    }
  }
  expect(inside).toBeGreaterThan(m);
  const { threshold } = referenceGradients(state, x, options);
  threshold!.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
});

describe("one feature on inputs spread evenly over (0, 2)", () => {
  const N = 40_000;
  const x = Float64Array.from({ length: N }, (_, j) => (2 * (j + 0.5)) / N);
  const stateAt = (theta: number) =>
    referenceState(1, 1, { W_enc: [1], W_dec: [1], b_enc: [0], b_dec: [0], threshold: [theta] });
  const options = (bandwidth: number, sparsityPenalty: number) =>
    optionsOf("jumprelu", { bandwidth, sparsityPenalty, targetL0: 0.5 });

  // L = ½ ∫₀^θ x² dx = θ³/6, so ∂L/∂θ = θ²/2; the rectangle sees ½ ∫ 2x θ/ε dx over (θ − ε/2, θ) = θ²/2 − θε/8.
  test("the error's gradient is the expected loss's up to the rectangle's width", () => {
    const theta = 0.8;
    expect(referenceForward(stateAt(theta), x, options(0.1, 0)).loss).toBeCloseTo(theta ** 3 / 6, 4);
    for (const bandwidth of [0.4, 0.1]) {
      const { threshold } = referenceGradients(stateAt(theta), x, options(bandwidth, 0));
      expect(threshold![0]).toBeCloseTo(theta ** 2 / 2 - (theta * bandwidth) / 8, 4);
    }
  });

  // L0 = 1 − θ/2, so (L0/½ − 1)² = (1 − θ)² and its derivative is −2(1 − θ).
  test("the penalty's gradient is the derivative of the expected penalty", () => {
    const theta = 0.8;
    const without = referenceGradients(stateAt(theta), x, options(0.1, 0)).threshold![0]!;
    const withPenalty = referenceGradients(stateAt(theta), x, options(0.1, 3)).threshold![0]!;
    expect(withPenalty - without).toBeCloseTo(3 * -2 * (1 - theta), 4);
  });
});

test("by hand: one row inside the rectangle, one outside, one on its edge", () => {
  const state = referenceState(1, 1, { W_enc: [1], W_dec: [2], b_enc: [0], b_dec: [0], threshold: [1] });
  const options = optionsOf("jumprelu", { bandwidth: 0.5, sparsityPenalty: 0, targetL0: 1 });
  // h = x. Inside: x̂ = 2.2, r = 2/3 · 1.1, ∂L/∂f = 2r = 4.4/3, ∂f/∂θ = −1/0.5.
  const { threshold, b_enc } = referenceGradients(state, [1.1, 2, 1.25], options);
  expect(threshold![0]).toBeCloseTo((-2 * 4.4) / 3, 12);
  // Towards h only the step's flat parts count: every row is open, ∂L/∂h = 2 · 2/3 · (x̂ − x) with x̂ − x = x.
  expect(b_enc![0]).toBeCloseTo((4 / 3) * (1.1 + 2 + 1.25), 12);
  // At the threshold itself a feature is closed.
  expect(referenceForward(state, [1], options)).toMatchObject({ l0: 0, mse: 1 });
});
