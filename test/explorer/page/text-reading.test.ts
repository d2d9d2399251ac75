/** What a text's analysis says as a whole. */

import { describe, expect, test } from "vitest";
import type { TextAnalysis } from "../../../src/explorer/api.ts";
import {
  damageOf,
  effectText,
  featuresOf,
  inOrder,
  positionOf,
  totalsOf,
} from "../../../src/explorer/page/text/text-reading.ts";

const ANALYSIS: TextAnalysis = {
  tokens: ["<bos>", "a", "b", "c"],
  features: [
    [
      [7, 9],
      [3, 1],
    ],
    [[3, 2]],
    [
      [5, 4],
      [3, 1],
    ],
    [],
  ],
  words: {},
  clean: [null, 1, 2, 3],
  reconstructed: [null, 1.5, 1.5, 6],
  ablated: [null, 5, 6, 7],
  cut: false,
};

describe("a text", () => {
  test("has means over the tokens that were predicted", () => {
    expect(totalsOf(ANALYSIS)).toEqual({
      predicted: 3,
      clean: 2,
      reconstructed: 3,
      ablated: 6,
      recovered: 0.75,
      l0: 5 / 4,
    });
  });

  test("has no loss recovered where ablation costs nothing, and none at all without a token", () => {
    expect(totalsOf({ ...ANALYSIS, ablated: ANALYSIS.clean }).recovered).toBeNull();
    const empty = {
      ...ANALYSIS,
      tokens: ["<bos>"],
      features: [[]],
      clean: [null],
      reconstructed: [null],
      ablated: [null],
    };
    expect(totalsOf(empty)).toMatchObject({ predicted: 0, clean: 0, recovered: null, l0: 0 });
  });

  test("is damaged where the reconstruction predicts worse", () => {
    expect(damageOf(ANALYSIS)).toEqual([0, 0.5, -0.5, 3]);
  });

  test("has the features that are active on its own tokens", () => {
    const features = featuresOf(ANALYSIS);
    expect(features.map(({ index }) => index).sort()).toEqual([3, 5]);
    const three = features.find(({ index }) => index === 3)!;
    expect(three).toMatchObject({ max: 2, sum: 3, active: 2, peak: 1 });
    expect([...three.values]).toEqual([1, 2, 1, 0]);
    expect(inOrder(features, "strongest").map(({ index }) => index)).toEqual([5, 3]);
    expect(inOrder(features, "tokens").map(({ index }) => index)).toEqual([3, 5]);
  });
});

test("a position out of an address is one of the text", () => {
  expect(["0", "3", "4", "-1", "x", "", undefined].map((text) => positionOf(text, 0, 4))).toEqual([
    0,
    3,
    null,
    null,
    null,
    null,
    null,
  ]);
});

test("effects are short", () => {
  expect([1.716, 0.1159, -0.0026, 0.0002, -12.3].map(effectText)).toEqual([
    "+1.72",
    "+0.116",
    "−0.003",
    "0",
    "−12.30",
  ]);
});
