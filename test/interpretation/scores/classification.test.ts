/** Measures of yes and no beside scikit-learn's. */

import { expect, test } from "vitest";
import {
  accuracy,
  auc,
  balancedAccuracy,
  confusionOf,
  f1,
  precision,
  recall,
} from "../../../src/interpretation/scores/classification.ts";
import fixtures from "../../fixtures/interpretation/scores.json" with { type: "json" };
import { expectClose } from "./close.ts";

test.each(fixtures.classifications)(
  "as scikit-learn has it (%#)",
  ({ labels, said, probabilities, ...expected }) => {
    const confusion = confusionOf(labels, said);
    expectClose(accuracy(confusion), expected.accuracy);
    expectClose(balancedAccuracy(confusion), expected.balanced_accuracy);
    expectClose(precision(confusion), expected.precision);
    expectClose(recall(confusion), expected.recall);
    expectClose(f1(confusion), expected.f1);
    expectClose(auc(labels, probabilities), expected.auc);
  },
);

test("equal probabilities count half", () => {
  expect(auc([true, false, false], [0.5, 0.5, 0.1])).toBe(0.75);
  expect(auc([true, false], [0.3, 0.3])).toBe(0.5);
});

test("what is not defined is null, not 0", () => {
  const never = confusionOf([true, false], [false, false]);
  expect([precision(never), recall(never), f1(never), balancedAccuracy(never)]).toEqual([null, 0, 0, 0.5]);
  const oneKind = confusionOf([true, true], [true, false]);
  expect([balancedAccuracy(oneKind), recall(oneKind)]).toEqual([null, 0.5]);
  expect(auc([true, true], [0.1, 0.2])).toBeNull();
  expect(accuracy(confusionOf([], []))).toBeNull();
});
