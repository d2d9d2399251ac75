/**
 * How well yes and no go with the labels.
 *
 *     balanced accuracy   (TP/P + TN/N) / 2      always saying the same earns ½, however many labels there are of each kind
 *     precision           TP / (TP + FP)
 *     recall              TP / P
 *     f1                  2·TP / (2·TP + FP + FN)
 *     auc                 P(probability of a true one > that of a false one) + ½ P(equal)
 */

import { midranks } from "../../statistics/correlation.ts";

export interface Confusion {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
}

export function confusionOf(labels: readonly boolean[], answers: readonly boolean[]): Confusion {
  let [truePositives, falsePositives, trueNegatives, falseNegatives] = [0, 0, 0, 0];
  for (const [i, label] of labels.entries()) {
    if (answers[i]) {
      if (label) truePositives++;
      else falsePositives++;
    } else if (label) falseNegatives++;
    else trueNegatives++;
  }
  return { truePositives, falsePositives, trueNegatives, falseNegatives };
}

/** Null with labels of one kind only. */
export function balancedAccuracy(of: Confusion): number | null {
  const positives = of.truePositives + of.falseNegatives;
  const negatives = of.trueNegatives + of.falsePositives;
  if (positives === 0 || negatives === 0) return null;
  return (of.truePositives / positives + of.trueNegatives / negatives) / 2;
}

/** Share answered rightly; null of nothing. */
export function accuracy(of: Confusion): number | null {
  const right = of.truePositives + of.trueNegatives;
  return ratio(right, right + of.falsePositives + of.falseNegatives);
}

/** Null where nothing was said to be positive. */
export function precision({ truePositives, falsePositives }: Confusion): number | null {
  return ratio(truePositives, truePositives + falsePositives);
}

/** Null without positive labels. */
export function recall({ truePositives, falseNegatives }: Confusion): number | null {
  return ratio(truePositives, truePositives + falseNegatives);
}

export function f1({ truePositives, falsePositives, falseNegatives }: Confusion): number | null {
  return ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives);
}

/** Area under the curve of true against false positives, by ranks; null with labels of one kind only. */
export function auc(labels: readonly boolean[], probabilities: readonly number[]): number | null {
  const ranks = midranks(probabilities);
  let positives = 0;
  let sum = 0;
  for (const [i, label] of labels.entries()) {
    if (!label) continue;
    positives++;
    sum += ranks[i]!;
  }
  const negatives = labels.length - positives;
  return ratio(sum - (positives * (positives + 1)) / 2, positives * negatives);
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
