/**
 * What is measured of each unit, with its definition and the value that stands for "nothing". A measure is one number a unit, null where it
 * is not defined.
 *
 * Losses and divergences are of predictions: the effect at a token is on what the model expects next. A model with shuffled weights
 * predicts noise, so a change of its loss means little and its scale nothing; what can be compared between models is a ratio to random
 * directions of the same length at the same tokens, a divergence, a rank statistic or a correlation. Those are marked `comparable`.
 */

export interface MeasureDefinition {
  readonly title: string;
  readonly unit: "nats" | "log ratio" | "share" | "correlation" | "AUC" | "moment" | "ratio";
  /** What a unit without any effect gets; null where there is no such value. */
  readonly nothing: number | null;
  /** Whether it can be compared between a model and the same with shuffled weights. */
  readonly comparable: boolean;
  readonly definition: string;
}

const define = (
  title: string,
  unit: MeasureDefinition["unit"],
  nothing: number | null,
  comparable: boolean,
  definition: string,
): MeasureDefinition => ({ title, unit, nothing, comparable, definition });

export const MEASURES = {
  ablation_loss: define(
    "loss, unit taken away",
    "nats",
    0,
    false,
    "Mean change of the loss of the next token at tokens where the unit is active, when s f d is taken away at every such token of the context; positive where the unit helps. Contexts are drawn over the whole range of the activation.",
  ),
  ablation_loss_absolute: define(
    "|loss|, unit taken away",
    "nats",
    0,
    false,
    "The same, sizes of the changes.",
  ),
  ablation_loss_random: define(
    "loss, random direction",
    "nats",
    0,
    false,
    "The same when as long a vector in a random direction is taken away at the same tokens.",
  ),
  ablation_loss_elsewhere: define(
    "loss, taken away elsewhere",
    "nats",
    0,
    false,
    "The same when the unit's own vectors are taken away at other tokens of the same contexts, where it is not active.",
  ),
  ablation_benefit: define(
    "benefit",
    "ratio",
    0,
    true,
    "Sum of the changes of the loss over the sum of their sizes, −1 to 1: 1 for a unit that helps wherever it is active, 0 for one that moves predictions to no avail.",
  ),
  ablation_kl: define(
    "KL, unit taken away",
    "nats",
    0,
    false,
    "Mean KL(p ‖ p without the unit) of the next token at tokens where it is active.",
  ),
  ablation_kl_random: define("KL, random direction", "nats", 0, false, "The same for the random direction."),
  ablation_kl_elsewhere: define(
    "KL, taken away elsewhere",
    "nats",
    0,
    false,
    "The same for the unit's own vectors at other tokens of the same contexts.",
  ),
  ablation_kl_elsewhere_random: define(
    "KL, random direction elsewhere",
    "nats",
    0,
    false,
    "The same for the random direction at those other tokens.",
  ),
  ablation_size: define(
    "size",
    "ratio",
    null,
    false,
    "Mean of ‖s f d‖ / ‖x‖ at the tokens where it is taken away: how much of the activation it is.",
  ),
  ablation_gain: define(
    "effect over random",
    "log ratio",
    0,
    true,
    "ln(KL unit / KL random direction), both at its own tokens: whether the model reads this direction more than any other.",
  ),
  ablation_contrast: define(
    "effect here over elsewhere",
    "log ratio",
    0,
    true,
    "That at its own tokens minus that at the other tokens: whether the model reads the direction more where the unit is active.",
  ),
  ablation_specificity: define(
    "specificity",
    "share",
    null,
    true,
    "Share of the whole divergence that taking the unit away causes in its contexts which falls at tokens where it is active and the one after each; null at a hook point behind the last attention, where no other prediction can change.",
  ),
  logit_skew: define(
    "skew of logit weights",
    "moment",
    0,
    true,
    "Third standardised moment of the logit weights over the tokens of the text.",
  ),
  logit_kurtosis: define(
    "kurtosis of logit weights",
    "moment",
    0,
    true,
    "Fourth standardised moment less 3: 0 for normally distributed weights, large where a few tokens stand out.",
  ),
  logit_auc: define(
    "next token promoted",
    "AUC",
    0.5,
    true,
    "Probability that the token after one where the unit is active has a higher logit weight than the token after one where it is not (held-out and training text).",
  ),
  logit_auc_same_token: define(
    "next token promoted, same token",
    "AUC",
    0.5,
    true,
    "The same among occurrences of the same current token, averaged over current tokens weighted by a·i/(a+i), a and i its active and inactive occurrences: what the unit knows beyond the current token. Null where the two hardly occur together.",
  ),
  agreement_weights: define(
    "agreement, logit weights",
    "correlation",
    0,
    true,
    "Correlation over next tokens, weighted by how often they follow, of the logit weights with ln(p(next | active) / p(next | not active)) counted in the text.",
  ),
  agreement_effect: define(
    "agreement, effect",
    "correlation",
    0,
    true,
    "The same of the measured effect on ln p of each next token, the mean over the ablated tokens, through all layers: how much of what the unit does to the output is what follows in the data.",
  ),
  agreement_reliability: define(
    "reliability of the data",
    "correlation",
    null,
    true,
    "Correlation of the counted log-ratio in one half of the contexts with that in the other: what noise of counting leaves to agree with.",
  ),
  pinned_kl: define(
    "KL, pinned",
    "nats",
    0,
    false,
    "KL(p ‖ p pinned) of the first token after the prompt, the unit set to a multiple of its maximum at all tokens.",
  ),
  pinned_active: define(
    "active in pinned text",
    "share",
    null,
    false,
    "Share of the tokens sampled with the unit pinned on which it is active when the model as it is reads the text back.",
  ),
  pinned_active_plain: define(
    "active in plain text",
    "share",
    null,
    false,
    "The same in text sampled from the model as it is, with the same random numbers.",
  ),
  pinned_active_other: define(
    "active in text of another",
    "share",
    null,
    false,
    "The same in text sampled with another unit of the same kind pinned.",
  ),
  pinned_active_gain: define("gain of pinning", "share", 0, true, "pinned_active − pinned_active_plain."),
  pinned_active_own: define("gain over another", "share", 0, true, "pinned_active − pinned_active_other."),
  pinned_tokens_gain: define(
    "gain of its top tokens",
    "share",
    0,
    true,
    "Share of the sampled tokens that are among the ten it is most active on in the text, pinned minus plain.",
  ),
  pinned_promoted_gain: define(
    "gain of promoted tokens",
    "share",
    0,
    true,
    "Share of the sampled tokens that are among the ten with its highest logit weights, pinned minus plain.",
  ),
} as const satisfies Readonly<Record<string, MeasureDefinition>>;

export type Measure = keyof typeof MEASURES;

export const MEASURE_NAMES = Object.keys(MEASURES) as Measure[];

/** One number for each measure. */
export type UnitEffects = Readonly<Record<Measure, number | null>>;
