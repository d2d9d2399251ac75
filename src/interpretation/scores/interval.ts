/**
 * How sure a score is: percentile bootstrap (Efron & Tibshirani 1993) with 500 replicates, 2.5 % to 97.5 %.
 *
 *     correlations          excerpts are resampled, whole: tokens of one excerpt are no independent observations
 *     balanced accuracy     items are resampled, those of each label among themselves, as the protocol fixes how many there are of each
 *     shares                trials or tokens are resampled
 *
 * Spearman would need new ranks in every replicate. Its interval is an approximation: every token keeps its rank among all tokens, and
 * Pearson is taken of the kept ranks, for which the sums over each excerpt are enough. A test holds it against full re-ranking. A
 * replicate in which one side is constant counts as 0, as the score itself would.
 *
 * Replicates of the same number of excerpts are the same draws, whatever the unit and explanation, so two explanations of one unit are
 * compared on the same resampled text. A share of 0 or 1 has an interval of no width, as every percentile interval has: with n
 * trials, rates up to about 3/n away are not ruled out.
 */

import { Random } from "../../random.ts";
import { mean } from "../../statistics/correlation.ts";
import { type Interval, percentiles } from "../../statistics/quantiles.ts";

export const REPLICATES = 500;

/** A share of a sum of squares below which a variance is rounding. */
const NO_VARIANCE = 1e-12;

/** Numbers added up over an excerpt: w, wx, wy, wxx, wyy, wxy. */
const SUMS = 6;

/**
 * Of the Pearson correlation of x and y (values, or ranks that are kept). Null with fewer than two excerpts.
 * @param excerptOf of each token, ascending from 0
 */
export function correlationInterval(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  excerptOf: ArrayLike<number>,
  seed: number,
  weights?: ArrayLike<number>,
): Interval | null {
  const excerpts = x.length === 0 ? 0 : excerptOf[x.length - 1]! + 1;
  if (excerpts < 2) return null;
  const sums = excerptSums(x, y, excerptOf, excerpts, weights);
  const draws = drawsOf(excerpts, seed, "excerpts");
  const values = new Float64Array(REPLICATES);
  for (let replicate = 0, next = 0; replicate < REPLICATES; replicate++) {
    let [w, wx, wy, wxx, wyy, wxy] = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < excerpts; i++) {
      const at = draws[next++]! * SUMS;
      w += sums[at]!;
      wx += sums[at + 1]!;
      wy += sums[at + 2]!;
      wxx += sums[at + 3]!;
      wyy += sums[at + 4]!;
      wxy += sums[at + 5]!;
    }
    const xx = wxx - (wx * wx) / w;
    const yy = wyy - (wy * wy) / w;
    const isDefined = xx > NO_VARIANCE * wxx && yy > NO_VARIANCE * wyy;
    const r = isDefined ? (wxy - (wx * wy) / w) / Math.sqrt(xx * yy) : 0;
    values[replicate] = Math.max(-1, Math.min(1, r));
  }
  return percentiles(values);
}

function excerptSums(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  excerptOf: ArrayLike<number>,
  excerpts: number,
  weights?: ArrayLike<number>,
): Float64Array {
  const meanX = mean(x, weights);
  const meanY = mean(y, weights);
  const sums = new Float64Array(excerpts * SUMS);
  for (let i = 0; i < x.length; i++) {
    const at = excerptOf[i]! * SUMS;
    const w = weights?.[i] ?? 1;
    const dx = x[i]! - meanX;
    const dy = y[i]! - meanY;
    sums[at]! += w;
    sums[at + 1]! += w * dx;
    sums[at + 2]! += w * dy;
    sums[at + 3]! += w * dx * dx;
    sums[at + 4]! += w * dy * dy;
    sums[at + 5]! += w * dx * dy;
  }
  return sums;
}

/** Of the mean of the shares of two groups of items. Null where one has fewer than two. */
export function balancedInterval(
  positives: readonly boolean[],
  negatives: readonly boolean[],
  seed: number,
): Interval | null {
  if (positives.length < 2 || negatives.length < 2) return null;
  const first = shares(positives, seed, "positives");
  const second = shares(negatives, seed, "negatives");
  return percentiles(first.map((share, i) => (share + second[i]!) / 2));
}

/** Of a share. Null with fewer than two. */
export function shareInterval(right: readonly boolean[], seed: number): Interval | null {
  return right.length < 2 ? null : percentiles(shares(right, seed, "trials"));
}

function shares(right: readonly boolean[], seed: number, purpose: string): Float64Array {
  const draws = drawsOf(right.length, seed, purpose);
  const ones = Uint8Array.from(right, Number);
  const values = new Float64Array(REPLICATES);
  for (let replicate = 0, next = 0; replicate < REPLICATES; replicate++) {
    let sum = 0;
    for (let i = 0; i < ones.length; i++) sum += ones[draws[next++]!]!;
    values[replicate] = sum / ones.length;
  }
  return values;
}

const known = new Map<string, Uint16Array>();

/** What is drawn in each replicate, one after the other [REPLICATES · count]. Protocols have few different counts. */
function drawsOf(count: number, seed: number, purpose: string): Uint16Array {
  const key = `${seed} ${count} ${purpose}`;
  let draws = known.get(key);
  if (draws === undefined) {
    const random = Random.of(seed, `score interval ${purpose} ${count}`);
    draws = Uint16Array.from({ length: REPLICATES * count }, () => random.integer(count));
    known.set(key, draws);
  }
  return draws;
}
