/** Outcomes that are means of interpretability scores: of the features, of parts of them, and of everything that they have to beat. */

import { SCORE_KINDS, type ScoreKind } from "../../interpretation/scores/score.ts";
import { definitionOf as scoreDefinition } from "../../report/scores/score-words.ts";
import { entry, HIGHER, SHARE, slug, type Traits } from "./define.ts";
import type { OutcomeDefinition } from "./outcome.ts";

const KIND_LABEL: Readonly<Record<ScoreKind, string>> = {
  "bricken-2023": "Bricken score",
  "bricken-2023-weighted": "Weighted Bricken score",
  "bills-2023": "Bills score",
  logits: "Logit test",
  detection: "Detection",
  fuzzing: "Fuzzing",
  intruder: "Intruder test",
};

/** What a score is the mean of: its suffix, its label's, and its sentence. */
export const SCORED = {
  features: ["", "", "Mean over the explained features, each predicted from its own explanation"],
  "single-token": ["_single_token", ", single-token features", "The same mean over single-token features"],
  other: ["_other_features", ", other features", "The same mean over features that are not single-token"],
  neurons: [
    "_neurons",
    ", neurons",
    "The same mean over neurons of the layer: what a dictionary has to beat",
  ],
  "shuffled-weights": [
    "_shuffled_weights",
    ", shuffled weights",
    "The same mean over features of a dictionary of the model with shuffled weights",
  ],
  "random-directions": [
    "_random_directions",
    ", random directions",
    "The same mean over random directions that are active as rarely as the features",
  ],
  "another-explanation": [
    "_another_explanation",
    ", another’s explanation",
    "The same features, each predicted from the explanation of another one: what a score is without knowing anything",
  ],
  middle: [
    "_middle",
    ", only the middle",
    "The same features, predicted to be active at the middle token of every excerpt",
  ],
} as const satisfies Readonly<Record<string, readonly [suffix: string, label: string, sentence: string]>>;
export type Scored = keyof typeof SCORED;

export const SCORES: readonly OutcomeDefinition[] = SCORE_KINDS.flatMap((kind) =>
  (Object.keys(SCORED) as Scored[]).map((scored) => {
    const [, label, sentence] = SCORED[scored];
    const better: Traits = ["features", "single-token", "other"].includes(scored) ? HIGHER : {};
    return entry(
      "interpretability",
      scoreName(kind, scored),
      `${KIND_LABEL[kind]}${label}`,
      `${sentence}. ${scoreDefinition(kind)}`,
      { unit: "score", ...better },
    );
  }),
);

export function scoreName(kind: ScoreKind, scored: Scored): string {
  return `score_${slug(kind)}${SCORED[scored][0]}`;
}

/** A mean score of one explainer among several, and the share of features that it was chosen for. */
export function explainerScore(kind: ScoreKind, explainer: string): OutcomeDefinition {
  return entry(
    "interpretability",
    `score_${slug(kind)}_by_${slug(explainer)}`,
    `${KIND_LABEL[kind]}, ${explainer}`,
    `Mean over the explained features of what the explainer ${explainer} alone scores. ${scoreDefinition(kind)}`,
    { unit: "score", ...HIGHER },
  );
}

export function explainerShare(explainer: string): OutcomeDefinition {
  return entry(
    "interpretability",
    `chosen_${slug(explainer)}`,
    `Explained by ${explainer}`,
    `Share of the explained features for which the explainer ${explainer} was chosen, on documents that nothing is scored on.`,
    SHARE,
  );
}
