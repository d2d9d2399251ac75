/** Which of several explanations stands for a unit: the one that does best on documents that neither made it nor score it. */

import { OFFLINE_EXPLAINERS } from "./explainer.ts";

const SIMPLEST_FIRST: readonly string[] = OFFLINE_EXPLAINERS;

/**
 * The explainer with the highest score; of equal ones the simplest, in the order of OFFLINE_EXPLAINERS (others behind them, as given).
 * One without a score is chosen only where none has one. Null for none at all.
 */
export function chooseExplanation(
  scores: readonly { readonly explainer: string; readonly score: number | null }[],
): string | null {
  const order = (name: string) => {
    const place = SIMPLEST_FIRST.indexOf(name);
    return place < 0 ? SIMPLEST_FIRST.length : place;
  };
  const value = (score: number | null) =>
    score === null || Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score;
  const sorted = [...scores].sort((a, b) => {
    const [x, y] = [value(a.score), value(b.score)];
    return x === y ? order(a.explainer) - order(b.explainer) : y - x;
  });
  return sorted[0]?.explainer ?? null;
}
