/**
 * Published values to read a run against. Other models, texts and definitions of small things: a yardstick, not a target.
 */

import type { EvaluationField } from "../evaluation/result.ts";

export const PUBLISHED: Partial<Record<EvaluationField, string>> = {
  loss_recovered_zero:
    "79\u00a0%, 94.5\u00a0% (Bricken 2023, A/1, A/5); ≈\u00a092\u00a0% (Nanda 2023, gelu-1l); ≈\u00a077\u00a0% (Lekan 2024, DistilGPT-2, 32×)",
  l0: "“generally < 10 or 20” (Bricken 2023)",
  dead_fraction: "4.1\u00a0% (Bricken 2023, A/1, never active on 100 million tokens)",
  ultralow_fraction: "7.1\u00a0% (Bricken 2023, A/1, density below 10⁻⁶)",
  encoder_decoder_cosine: "median 0.5 (Nanda 2023)",
  rare: "more than half of all features, one shared encoder direction (Nanda 2023, gelu-1l)",
};
