/** Each objective's gradient of each parameter against central differences of its loss, all in float64. */

import { describe, expect, test } from "vitest";
import { OBJECTIVES } from "../../../src/sae/objectives.ts";
import type { ReferenceOptions, ReferenceState } from "../../../src/sae/reference/state.ts";
import { referenceForward, referenceGradients } from "../../../src/sae/reference/step.ts";
import { frozenLoss } from "./frozen-loss.ts";
import { B, d, m, optionsOf, randomRows, randomState } from "./random-state.ts";

const x = randomRows(3);

/** The straight-through gradient of a threshold is no finite difference: see jumprelu.test.ts. */
const differentiable = (state: ReferenceState) =>
  Object.keys(state.parameters).filter((name) => name !== "threshold");

function check(state: ReferenceState, options: ReferenceOptions): void {
  const loss = frozenLoss(state, x, options);
  expect(referenceForward(state, x, options).loss).toBeCloseTo(loss(), 12);
  const gradient = referenceGradients(state, x, options);
  expect(Object.keys(gradient)).toEqual(Object.keys(state.parameters));
  const h = 1e-5;
  for (const name of differentiable(state)) {
    const values = state.parameters[name]!;
    for (let k = 0; k < values.length; k++) {
      const value = values[k]!;
      values[k] = value + h;
      const above = loss();
      values[k] = value - h;
      const below = loss();
      values[k] = value;
      expect(gradient[name]![k], `${name}[${k}]`).toBeCloseTo((above - below) / (2 * h), 6);
    }
  }
}

describe.each(OBJECTIVES)("%s", (objective) => {
  test.each([true, false])("is the loss's finite differences, encoder centred: %s", (centred) => {
    check(randomState(objective, 1), optionsOf(objective, { centred }));
  });

  test("every parameter has a gradient", () => {
    const state = randomState(objective, 1);
    const gradient = referenceGradients(state, x, optionsOf(objective));
    for (const [name, values] of Object.entries(gradient))
      expect(values.filter((value) => value !== 0).length, name).toBeGreaterThan(values.length / 3);
  });
});

describe.each(["topk", "batch-topk", "matryoshka"] as const)("the auxiliary loss of %s", (objective) => {
  test("with fewer dead features than k_aux takes them all", () => {
    const options = optionsOf(objective, { kAux: 7 });
    check(randomState(objective, 4), options);
    const same = optionsOf(objective, { kAux: 4 });
    const state = randomState(objective, 4);
    expect(referenceForward(state, x, options).loss).toBe(referenceForward(state, x, same).loss);
  });

  test("moves a dead feature that is never kept, and without it nothing does", () => {
    const state = randomState(objective, 4);
    // Positive on some rows, and far below what the other features are.
    for (let k = d; k < 2 * d; k++) state.parameters.W_enc[k]! *= 1e-6;
    state.parameters.b_enc![1] = 1e-6;
    for (const i of [0, 3]) state.parameters.b_enc![i] = 20;
    const options = optionsOf(objective, { k: 2, dead: Array.from({ length: m }, (_, i) => i === 1) });
    check(state, options);
    const { f, aux, loss, mse } = referenceForward(state, x, options);
    expect(Array.from({ length: B }, (_, j) => f[j * m + 1])).toEqual(Array(B).fill(0));
    expect(aux).toBeGreaterThan(0);
    if (objective !== "matryoshka") expect(loss).toBeCloseTo(mse + aux, 12);
    expect(referenceGradients(state, x, options).b_enc![1]).not.toBe(0);
    const without = referenceGradients(state, x, { ...options, dead: new Uint8Array(m) });
    expect(without.b_enc![1]).toBe(0);
    expect(referenceForward(state, x, { ...options, dead: new Uint8Array(m) }).aux).toBe(0);
  });
});

test("a Matryoshka of one group is batch-topk", () => {
  const state = randomState("matryoshka", 1);
  const options = optionsOf("matryoshka", { groups: [m] });
  const plain = optionsOf("batch-topk");
  expect(referenceForward(state, x, options).loss).toBeCloseTo(referenceForward(state, x, plain).loss, 12);
  const [a, b] = [referenceGradients(state, x, options), referenceGradients(state, x, plain)];
  for (const [name, values] of Object.entries(a))
    values.forEach((value, k) => expect(value).toBeCloseTo(b[name]![k]!, 12));
});

test("april-2024 at decoder norms of 1 is relu-l1, but for the gradient along the norm", () => {
  const state = randomState("april-2024", 1);
  const { W_dec } = state.parameters;
  for (let i = 0; i < m; i++) {
    const norm = Math.hypot(...W_dec.subarray(i * d, (i + 1) * d));
    for (let k = i * d; k < (i + 1) * d; k++) W_dec[k]! /= norm;
  }
  const [april, plain] = [optionsOf("april-2024"), optionsOf("relu-l1")];
  const [seen, other] = [referenceForward(state, x, april), referenceForward(state, x, plain)];
  for (const name of ["loss", "mse", "l1", "l0"] as const) expect(seen[name]).toBeCloseTo(other[name], 12);
  seen.rowLoss.forEach((value, j) => expect(value).toBeCloseTo(other.rowLoss[j]!, 12));
  const [a, b] = [referenceGradients(state, x, april), referenceGradients(state, x, plain)];
  for (const name of ["W_enc", "b_enc", "b_dec"])
    a[name]!.forEach((value, k) => expect(value).toBeCloseTo(b[name]![k]!, 12));
  // Λ · mean f_i v_i is what is left.
  for (let i = 0; i < m; i++) {
    let meanF = 0;
    for (let j = 0; j < B; j++) meanF += seen.f[j * m + i]! / B;
    for (let k = i * d; k < (i + 1) * d; k++)
      expect(a.W_dec[k]! - b.W_dec[k]!).toBeCloseTo(april.Lambda * meanF * W_dec[k]!, 12);
  }
});

test("what a row's loss and the means are made of", () => {
  for (const objective of OBJECTIVES) {
    const state = randomState(objective, 1);
    const options = optionsOf(objective);
    const { rowLoss, mse, l1, f, l0 } = referenceForward(state, x, options);
    const penalised = ["relu-l1", "april-2024", "gated"].includes(objective);
    const mean = rowLoss.reduce((sum, value) => sum + value, 0) / B;
    expect(mean).toBeCloseTo(mse + (penalised ? options.Lambda * l1 : 0), 12);
    expect(l0).toBeCloseTo(f.filter((value) => value > 0).length / B, 12);
  }
});
