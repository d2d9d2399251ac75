/** The measures of one unit (measures.ts) from what was counted of it. */

import type { AblationSums, ChangeSums } from "./ablation-effects.ts";
import type { UnitEffects } from "./measures.ts";
import { type FollowingTokens, shapeOf, type UnitFollowers } from "./next-tokens.ts";
import type { SampledTexts } from "./pinned-texts.ts";

/** Divergences below it are rounding; a ratio to them would say how float32 rounds. Nats. */
const LEAST = 1e-7;

type Some = Partial<UnitEffects>;

export function ablationMeasures({ here, elsewhere, spread, size }: AblationSums): Some {
  if (here.count === 0) return {};
  const gain = logRatio(here);
  const gainElsewhere = elsewhere.count === 0 ? null : logRatio(elsewhere);
  const all = spread && spread.here + spread.next + spread.later;
  return {
    ablation_loss: here.loss[0] / here.count,
    ablation_loss_absolute: here.absolute[0] / here.count,
    ablation_loss_random: here.loss[1] / here.count,
    ablation_loss_elsewhere: meanOf(elsewhere.loss[0], elsewhere.count),
    ablation_benefit: meanOf(here.loss[0], here.absolute[0]),
    ablation_kl: here.kl[0] / here.count,
    ablation_kl_random: here.kl[1] / here.count,
    ablation_kl_elsewhere: meanOf(elsewhere.kl[0], elsewhere.count),
    ablation_kl_elsewhere_random: meanOf(elsewhere.kl[1], elsewhere.count),
    ablation_size: size / here.count,
    ablation_gain: gain,
    ablation_contrast: gainElsewhere === null ? null : gain - gainElsewhere,
    ablation_specificity: spread && all ? (spread.here + spread.next) / all : null,
  };
}

/** ln of the ratio of the divergences, unit over random direction. */
function logRatio({ count, kl }: ChangeSums): number {
  const [unit, random] = kl.map((sum) => Math.max(LEAST, sum / count)) as [number, number];
  return Math.log(unit / random);
}

function meanOf(sum: number, count: number): number | null {
  return count > 0 ? sum / count : null;
}

/**
 * @param weights logit weights [vocab], null where there are none
 * @param ablation null where the unit was not ablated
 */
export function followerMeasures(
  following: FollowingTokens,
  followers: UnitFollowers,
  weights: Float32Array | null,
  ablation: AblationSums | null,
): Some {
  const shape = weights && shapeOf(weights, following);
  return {
    logit_skew: shape && shape.skew,
    logit_kurtosis: shape && shape.kurtosis,
    logit_auc: weights && followers.auc(weights),
    logit_auc_same_token: weights && followers.aucSameToken(weights),
    agreement_weights: weights && followers.agreement(weights),
    agreement_effect: ablation && ablation.here.count > 0 ? followers.agreement(ablation.effect) : null,
    agreement_reliability: followers.reliability(),
  };
}

export interface PinnedOfUnit {
  readonly own: SampledTexts;
  readonly plain: SampledTexts;
  /** Of another unit of the same kind; null where there is none. */
  readonly other: SampledTexts | null;
  /** Its place among the chosen. */
  readonly place: number;
  /** The tokens that it is most active on, and those that it promotes most; null where it has no logit weights. */
  readonly topTokens: readonly number[];
  readonly promoted: readonly number[] | null;
}

export function pinnedMeasures({ own, plain, other, place, topTokens, promoted }: PinnedOfUnit): Some {
  const active = own.active[place]!;
  const without = plain.active[place]!;
  const ofOther = other && other.active[place]!;
  const gain = (tokens: readonly number[]) => shareOf(own.sampled, tokens) - shareOf(plain.sampled, tokens);
  return {
    pinned_kl: own.kl,
    pinned_active: active,
    pinned_active_plain: without,
    pinned_active_other: ofOther,
    pinned_active_gain: active - without,
    pinned_active_own: ofOther === null ? null : active - ofOther,
    pinned_tokens_gain: gain(topTokens),
    pinned_promoted_gain: promoted && gain(promoted),
  };
}

function shareOf(sampled: Int32Array, tokens: readonly number[]): number {
  const wanted = new Set(tokens);
  return sampled.reduce((count, token) => count + Number(wanted.has(token)), 0) / sampled.length;
}

/** The `count` tokens of the text with the highest weights, highest first. */
export function mostPromoted(
  weights: Float32Array,
  { total }: Pick<FollowingTokens, "total">,
  count: number,
): number[] {
  return Array.from(total.keys())
    .filter((token) => total[token]! > 0)
    .sort((a, b) => weights[b]! - weights[a]! || a - b)
    .slice(0, count);
}
