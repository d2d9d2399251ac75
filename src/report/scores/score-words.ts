/** What each score measures, and how scores are written: two digits, the interval in brackets, 0.62 [0.55, 0.68]. */

import { CHANCE, SCORE_KINDS, type ScoreKind } from "../../interpretation/scores/score.ts";

const DEFINITIONS: Readonly<Record<ScoreKind, string>> = {
  "bricken-2023":
    "Spearman correlation of predicted and real activations, in integers 0–9, over the tokens of all excerpts: strong ones, some of every interval, any text, and the top tokens in other contexts. Predicting the same everywhere scores 0.",
  "bricken-2023-weighted":
    "As bricken-2023, with excerpts weighted by how common what they show is in text. Nearly everywhere a feature is silent, so a single false alarm on common text costs much: most scores are near 0.",
  "bills-2023":
    "Pearson correlation of predicted and real activations over the tokens of the 5 strongest and 5 random excerpts.",
  logits:
    "Share of 100 tokens of which it was rightly said whether the unit makes them more likely as the next one. Guessing scores 0.5.",
  detection: "Balanced accuracy of saying whether the unit is active in an excerpt. Guessing scores 0.5.",
  fuzzing:
    "Balanced accuracy of saying whether the marked tokens of an excerpt are those that the unit is active on. Guessing scores 0.5.",
  intruder:
    "Share of trials in which the one excerpt that the unit is not active in was found among five. Guessing scores 0.2.",
};

export function isScoreKind(name: string | null | undefined): name is ScoreKind {
  return SCORE_KINDS.some((kind) => kind === name);
}

/** What a kind of score measures; its own name for one that is not known here. */
export function definitionOf(kind: string): string {
  return isScoreKind(kind) ? DEFINITIONS[kind] : kind;
}

export function chanceOf(kind: ScoreKind): number {
  return CHANCE[kind];
}

/** 0.62, −0.03; – for none. */
export function scoreText(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const text = value.toFixed(2);
  return text === "-0.00" ? "0.00" : text.replace("-", "−");
}

/** [0.55, 0.68]; empty for none. */
export function intervalText(interval: readonly [number, number] | null | undefined): string {
  if (interval === null || interval === undefined) return "";
  return `[${scoreText(interval[0])}, ${scoreText(interval[1])}]`;
}

const EXPLAINERS: Readonly<Record<string, string>> = {
  chosen: "The explainer that did best for each unit, on documents that nothing is scored on.",
  "token-lookup":
    "The mean activation of each token, whatever stands before it: the baseline of Bills et al. 2023.",
  "previous-token": "The mean activation of each pair of tokens, of single tokens where a pair is unknown.",
  n2g: "Patterns of tokens and what has to stand before them (Foote et al. 2023).",
  rule: "The best of a list of rules: scripts, character classes, regular expressions.",
  "next-token": "What the unit makes more likely as the next token.",
};

/** What an explainer goes by; a language model's name says nothing more. */
export function explainerWords(name: string): string {
  return EXPLAINERS[name] ?? "A language model: it writes a sentence, and predicts from that sentence alone.";
}
