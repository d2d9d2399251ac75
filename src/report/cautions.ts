/**
 * What a careful reviewer would hold against a run, found in its own numbers. Each caution states what was measured, and why
 * it matters; the limits are stated in the sentence, so nobody has to trust them.
 */

import type { EvaluationResult } from "../evaluation/result.ts";
import { formatCount, formatNumber, formatPercent } from "./format.ts";
import type { ReportedSae, RunFolder } from "./run-folder.ts";

export interface Caution {
  /** The SAE it is about; null for the whole run. */
  readonly sae: string | null;
  readonly title: string;
  readonly text: string;
}

export function cautionsOf({ run, saes, unreadableLines }: RunFolder): Caution[] {
  const found: Caution[] = [];
  const say = (title: string, text: string) => found.push({ sae: null, title, text });
  if (run.status === "failed") {
    say(
      "The run failed",
      `${run.error === undefined ? "" : `${sentenceOf(run.error)} `}What is shown is what it left behind; numbers may be of an early state.`,
    );
  } else if (run.status !== "complete") {
    say("The run is not finished", "What is shown is the state at the time of writing; numbers will change.");
  }
  if (unreadableLines > 0) {
    say(
      "Damaged metrics",
      `Lines of metrics.jsonl that could not be read, and are missing from the curves: ${formatCount(unreadableLines)}.`,
    );
  }
  if (saes.length === 0) say("Nothing was trained", "The run directory holds no dictionary and no metrics.");
  const evaluations = saes.flatMap((sae) => sae.evaluation ?? []);
  if (evaluations[0]) found.push(...textCautions(evaluations[0], Number(run.model?.["vocab_size"])));
  const shuffled = run.model?.["shuffled"] !== undefined;
  if (shuffled && evaluations[0]) {
    say(
      "Shuffled weights",
      `This is a control: the model's weights are shuffled, and its loss of ${formatNumber(evaluations[0].ce_clean)} nats is that of a model which has learnt nothing. Shares of that loss say nothing here.`,
    );
  }
  for (const sae of saes) {
    found.push(...trainingCautions(sae));
    for (const problem of sae.unreadable)
      found.push({ sae: sae.name, title: "Unreadable interpretation", text: sentenceOf(problem) });
    if (sae.evaluation) found.push(...dictionaryCautions(sae.evaluation, shuffled));
    else
      found.push({
        sae: sae.name,
        title: "Not evaluated",
        text: "There is no evaluation.json: its faithfulness is unknown.",
      });
  }
  return found;
}

function sentenceOf(message: string): string {
  const text = message.trim();
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

/** What concerns model, hook point and text, and is the same for every SAE of the run. */
function textCautions(e: EvaluationResult, vocabulary: number): Caution[] {
  const found: Caution[] = [];
  const say = (title: string, text: string) => found.push({ sae: null, title, text });
  const gap = e.ce_zero - e.ce_clean;
  if (gap < 0.1) {
    say(
      "Small ablation gap",
      `Zeroing ${e.hook} changes the loss by only ${formatNumber(gap)} nats (below 0.1): loss recovered divides by this, so small errors move it much. Read the loss increase instead.`,
    );
  }
  if (e.ce_mean - e.ce_clean < 0.5 * gap) {
    say(
      "Zero ablation flatters",
      `Replacing the activation by its mean costs ${formatNumber(e.ce_mean - e.ce_clean)} nats, zeroing it ${formatNumber(gap)}: most of the zero-ablation gap is a constant. The score against mean ablation is the stricter one here.`,
    );
  }
  const ignorance = Math.log(vocabulary);
  if (e.ce_zero > ignorance) {
    say(
      "Ablation is worse than knowing nothing",
      `Zeroing ${e.hook} gives a loss of ${formatNumber(e.ce_zero)} nats, where guessing all ${formatCount(vocabulary)} tokens alike gives ${formatNumber(ignorance)}: a large share of so large a gap is soon recovered. Compare dictionaries by the loss increase in nats.`,
    );
  }
  if (e.tokens < 100_000) {
    say(
      "Little evaluation text",
      `Only ${formatCount(e.tokens)} held-out tokens were evaluated (below 100,000); more would narrow every interval.`,
    );
  }
  if (e.density_resolution > 1e-6) {
    say(
      "Coarse density resolution",
      `One firing on ${formatCount(e.tokens)} tokens is a density of ${formatNumber(e.density_resolution)}. Rarer features count as dead here, and the ultralow cluster near 1e-7 that Bricken et al. saw on 100 million tokens cannot show.`,
    );
  }
  return found;
}

function dictionaryCautions(e: EvaluationResult, shuffled: boolean): Caution[] {
  const found: Caution[] = [];
  const say = (title: string, text: string) => found.push({ sae: e.name, title, text });
  const [low, high] = e.loss_recovered_zero_ci ?? [0, 0];
  if (e.loss_recovered_zero === null) {
    say(
      "No reconstruction score",
      "Ablating the activation does not raise the loss: there is nothing to recover.",
    );
  } else if (e.loss_recovered_zero_ci === null) {
    say(
      "No interval",
      "The evaluation text is too short for a bootstrap interval: the score may be far off.",
    );
  } else if (high - low > 0.05) {
    say(
      "Wide interval",
      `The 95 % interval of loss recovered spans ${formatPercent(high - low)} (more than 5 points): evaluate on more text before comparing.`,
    );
  }
  if (!shuffled && e.loss_recovered_zero !== null && e.loss_recovered_zero > 1.002) {
    say(
      "Better than the model",
      "The spliced model has a lower loss than the clean one; check that evaluation and model fit together.",
    );
  }
  if (e.l0 > 20) {
    say(
      "Not very sparse",
      `A mean L0 of ${formatNumber(e.l0)} is above the 10–20 that Bricken et al. called good: raise the sparsity penalty, or compare at equal L0.`,
    );
  } else if (e.l0 < 1) {
    say(
      "Nearly silent",
      `Fewer than one feature is active on a token on average (L0 ${formatNumber(e.l0)}): lower the sparsity penalty.`,
    );
  }
  if (e.dead_fraction > 0.05) {
    say(
      "Many dead features",
      `${formatPercent(e.dead_fraction)} of the dictionary (more than 5 %) never fired on the evaluation text.`,
    );
  }
  if (e.ultralow_fraction > 0.1) {
    say(
      "Many ultralow features",
      `${formatPercent(e.ultralow_fraction)} of the dictionary lie in the ultralow cluster, which is almost never interpretable.`,
    );
  }
  if (e.fraction_above_10pct > 0.01) {
    say(
      "Dense features",
      `${formatPercent(e.fraction_above_10pct)} of the features are active on more than a tenth of all tokens: a sign of too weak a penalty.`,
    );
  }
  if (e.shrinkage !== null && e.shrinkage < 0.9) {
    say(
      "Shrinkage",
      `Reconstructions are too short (γ = ${formatNumber(e.shrinkage)}, 1 is unbiased): the L1 penalty pulls activations down.`,
    );
  }
  if (e.explained_variance !== null && e.explained_variance_after_first !== null) {
    const inflated = e.explained_variance - e.explained_variance_after_first;
    if (inflated > 0.02) {
      say(
        "First position dominates",
        `Without the first position of each sequence, explained variance falls to ${formatPercent(e.explained_variance_after_first)}.`,
      );
    }
  }
  if (e.rare.count >= 20 && (e.rare.encoder_aligned_fraction ?? 0) > 0.5) {
    say(
      "Rare features share a direction",
      `${formatPercent(e.rare.encoder_aligned_fraction)} of the ${formatCount(e.rare.count)} rare features have nearly one encoder direction: the cluster Nanda found, not separate features.`,
    );
  }
  if (e.splice_identity_deviation > 1e-3) {
    say(
      "Splice check failed",
      `Replacing x by x̂ + (x − x̂) changed a token's loss by ${formatNumber(e.splice_identity_deviation)} nats; it should change nothing. Do not trust the losses.`,
    );
  }
  return found;
}

function trainingCautions({ name, train, events }: ReportedSae): Caution[] {
  const found: Caution[] = [];
  const say = (title: string, text: string) => found.push({ sae: name, title, text });
  const epochs = events.filter(({ event }) => event === "epoch").length;
  if (epochs > 0)
    say(
      "Text was repeated",
      `The training text ran out and was used again ${formatCount(epochs)} times, newly shuffled.`,
    );
  const losses = train.flatMap(({ loss, lambda }) => (loss === null ? [] : [{ loss, lambda }]));
  if (train.length > losses.length)
    say("Loss not finite", "The training loss was not a finite number at some steps: the run diverged.");
  const rise = lateRise(losses);
  if (rise !== null && rise > 0.05) {
    say(
      "Loss rose again",
      `The training loss ended ${formatPercent(rise)} above its lowest level at the same penalty: longer training made it worse.`,
    );
  }
  return found;
}

/** By how much the mean of the last tenth exceeds the lowest tenth, among lines trained at the final penalty. */
function lateRise(lines: readonly { loss: number; lambda: number | null }[]): number | null {
  const final = lines.at(-1)?.lambda;
  // Λ that is adapted to a target moves a little to the end.
  const near = (lambda: number | null) =>
    lambda === final || (typeof lambda === "number" && Math.abs(lambda / final! - 1) < 0.02);
  const settled = lines.filter(({ lambda }) => near(lambda)).map(({ loss }) => loss);
  const width = Math.floor(settled.length / 10);
  if (width < 2) return null;
  const windows = Array.from({ length: Math.floor(settled.length / width) }, (_, i) => {
    const end = settled.length - i * width;
    return settled.slice(end - width, end).reduce((sum, loss) => sum + loss, 0) / width;
  });
  return windows[0]! / Math.min(...windows) - 1;
}
