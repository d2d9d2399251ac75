/**
 * The numbers of an evaluation, as the report shows them: what they are called, how they are defined (the sentences of
 * src/evaluation/result.ts, which a test compares), and how they are written.
 */

import type { EvaluationResult } from "../../../evaluation/result.ts";
import type { SaeSummary } from "../../api.ts";
import { formatCount, formatNumber, formatPercent, formatRange } from "../../../report/format.ts";

type Field = keyof EvaluationResult;
export type NumberField = {
  [F in Field]: EvaluationResult[F] extends number | null ? F : never;
}[Field];
type IntervalField = Extract<Field, `${string}_ci`>;

export interface EvaluationRow {
  readonly field: NumberField;
  readonly label: string;
  readonly kind: "percent" | "plain" | "count";
  readonly interval?: IntervalField;
  readonly definition: string;
}

/** A server hands out only evaluations that are whole. */
export function evaluationOf({ evaluation }: Pick<SaeSummary, "evaluation">): EvaluationResult | null {
  return evaluation as unknown as EvaluationResult | null;
}

export function valueText(row: Pick<EvaluationRow, "field" | "kind">, evaluation: EvaluationResult): string {
  return written(row.kind)(evaluation[row.field]);
}

/** "97.27 – 97.43 %"; null for what has no interval. */
export function intervalText(
  row: Pick<EvaluationRow, "kind" | "interval">,
  evaluation: EvaluationResult,
): string | null {
  const ends = row.interval === undefined ? null : evaluation[row.interval];
  return ends === null ? null : formatRange(ends, written(row.kind));
}

function written(kind: EvaluationRow["kind"]): (value: number | null) => string {
  return kind === "percent" ? formatPercent : kind === "count" ? formatCount : formatNumber;
}

/** The row of a field, wherever it stands. */
export function evaluationRow(field: NumberField): EvaluationRow {
  return EVALUATION_GROUPS.flatMap(({ rows }) => rows).find((row) => row.field === field)!;
}

export const EVALUATION_GROUPS: readonly {
  readonly title: string;
  readonly rows: readonly EvaluationRow[];
}[] = [
  {
    title: "Faithfulness",
    rows: [
      {
        field: "loss_recovered_zero",
        label: "Loss recovered, zero ablation",
        kind: "percent",
        interval: "loss_recovered_zero_ci",
        definition:
          "(ce_zero − ce_sae) / (ce_zero − ce_clean), losses averaged over all tokens first. 1 is a perfect reconstruction, 0 no better than zero ablation.",
      },
      {
        field: "loss_recovered_mean",
        label: "Loss recovered, mean ablation",
        kind: "percent",
        interval: "loss_recovered_mean_ci",
        definition:
          "(ce_mean − ce_sae) / (ce_mean − ce_clean). Mean ablation is the harder baseline: it keeps what is constant in the activation.",
      },
      {
        field: "kl_recovered_zero",
        label: "KL recovered, zero ablation",
        kind: "percent",
        interval: "kl_recovered_zero_ci",
        definition:
          "(kl_zero − kl) / kl_zero: the reconstruction score measured on distributions instead of losses.",
      },
      {
        field: "explained_variance",
        label: "Explained variance",
        kind: "percent",
        interval: "explained_variance_ci",
        definition: "1 − Σ‖x − x̂‖² / Σ‖x − x̄‖² over all evaluation tokens, x̄ the mean of each dimension.",
      },
      {
        field: "explained_variance_after_first",
        label: "Explained variance, first position left out",
        kind: "percent",
        definition:
          "Explained variance without the first position of each sequence: the BOS position can be so large that it dominates the sum.",
      },
      {
        field: "ce_clean",
        label: "Loss, clean model",
        kind: "plain",
        definition: "Cross-entropy of the untouched model, nats per predicted token.",
      },
      {
        field: "ce_sae",
        label: "Loss, with the SAE",
        kind: "plain",
        definition:
          "Cross-entropy with the activation replaced by its reconstruction at every position, nats per predicted token.",
      },
      {
        field: "ce_mean",
        label: "Loss, mean ablation",
        kind: "plain",
        definition:
          "Cross-entropy with the activation replaced by its mean over the evaluation tokens, nats per predicted token.",
      },
      {
        field: "ce_zero",
        label: "Loss, zero ablation",
        kind: "plain",
        definition:
          "Cross-entropy with the activation replaced by zero at every position, nats per predicted token.",
      },
      {
        field: "ce_increase",
        label: "Loss increase",
        kind: "plain",
        interval: "ce_increase_ci",
        definition: "ce_sae − ce_clean: what splicing the reconstruction in costs, nats per predicted token.",
      },
      {
        field: "kl",
        label: "KL divergence",
        kind: "plain",
        interval: "kl_ci",
        definition:
          "KL(clean ‖ spliced) between the model's next-token distributions, nats per predicted token.",
      },
      {
        field: "mse",
        label: "Squared error",
        kind: "plain",
        interval: "mse_ci",
        definition: "Mean over tokens of Σ_d (x̂ − x)², summed over dimensions, not averaged.",
      },
      {
        field: "cosine",
        label: "Cosine of x and x̂",
        kind: "plain",
        definition: "Mean over tokens of the cosine between x and x̂; 0 where either is zero.",
      },
      {
        field: "shrinkage",
        label: "Shrinkage γ",
        kind: "plain",
        definition:
          "γ = E‖x̂‖² / E[x·x̂]. 1 is unbiased; below 1 the L1 penalty has made reconstructions too short.",
      },
    ],
  },
  {
    title: "Sparsity",
    rows: [
      {
        field: "l0",
        label: "L0, mean",
        kind: "plain",
        interval: "l0_ci",
        definition: "Mean number of active features on a token.",
      },
      {
        field: "l0_median",
        label: "L0, median",
        kind: "count",
        definition: "Median number of active features on a token.",
      },
      {
        field: "l0_p95",
        label: "L0, 95th percentile",
        kind: "count",
        definition: "95 % of tokens have at most this many active features.",
      },
      {
        field: "l0_zero_fraction",
        label: "Tokens without any feature",
        kind: "percent",
        definition: "Share of tokens on which no feature is active.",
      },
      {
        field: "l1",
        label: "L1",
        kind: "plain",
        definition: "Mean over tokens of the sum of feature activations.",
      },
    ],
  },
  {
    title: "Features",
    rows: [
      {
        field: "d_sae",
        label: "Features",
        kind: "count",
        definition: "Number of features in the dictionary.",
      },
      {
        field: "dead_fraction",
        label: "Dead",
        kind: "percent",
        definition: "Share of features that fired on no evaluation token.",
      },
      {
        field: "ultralow_fraction",
        label: "Ultralow density",
        kind: "percent",
        definition:
          "Share of features that fired, but below the ultralow threshold: the left mode of the log-density histogram, almost never interpretable in Bricken et al. 2023.",
      },
      {
        field: "fraction_above_1pct",
        label: "Active on more than 1 % of tokens",
        kind: "percent",
        definition:
          "Share of features active on more than 1 % of tokens. Many of them mean that the sparsity penalty is too weak.",
      },
      {
        field: "fraction_above_10pct",
        label: "Active on more than 10 % of tokens",
        kind: "percent",
        definition: "Share of features active on more than 10 % of tokens.",
      },
      {
        field: "density_median",
        label: "Density, median",
        kind: "plain",
        definition:
          "Median density of the features that fired: half of them are active on more tokens than this share.",
      },
      {
        field: "density_resolution",
        label: "Density resolution",
        kind: "plain",
        definition: "1 / tokens: the density of a feature that fired once. Nothing rarer can be seen here.",
      },
      {
        field: "splice_identity_deviation",
        label: "Splice self-check, largest deviation",
        kind: "plain",
        definition:
          "Largest change of any token's loss, on the first batch, when x is replaced by x̂ + (x − x̂). Self-check of the splice: float32 noise is expected, more is a bug.",
      },
    ],
  },
];
