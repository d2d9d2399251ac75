import { describe, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import {
  type ReferenceName,
  type ReferenceState,
  referenceForward,
  referenceGradients,
  referenceResample,
  referenceState,
  referenceStep,
} from "../../src/sae/reference.ts";

const [d, m, B] = [5, 9, 7];

function randomState(seed: number): ReferenceState {
  const random = Random.of(seed);
  const normals = (length: number) => Float64Array.from({ length }, () => random.normal());
  return referenceState(d, m, {
    W_enc: normals(m * d),
    W_dec: normals(m * d),
    b_enc: normals(m),
    b_dec: normals(d),
  });
}

const x = Float64Array.from(
  { length: B * d },
  (
    (random) => () =>
      random.normal()
  )(Random.of(3)),
);

describe("the gradients in the reference are the loss's finite differences", () => {
  test.each([true, false])("encoder centred: %s", (centred) => {
    const state = randomState(1);
    const options = { Lambda: 0.7, centred };
    const gradient = referenceGradients(state, x, options);
    const h = 1e-6;
    for (const name of ["W_enc", "W_dec", "b_enc", "b_dec"] as ReferenceName[]) {
      const values = state.parameters[name];
      for (let k = 0; k < values.length; k++) {
        const value = values[k]!;
        values[k] = value + h;
        const above = referenceForward(state, x, options).loss;
        values[k] = value - h;
        const below = referenceForward(state, x, options).loss;
        values[k] = value;
        expect(gradient[name][k]).toBeCloseTo((above - below) / (2 * h), 6);
      }
    }
  });
});

const step = { Lambda: 0.7, lr: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, centred: true } as const;

test("a step leaves decoder rows at norm 1, and Adam's first step moves every other element by lr", () => {
  const state = randomState(2);
  const before = state.parameters.b_dec.slice();
  referenceStep(state, x, { ...step, renormalise: "after" });
  for (let i = 0; i < m; i++) {
    expect(Math.hypot(...state.parameters.W_dec.subarray(i * d, (i + 1) * d))).toBeCloseTo(1, 12);
  }
  state.parameters.b_dec.forEach((value, k) => expect(Math.abs(value - before[k]!)).toBeCloseTo(0.01, 6));
});

test("renormalising before the step lets norms drift", () => {
  const state = randomState(2);
  referenceStep(state, x, { ...step, renormalise: "before" });
  const norms = Array.from({ length: m }, (_, i) =>
    Math.hypot(...state.parameters.W_dec.subarray(i * d, (i + 1) * d)),
  );
  expect(Math.max(...norms.map((norm) => Math.abs(norm - 1)))).toBeGreaterThan(1e-5);
});

test("a resampled feature points at its input and has no memory", () => {
  const state = randomState(2);
  referenceStep(state, x, { ...step, renormalise: "after" });
  referenceResample(state, 4, x.subarray(0, d), 0.2);
  const norm = Math.hypot(...x.subarray(0, d));
  for (let k = 0; k < d; k++) {
    expect(state.parameters.W_dec[4 * d + k]).toBeCloseTo(x[k]! / norm, 12);
    expect(state.parameters.W_enc[4 * d + k]).toBeCloseTo((0.2 * x[k]!) / norm, 12);
    expect([state.m.W_enc[4 * d + k], state.v.W_dec[4 * d + k]]).toEqual([0, 0]);
  }
  expect([state.parameters.b_enc[4], state.m.b_enc[4], state.v.b_enc[4]]).toEqual([0, 0, 0]);
});
