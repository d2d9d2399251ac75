/** Which entries top-k keeps, and that of equal values the smaller feature index stays. */

import { expect, test } from "vitest";
import { referenceState } from "../../../src/sae/reference/state.ts";
import { referenceForward } from "../../../src/sae/reference/step.ts";
import { optionsOf } from "./random-state.ts";

/** Two inputs are the first two features' values and the third and fourth feature repeat them. */
const state = referenceState(2, 4, {
  W_enc: [1, 0, 0, 1, 1, 0, 0, 1],
  W_dec: [1, 0, 0, 1, 1, 0, 0, 1],
  b_enc: [0, 0, 0, 0],
  b_dec: [0, 0],
});
const kept = (objective: "topk" | "batch-topk", x: number[], k: number) => [
  ...referenceForward(state, x, optionsOf(objective, { k, dead: [] })).f,
];

test("topk keeps the k largest of each row", () => {
  expect(kept("topk", [3, 2, 1, 4], 2)).toEqual([3, 0, 3, 0, 0, 4, 0, 4]);
});

test("of equal values in a row the smaller feature index stays", () => {
  expect(kept("topk", [3, 3, 5, 5], 1)).toEqual([3, 0, 0, 0, 5, 0, 0, 0]);
  expect(kept("topk", [3, 2, 2, 3], 3)).toEqual([3, 2, 3, 0, 2, 3, 0, 3]);
});

test("what is not positive stays 0 even where it is among the largest", () => {
  expect(kept("topk", [-1, 2, -1, -2], 3)).toEqual([0, 2, 0, 2, 0, 0, 0, 0]);
});

test("batch-topk keeps the largest of the batch, whichever row they are in", () => {
  expect(kept("batch-topk", [9, 8, 1, 2], 2)).toEqual([9, 8, 9, 8, 0, 0, 0, 0]);
  expect(kept("batch-topk", [9, 1, 2, 8], 1.5)).toEqual([9, 0, 9, 0, 0, 8, 0, 0]);
});

test("of equal values in a batch the smaller feature index stays, then the earlier row", () => {
  expect(kept("batch-topk", [1, 3, 3, 1], 0.5)).toEqual([0, 0, 0, 0, 3, 0, 0, 0]);
  expect(kept("batch-topk", [3, 1, 3, 1], 0.5)).toEqual([3, 0, 0, 0, 0, 0, 0, 0]);
});

test("AuxK chooses among dead features only", () => {
  const options = optionsOf("topk", { k: 1, kAux: 1, auxCoefficient: 1, dead: [false, false, true, true] });
  // e = (0, 3) after feature 0 took 4; the largest dead one is feature 2 with 4: ê = (4, 0).
  expect(referenceForward(state, [4, 3], options).aux).toBe(16 + 9);
  // One more brings in feature 3, and ê = (4, 3).
  expect(referenceForward(state, [4, 3], { ...options, kAux: 2 }).aux).toBe(16);
});
