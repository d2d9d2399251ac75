/**
 * What `evaluation.json` holds. Each field is described here once: the report shows these sentences as its definitions.
 * A value is null where it is not defined (no ablation gap, nothing fired, fewer than two documents), never a NaN.
 */

import { z } from "zod";

const number = (description: string) => z.number().describe(description);
const defined = (description: string) => z.number().nullable().describe(description);
const interval = (of: string) =>
  z
    .tuple([z.number(), z.number()])
    .nullable()
    .describe(
      `95 % interval of ${of}: 1,000 bootstrap resamples of whole documents (of sequences where \`interval_unit\` says so), same draws for every SAE on this text.`,
    );
const histogram = z.object({ edges: z.array(z.number()), counts: z.array(z.number()) });

export const evaluationSchema = z.object({
  format: z.literal(1).describe("Version of this file's layout."),
  name: z.string().describe("Name of the SAE in its run."),
  hook: z.string().describe("Hook point whose activation the SAE replaces."),
  d_in: number("Width of the activation."),
  d_sae: number("Number of features in the dictionary."),
  seed: number("Seed of the bootstrap."),
  contexts: number("Held-out sequences evaluated."),
  context: number("Tokens in one sequence, the leading BOS token included."),
  tokens: number("Held-out tokens the activation was taken at, every position of every sequence."),
  predictions: number(
    "Next-token predictions the losses are averaged over: one fewer than tokens in each sequence.",
  ),
  documents: z
    .number()
    .nullable()
    .default(null)
    .describe("Held-out documents that these sequences are of, whole or in part."),
  interval_unit: z
    .enum(["document", "sequence"])
    .default("sequence")
    .describe(
      "What the bootstrap of every interval draws. Sequences: the tokens do not say where documents begin, and intervals are too narrow where documents are longer than a sequence.",
    ),

  ce_clean: number("Cross-entropy of the untouched model, nats per predicted token."),
  ce_sae: number(
    "Cross-entropy with the activation replaced by its reconstruction at every position, nats per predicted token.",
  ),
  ce_zero: number(
    "Cross-entropy with the activation replaced by zero at every position, nats per predicted token.",
  ),
  ce_mean: number(
    "Cross-entropy with the activation replaced by its mean over the evaluation tokens, nats per predicted token.",
  ),
  ce_increase: number(
    "ce_sae − ce_clean: what splicing the reconstruction in costs, nats per predicted token.",
  ),
  ce_increase_ci: interval("the loss increase"),
  loss_recovered_zero: defined(
    "(ce_zero − ce_sae) / (ce_zero − ce_clean), losses averaged over all tokens first. 1 is a perfect reconstruction, 0 no better than zero ablation.",
  ),
  loss_recovered_zero_ci: interval("the loss recovered against zero ablation"),
  loss_recovered_mean: defined(
    "(ce_mean − ce_sae) / (ce_mean − ce_clean). Mean ablation is the harder baseline: it keeps what is constant in the activation.",
  ),
  loss_recovered_mean_ci: interval("the loss recovered against mean ablation"),
  kl: number("KL(clean ‖ spliced) between the model's next-token distributions, nats per predicted token."),
  kl_ci: interval("the KL divergence"),
  kl_zero: number("KL(clean ‖ zero-ablated), nats per predicted token."),
  kl_recovered_zero: defined(
    "(kl_zero − kl) / kl_zero: the reconstruction score measured on distributions instead of losses.",
  ),
  kl_recovered_zero_ci: interval("the KL recovered"),
  splice_identity_deviation: number(
    "Largest change of any token's loss, on the first batch, when x is replaced by x̂ + (x − x̂). Self-check of the splice: float32 noise is expected, more is a bug.",
  ),

  explained_variance: defined(
    "1 − Σ‖x − x̂‖² / Σ‖x − x̄‖² over all evaluation tokens, x̄ the mean of each dimension.",
  ),
  explained_variance_ci: interval("the explained variance, x̄ held fixed"),
  explained_variance_after_first: defined(
    "Explained variance without the first position of each sequence: the BOS position can be so large that it dominates the sum.",
  ),
  mse: number("Mean over tokens of Σ_d (x̂ − x)², summed over dimensions, not averaged."),
  mse_ci: interval("the squared error"),
  cosine: number("Mean over tokens of the cosine between x and x̂; 0 where either is zero."),
  shrinkage: defined(
    "γ = E‖x̂‖² / E[x·x̂]. 1 is unbiased; below 1 the L1 penalty has made reconstructions too short.",
  ),

  l0: number("Mean number of active features on a token."),
  l0_ci: interval("the mean L0"),
  l0_median: number("Median number of active features on a token."),
  l0_p95: number("95 % of tokens have at most this many active features."),
  l0_zero_fraction: number("Share of tokens on which no feature is active."),
  l0_histogram: histogram.describe(
    "Tokens by number of active features: counts[i] tokens have edges[i] ≤ L0 < edges[i + 1].",
  ),
  l1: number("Mean over tokens of the sum of feature activations."),

  density_resolution: number(
    "1 / tokens: the density of a feature that fired once. Nothing rarer can be seen here.",
  ),
  density_median: defined(
    "Median density of the features that fired: half of them are active on more tokens than this share.",
  ),
  dead_fraction: number("Share of features that fired on no evaluation token."),
  ultralow_fraction: number(
    "Share of features that fired, but below the ultralow threshold: the left mode of the log-density histogram, almost never interpretable in Bricken et al. 2023.",
  ),
  ultralow_threshold: number("Density below which a feature counts as ultralow."),
  ultralow_rule: z
    .enum(["valley", "threshold"])
    .describe(
      "How the threshold was found: the valley between two modes of the log-density histogram, or, without one, the paper's 1e-6.",
    ),
  fraction_above_1pct: number(
    "Share of features active on more than 1 % of tokens. Many of them mean that the sparsity penalty is too weak.",
  ),
  fraction_above_10pct: number("Share of features active on more than 10 % of tokens."),
  log_density_histogram: histogram
    .extend({ never: z.number() })
    .describe(
      "Features by log10 density, a quarter of a decade a bin, the first centred on one firing; `never` counts the dead.",
    ),

  encoder_decoder_cosine: z
    .object({
      median: z.number().nullable(),
      median_all: z.number().nullable(),
      histogram: z.object({
        edges: z.array(z.number()),
        fired: z.array(z.number()),
        never: z.array(z.number()),
      }),
    })
    .describe(
      "Cosine between each feature's encoder and decoder direction; `median` over features that fired.",
    ),
  rare: z
    .object({
      threshold: z.number(),
      count: z.number(),
      never: z.number(),
      encoder_aligned_fraction: z.number().nullable(),
      decoder_aligned_fraction: z.number().nullable(),
      encoder_median: z.number().nullable(),
      decoder_median: z.number().nullable(),
      encoder_median_others: z.number().nullable(),
      decoder_median_others: z.number().nullable(),
      unrelated_cosine: z.number().nullable(),
    })
    .describe(
      "Features below a density of `threshold`, never-firing ones included: cosine of each direction with the mean rare direction; aligned means above 0.95; `unrelated_cosine` = 1/√count is what unrelated directions would show.",
    ),
  seconds: number("Wall-clock time of the evaluation pass, shared by all SAEs evaluated together."),
});

export type EvaluationResult = z.infer<typeof evaluationSchema>;

export type EvaluationField = keyof EvaluationResult;

/** The sentence that defines a field of evaluation.json. */
export function definition(field: EvaluationField): string {
  return evaluationSchema.shape[field].description ?? "";
}

/** One number a feature, in the file beside evaluation.json: [d_sae] each. */
export interface FeatureStatistics {
  /** Share of tokens with f_i > 0. */
  density: Float32Array;
  /** Mean activation over the tokens where the feature is active; 0 if it never is. */
  mean_activation: Float32Array;
  max_activation: Float32Array;
  encoder_decoder_cosine: Float32Array;
  rare_encoder_cosine: Float32Array;
  rare_decoder_cosine: Float32Array;
}
