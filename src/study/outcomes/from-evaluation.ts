/** Outcomes of evaluation.json. */

import type { EvaluationResult } from "../../evaluation/result.ts";
import { found, type Found } from "./found.ts";

type Name = {
  [F in keyof EvaluationResult]: EvaluationResult[F] extends number | null ? F : never;
}[keyof EvaluationResult];

const WITH_INTERVAL = [
  "loss_recovered_zero",
  "loss_recovered_mean",
  "kl_recovered_zero",
  "explained_variance",
  "ce_increase",
  "kl",
  "mse",
  "l0",
] as const satisfies readonly Name[];

const WITHOUT = [
  "cosine",
  "shrinkage",
  "l0_median",
  "l0_p95",
  "l0_zero_fraction",
  "l1",
  "dead_fraction",
  "ultralow_fraction",
  "fraction_above_1pct",
  "fraction_above_10pct",
  "density_median",
] as const satisfies readonly Name[];

export function evaluationOutcomes(evaluation: EvaluationResult): Found[] {
  const { rare, d_sae, interval_unit } = evaluation;
  const varies = interval_unit === "document" ? "documents" : "sequences";
  return [
    ...WITH_INTERVAL.flatMap((name) => found(name, evaluation[name], evaluation[`${name}_ci`], varies)),
    ...WITHOUT.flatMap((name) => found(name, evaluation[name])),
    ...found("encoder_decoder_cosine", evaluation.encoder_decoder_cosine.median),
    ...found("rare_fraction", rare.count / d_sae),
    ...found("rare_encoder_aligned", rare.encoder_aligned_fraction),
  ];
}
