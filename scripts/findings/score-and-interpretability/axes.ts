/** What the dictionaries of the study are ordered by: how well they reconstruct, and how well their features can be explained. */

import { outcomeOf, type TrialOutcomes } from "../../../src/study/outcomes/outcome.ts";

export interface Axis {
  readonly title: string;
  of(trial: TrialOutcomes): number | null;
  /** Outcome whose interval over features is the axis's; null: it has none. */
  readonly interval: string | null;
}

function outcome(name: string, title: string): Axis {
  return { title, interval: name, of: (trial) => outcomeOf(trial, name)?.value ?? null };
}

/** How far the first goes beyond the second. */
function beyond(name: string, other: string, title: string): Axis {
  return {
    title,
    interval: null,
    of: (trial) => {
      const [a, b] = [outcomeOf(trial, name), outcomeOf(trial, other)];
      return a && b ? a.value - b.value : null;
    },
  };
}

export const SCORE = outcome("loss_recovered_zero", "loss recovered");
export const MEAN_SCORE = outcome("loss_recovered_mean", "loss recovered, mean ablation");
export const LOSS_INCREASE = outcome("ce_increase", "loss increase");
export const VARIANCE = outcome("explained_variance", "explained variance");
export const L0 = outcome("l0", "L0");
export const DEAD = outcome("dead_fraction", "dead share");

export const BRICKEN = outcome("score_bricken_2023", "Bricken score");
export const WEIGHTED = outcome("score_bricken_2023_weighted", "weighted Bricken score");
export const DETECTION = outcome("score_detection", "detection");
export const LOGITS = outcome("score_logits", "logit test");
export const SINGLE = outcome("single_token_share", "single-token share");
export const MATCH = outcome("match_correlation_held_out", "match correlation across seeds");
export const BEYOND_RANDOM = beyond(
  "score_bricken_2023",
  "score_bricken_2023_random_directions",
  "– less random directions as rare",
);

/** In the order of the tables. */
export const INTERPRETABILITY: readonly Axis[] = [
  BRICKEN,
  outcome("score_bricken_2023_single_token", "– single-token features"),
  outcome("score_bricken_2023_other_features", "– other features"),
  BEYOND_RANDOM,
  beyond("score_bricken_2023", "score_bricken_2023_middle", "– less the middle alone"),
  WEIGHTED,
  DETECTION,
  outcome("score_detection_other_features", "– other features"),
  beyond("score_detection", "score_detection_random_directions", "– less random directions as rare"),
  LOGITS,
  SINGLE,
  MATCH,
];

/** What does not measure the same thing by construction: for the agreement of measures with each other. */
export const KINDS: readonly Axis[] = [BRICKEN, WEIGHTED, DETECTION, LOGITS, SINGLE, MATCH];

export interface Beside {
  readonly title: string;
  readonly suffix: string;
}

/** Stand beside the features on the same protocols. */
export const BESIDE: readonly Beside[] = [
  { title: "features", suffix: "" },
  { title: "neurons", suffix: "_neurons" },
  { title: "random directions as rare", suffix: "_random_directions" },
  { title: "another’s explanation", suffix: "_another_explanation" },
  { title: "the middle alone", suffix: "_middle" },
];

export const PROTOCOLS: readonly (readonly [title: string, score: string])[] = [
  ["Bricken", "score_bricken_2023"],
  ["weighted", "score_bricken_2023_weighted"],
  ["detection", "score_detection"],
  ["logit test", "score_logits"],
];
