/** What a step does beside the gradient: Adam, projection and norm, the inference threshold, resampling. */

import { describe, expect, test } from "vitest";
import { OBJECTIVES } from "../../../src/sae/objectives.ts";
import { referenceResample } from "../../../src/sae/reference/resample.ts";
import type { ReferenceState } from "../../../src/sae/reference/state.ts";
import { referenceGradients, referenceStep } from "../../../src/sae/reference/step.ts";
import { d, m, optionsOf, randomRows, randomState } from "./random-state.ts";

const x = randomRows(3);
const norms = ({ parameters: { W_dec } }: ReferenceState) =>
  Array.from({ length: m }, (_, i) => Math.hypot(...W_dec.subarray(i * d, (i + 1) * d)));
const unit = OBJECTIVES.filter((objective) => objective !== "april-2024");

describe.each(unit)("a step of %s", (objective) => {
  test("leaves decoder rows at norm 1, and Adam's first step moves every other element by lr", () => {
    const state = randomState(objective, 2);
    const before = state.parameters.b_dec.slice();
    referenceStep(state, x, optionsOf(objective));
    for (const norm of norms(state)) expect(norm).toBeCloseTo(1, 12);
    state.parameters.b_dec.forEach((value, k) => expect(Math.abs(value - before[k]!)).toBeCloseTo(0.01, 6));
    expect(state.step).toBe(1);
  });

  test("lets norms drift when they are restored before it", () => {
    const state = randomState(objective, 2);
    referenceStep(state, x, optionsOf(objective, { renormalise: "before-step" }));
    expect(Math.max(...norms(state).map((norm) => Math.abs(norm - 1)))).toBeGreaterThan(1e-5);
  });
});

test("april-2024 leaves decoder rows free: Adam's first step moves all of them by lr", () => {
  const state = randomState("april-2024", 2);
  const before = state.parameters.W_dec.slice();
  referenceStep(state, x, optionsOf("april-2024"));
  state.parameters.W_dec.forEach((value, k) => expect(Math.abs(value - before[k]!)).toBeCloseTo(0.01, 6));
});

test.each(OBJECTIVES)(
  "%s: Adam sees the decoder's gradient without its part along each row, if rows have norm 1",
  (objective) => {
    const state = randomState(objective, 2);
    const { W_dec } = state.parameters;
    const before = W_dec.slice();
    const gradient = referenceGradients(state, x, optionsOf(objective)).W_dec;
    referenceStep(state, x, optionsOf(objective));
    for (let i = 0; i < m; i++) {
      const row = (values: Float64Array) => [...values.subarray(i * d, (i + 1) * d)];
      const [v, g, seen] = [row(before), row(gradient), row(state.m.W_dec).map((value) => value / 0.1)];
      const along = (a: number[]) =>
        a.reduce((sum, value, k) => sum + value * v[k]!, 0) / Math.hypot(...v) ** 2;
      // Less its part along each row, but for the objective whose rows are free.
      const share = objective === "april-2024" ? 0 : along(g);
      seen.forEach((value, k) => expect(value).toBeCloseTo(g[k]! - share * v[k]!, 10));
    }
  },
);

test("Adam's second step, by hand", () => {
  const state = randomState("relu-l1", 2);
  const options = optionsOf("relu-l1");
  referenceStep(state, x, options);
  const [b, g1] = [state.parameters.b_dec[0]!, state.m.b_dec[0]! / 0.1];
  referenceStep(state, x, options);
  const g2 = (state.m.b_dec[0]! - 0.9 * 0.1 * g1) / 0.1;
  const first = (0.9 * 0.1 * g1 + 0.1 * g2) / (1 - 0.81);
  const second = (0.999 * 0.001 * g1 ** 2 + 0.001 * g2 ** 2) / (1 - 0.999 ** 2);
  expect(state.parameters.b_dec[0]).toBeCloseTo(b - (0.01 * first) / (Math.sqrt(second) + 1e-8), 10);
});

test.each(["batch-topk", "matryoshka"] as const)(
  "%s: the inference threshold follows the smallest kept activation",
  (objective) => {
    const state = randomState(objective, 2);
    const smallest = () => {
      const { f } = referenceStep(state, x, optionsOf(objective));
      return Math.min(...f.filter((value) => value > 0));
    };
    const first = smallest();
    expect(state.inferenceThreshold).toBe(first);
    const second = smallest();
    expect(second).not.toBe(first);
    expect(state.inferenceThreshold).toBeCloseTo(0.99 * first + 0.01 * second, 12);
    // A batch on which nothing fires says nothing.
    const before = state.inferenceThreshold;
    state.parameters.b_enc!.fill(-1e6);
    referenceStep(state, x, optionsOf(objective));
    expect(state.inferenceThreshold).toBe(before);
  },
);

test("a resampled feature points at its input and has no memory", () => {
  const state = randomState("relu-l1", 2);
  referenceStep(state, x, optionsOf("relu-l1"));
  referenceResample(state, 4, x.subarray(0, d), 0.2);
  const norm = Math.hypot(...x.subarray(0, d));
  for (let k = 0; k < d; k++) {
    expect(state.parameters.W_dec[4 * d + k]).toBeCloseTo(x[k]! / norm, 12);
    expect(state.parameters.W_enc[4 * d + k]).toBeCloseTo((0.2 * x[k]!) / norm, 12);
    expect([state.m.W_enc[4 * d + k], state.v.W_dec[4 * d + k]]).toEqual([0, 0]);
  }
  const { parameters, m: first, v: second } = state;
  expect([parameters.b_enc![4], first.b_enc![4], second.b_enc![4]]).toEqual([0, 0, 0]);
});

test("an objective without an option it needs says which", () => {
  const { k: _, ...rest } = optionsOf("topk");
  expect(() => referenceStep(randomState("topk", 2), x, rest)).toThrow(/needs k/);
});
