/** A score as it is kept: the number, how sure it is, and everything that it was computed from. */

import type { Excerpt } from "../evidence/passage.ts";

/**
 *     bricken-2023            Spearman over the tokens of all excerpts, activations in integers 0–9
 *     bricken-2023-weighted   the same, excerpts weighted by how common what they show is
 *     bills-2023              Pearson over the tokens of all excerpts
 *     logits                  share of 100 tokens judged rightly
 *     detection, fuzzing      balanced accuracy
 *     intruder                share of trials in which the intruder was found
 */
export const SCORE_KINDS = [
  "bricken-2023",
  "bricken-2023-weighted",
  "bills-2023",
  "logits",
  "detection",
  "fuzzing",
  "intruder",
] as const;
export type ScoreKind = (typeof SCORE_KINDS)[number];

/** What an explanation that says nothing gets: the floor of each score. */
export const CHANCE: Readonly<Record<ScoreKind, number>> = {
  "bricken-2023": 0,
  "bricken-2023-weighted": 0,
  "bills-2023": 0,
  logits: 0.5,
  detection: 0.5,
  fuzzing: 0.5,
  intruder: 0.2,
};

export interface Score {
  readonly kind: ScoreKind;
  /** Null where nothing could be scored: too few answers, or only one class. */
  readonly value: number | null;
  /** 95 %, by resampling excerpts (trials, tokens); null where there are fewer than two. */
  readonly interval: readonly [low: number, high: number] | null;
  /** The prediction, or the truth, was constant; a correlation counts as 0 then. */
  readonly degenerate: boolean;
  /** Excerpts (items, trials, tokens) asked about, and those without a usable answer, which are left out of the value. */
  readonly asked: number;
  readonly failed: number;
  /** Other measures of the same answers, by name: pearson, spearman_raw, r_squared, absolute_deviation_explained, auc, f1, … */
  readonly others: Readonly<Record<string, number | null>>;
}

/** The answers that a score was computed from: enough to compute it again, and to show it. */
export type RawAnswers =
  | {
      readonly type: "simulation";
      readonly scale: 9 | 10;
      readonly excerpts: readonly Excerpt[];
      /** Integers on the scale, and f itself. */
      readonly quantised: readonly (readonly number[])[];
      readonly real: readonly (readonly number[])[];
      readonly simulated: readonly (readonly number[] | null)[];
      readonly weights: readonly number[] | null;
    }
  | {
      readonly type: "detection" | "fuzzing";
      readonly excerpts: readonly Excerpt[];
      readonly marked: readonly (readonly number[])[];
      readonly labels: readonly boolean[];
      readonly verdicts: readonly ({ readonly yes: boolean; readonly probability: number | null } | null)[];
    }
  | {
      readonly type: "intruder";
      readonly trials: readonly { readonly excerpts: readonly Excerpt[]; readonly intruder: number }[];
      readonly answers: readonly (number | null)[];
    }
  | {
      readonly type: "logits";
      readonly tokens: readonly number[];
      readonly labels: readonly boolean[];
      readonly verdicts: readonly ({ readonly yes: boolean; readonly probability: number | null } | null)[];
    };

export interface ScoredTask {
  readonly scores: readonly Score[];
  readonly answers: RawAnswers;
}
