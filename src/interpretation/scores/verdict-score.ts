/** Scores of yes and no: detection and fuzzing by balanced accuracy, the logit test by the share answered rightly, as published. */

import type { ClassificationTask, LogitTask, Verdict } from "../protocols/task.ts";
import { accuracy, auc, balancedAccuracy, confusionOf, f1, precision, recall } from "./classification.ts";
import { balancedInterval, shareInterval } from "./interval.ts";
import type { Score, ScoredTask } from "./score.ts";

type Verdicts = readonly (Verdict | null)[];

export function scoreClassification(task: ClassificationTask, given: Verdicts, seed: number): ScoredTask {
  const labels = task.items.map(({ label }) => label);
  const verdicts = labels.map((_, i) => usable(given[i] ?? null));
  const answered = answeredOf(labels, verdicts);
  const confusion = confusionOf(answered.labels, answered.said);
  const right = (of: boolean) =>
    answered.said.filter((_, i) => answered.labels[i] === of).map((yes) => yes === of);
  const value = balancedAccuracy(confusion);
  const score: Score = {
    kind: task.type,
    value,
    interval: value === null ? null : balancedInterval(right(true), right(false), seed),
    degenerate: isConstant(answered.said),
    ...countsOf(verdicts),
    others: {
      precision: precision(confusion),
      recall: recall(confusion),
      f1: f1(confusion),
      auc: aucOf(answered),
    },
  };
  return {
    scores: [score],
    answers: {
      type: task.type,
      excerpts: task.items.map(({ excerpt }) => excerpt),
      marked: task.items.map(({ marked }) => marked),
      labels,
      verdicts,
    },
  };
}

export function scoreLogits({ tokens, labels }: LogitTask, given: Verdicts, seed: number): ScoredTask {
  const verdicts = labels.map((_, i) => usable(given[i] ?? null));
  const answered = answeredOf(labels, verdicts);
  const score: Score = {
    kind: "logits",
    value: accuracy(confusionOf(answered.labels, answered.said)),
    interval: shareInterval(
      answered.said.map((yes, i) => yes === answered.labels[i]),
      seed,
    ),
    degenerate: isConstant(answered.said),
    ...countsOf(verdicts),
    others: { auc: aucOf(answered) },
  };
  return { scores: [score], answers: { type: "logits", tokens, labels, verdicts } };
}

interface Answered {
  readonly labels: readonly boolean[];
  readonly said: readonly boolean[];
  /** Null unless all verdicts have one. */
  readonly probabilities: readonly number[] | null;
}

function answeredOf(labels: readonly boolean[], verdicts: Verdicts): Answered {
  const kept = verdicts.flatMap((verdict, i) => (verdict === null ? [] : [{ verdict, label: labels[i]! }]));
  const probabilities = kept.flatMap(({ verdict }) => verdict.probability ?? []);
  return {
    labels: kept.map(({ label }) => label),
    said: kept.map(({ verdict }) => verdict.yes),
    probabilities: probabilities.length === kept.length ? probabilities : null,
  };
}

/** A probability that is no number is none, and the yes or no beside it still counts. Others in 32 bits, as they are kept. */
function usable(verdict: Verdict | null): Verdict | null {
  if (verdict === null || verdict.probability === null) return verdict;
  const { yes, probability } = verdict;
  return { yes, probability: Number.isFinite(probability) ? Math.fround(probability) : null };
}

function aucOf({ labels, probabilities }: Answered): number | null {
  return probabilities === null ? null : auc(labels, probabilities);
}

function isConstant(said: readonly boolean[]): boolean {
  return said.length > 0 && said.every((yes) => yes === said[0]);
}

function countsOf(verdicts: Verdicts): Pick<Score, "asked" | "failed"> {
  return { asked: verdicts.length, failed: verdicts.filter((verdict) => verdict === null).length };
}
