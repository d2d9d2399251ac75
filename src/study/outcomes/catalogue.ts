/**
 * Every outcome with the sentence that defines it, once: trials.json, the report and the explorer take labels and definitions from
 * here. What evaluation.json defines is taken from there.
 */

import { definition, type EvaluationField } from "../../evaluation/result.ts";
import { DEFINITIONS as COMPARISON } from "../../features/comparison/result.ts";
import { entry, HIGHER, LOWER, SHARE, slug, type Traits } from "./define.ts";
import { OUTCOME_GROUPS, type OutcomeDefinition, type OutcomeGroup } from "./outcome.ts";
import { SCORES } from "./score-catalogue.ts";

function evaluated(group: OutcomeGroup, name: EvaluationField, label: string, traits: Traits = {}) {
  return entry(group, name, label, definition(name), traits);
}

const EVALUATION: readonly OutcomeDefinition[] = [
  evaluated("faithfulness", "loss_recovered_zero", "Loss recovered, zero ablation", { ...HIGHER, ...SHARE }),
  evaluated("faithfulness", "loss_recovered_mean", "Loss recovered, mean ablation", { ...HIGHER, ...SHARE }),
  evaluated("faithfulness", "kl_recovered_zero", "KL recovered", { ...HIGHER, ...SHARE }),
  evaluated("faithfulness", "explained_variance", "Explained variance", { ...HIGHER, ...SHARE }),
  evaluated("faithfulness", "ce_increase", "Loss increase", LOWER),
  evaluated("faithfulness", "kl", "KL divergence", LOWER),
  evaluated("faithfulness", "mse", "Squared error", LOWER),
  evaluated("faithfulness", "cosine", "Cosine of x and x̂", HIGHER),
  evaluated("faithfulness", "shrinkage", "Shrinkage γ"),
  evaluated("sparsity", "l0", "L0", { log: true }),
  evaluated("sparsity", "l0_median", "L0, median"),
  evaluated("sparsity", "l0_p95", "L0, 95th percentile"),
  evaluated("sparsity", "l0_zero_fraction", "Tokens without a feature", SHARE),
  evaluated("sparsity", "l1", "L1"),
  evaluated("features", "dead_fraction", "Dead features", { ...LOWER, ...SHARE }),
  evaluated("features", "ultralow_fraction", "Ultralow features", { ...LOWER, ...SHARE }),
  evaluated("features", "fraction_above_1pct", "Features on more than 1 % of tokens", SHARE),
  evaluated("features", "fraction_above_10pct", "Features on more than 10 % of tokens", SHARE),
  evaluated("features", "density_median", "Density, median", { log: true }),
  entry(
    "features",
    "encoder_decoder_cosine",
    "Encoder–decoder cosine",
    "Median, over features that fired, of the cosine between encoder and decoder direction.",
  ),
  entry(
    "features",
    "rare_fraction",
    "Rare features",
    "Share of features below a density of 1e-4, those that never fired included.",
    SHARE,
  ),
  entry(
    "features",
    "rare_encoder_aligned",
    "Rare features in one direction",
    "Share of the rare features whose encoder direction has a cosine above 0.95 with the mean rare direction: the cluster that Nanda found.",
    SHARE,
  ),
];

const STORE: readonly OutcomeDefinition[] = [
  entry(
    "features",
    "single_token_share",
    "Single-token features",
    "Share, of the features with 20 contexts to judge by, whose maximum falls on the same token in each of their 20 highest contexts.",
    SHARE,
  ),
  entry(
    "features",
    "token_entropy_median",
    "Token entropy, median",
    "Median over features of the entropy of the distribution of tokens that they fire on, bits: 0 for a feature of one token.",
  ),
  entry(
    "features",
    "alive_share",
    "Alive on all text",
    "Share of features that fired on the text of the feature analysis, which is longer than that of the evaluation.",
    { ...HIGHER, ...SHARE },
  ),
];

const stable = (name: string, label: string, text: string) =>
  entry("stability", name, label, text, { unit: name.startsWith("twin") ? "share" : "score", ...HIGHER });

const STABILITY: readonly OutcomeDefinition[] = [
  stable(
    "twin_share",
    "Features with a twin",
    `Share of features with a twin in a dictionary of another seed: ${COMPARISON.twin}.`,
  ),
  stable(
    "twin_share_active",
    "Active features with a twin",
    "The same share, of the features that are active often enough to be matched.",
  ),
  stable(
    "mmcs",
    "Mean max cosine",
    "Mean over features of the largest cosine of their decoder direction with any of a dictionary of another seed.",
  ),
  stable(
    "mmcs_active",
    "Mean max cosine, active features",
    "The same, of the features that are active often enough to be matched.",
  ),
  stable(
    "match_correlation",
    "Activation correlation across seeds",
    "Median, over features that are active often enough, of the correlation of their activation with that of the best-matching feature of a dictionary of another seed.",
  ),
  stable(
    "match_correlation_held_out",
    "… matches chosen on other text",
    "The same with matches chosen on one half of the text and measured on the other: the best of many partners is partly the luckiest, and this has no share of the luck.",
  ),
  entry(
    "stability",
    "match_correlation_neurons",
    "… of neurons",
    "The same of the two models’ own neurons: what they have in common without a dictionary. None where both dictionaries read one model, whose neurons are the same.",
    { unit: "score" },
  ),
];

const TRAINING: readonly OutcomeDefinition[] = [
  entry(
    "training",
    "train_loss",
    "Training loss",
    "Squared error plus Λ · L1 on training batches, mean of the log's last line.",
    LOWER,
  ),
  entry(
    "training",
    "train_mse",
    "Squared error, training",
    "Squared error on training batches, mean of the log's last line.",
    LOWER,
  ),
  entry(
    "training",
    "train_l0",
    "L0, training",
    "Active features a token on training batches, mean of the log's last line.",
    { log: true },
  ),
  entry(
    "training",
    "score_fall",
    "Fall of loss recovered",
    "Highest loss recovered (zero ablation) of the evaluations on the way, less the last: what longer training took away.",
    { ...LOWER, ...SHARE },
  ),
  entry("training", "restarts", "Restarts", "Times that dead features were resampled or re-initialised."),
  entry(
    "training",
    "restarted_features",
    "Restarted features",
    "Features restarted at all these times together, in units of the dictionary's width.",
    SHARE,
  ),
  entry(
    "training",
    "repeats",
    "Repeats of the text",
    "Times that the training text ran out and was used again.",
  ),
];

const COST: readonly OutcomeDefinition[] = [
  entry(
    "cost",
    "training_seconds",
    "Training time",
    "Wall-clock time of training its group, divided by the trials in it.",
    {
      ...LOWER,
      unit: "seconds",
      log: true,
    },
  ),
  entry(
    "cost",
    "tokens_per_second",
    "Training speed",
    "Median over the log of tokens a second, of all trials of the group together.",
    HIGHER,
  ),
  entry(
    "cost",
    "training_memory",
    "Training memory",
    "Largest memory of the process that trained its group.",
    {
      ...LOWER,
      unit: "bytes",
      log: true,
    },
  ),
];

const FIXED: readonly OutcomeDefinition[] = [
  ...EVALUATION,
  ...STORE,
  ...SCORES,
  ...STABILITY,
  ...TRAINING,
  ...COST,
];

/** Shown first, where they are there; the score that stands for the interpretation comes with them. */
export const PRIMARY: readonly string[] = [
  "loss_recovered_zero",
  "loss_recovered_mean",
  "explained_variance",
  "l0",
  "dead_fraction",
  "ultralow_fraction",
  "single_token_share",
  "twin_share",
];

/** An outcome that only the file it comes from defines. */
export function effect(name: string, label: string, text: string, traits: Traits = {}): OutcomeDefinition {
  return entry("effects", `effect_${slug(name)}`, label, text, traits);
}

const BY_NAME = new Map(FIXED.map((one) => [one.name, one]));

/** @throws Error for a name that the catalogue has not: a mistake of this program */
export function fixedDefinition(name: string): OutcomeDefinition {
  const found = BY_NAME.get(name);
  if (found === undefined) throw new Error(`no outcome is called ${name}`);
  return found;
}

/** In the catalogue's order; those that a file brought with it behind their group. */
export function inOrder(found: Iterable<OutcomeDefinition>): OutcomeDefinition[] {
  const all = new Map([...found].map((one) => [one.name, one]));
  const known = FIXED.filter(({ name }) => all.has(name));
  const own = [...all.values()].filter(({ name }) => !BY_NAME.has(name));
  return OUTCOME_GROUPS.flatMap((group) => [
    ...known.filter((one) => one.group === group),
    ...own.filter((one) => one.group === group),
  ]);
}
