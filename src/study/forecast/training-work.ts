/**
 * Seconds of training one dictionary: its steps by the cost model of bench/cost-curves.ts, along an expected course of L0.
 *
 *     sparse step = e · 2 d_in d_sae batch + b · L0 batch d_in + c · 2 d_in d_sae      dense step = D · 10 d_in d_sae batch + c · 2 d_in d_sae
 *
 * e is that of screening once few features fire, and of a float32 product before.
 *
 * L0 falls as sparsity takes hold: L0/d_sae ≈ 9 · A^−0.86, with A the sum of Λ · lr/10⁻³ over the steps taken, from a half at the start
 * down to a floor. That was read off training runs of widths 1,024 to 4,096 with Λ from 2 to 6; half or twice is what it gets wrong by,
 * which moves the seconds by less, since the middle of the course is short.
 */

import { rankedBy } from "../../sae/objectives.ts";
import type { SaeOptions } from "../../sae/options.ts";
import { stepsOf, widthOf } from "../../sae/presets.ts";
import type { Speed } from "./speed.ts";

/** Of all pairs of feature and token that fire at first. */
const FIRST_SHARE = 0.5;
/** As StepPath has it: above it a step is dense, and above the second screening does not pay. */
const DENSE_ABOVE = 0.12;
const PLAIN_ABOVE = 0.02;
/** L0 that a dictionary without a target comes to with Λ 1, on activations of norm √d_in. */
const LAST_L0 = 64;
/** Points of the course that are looked at. */
const POINTS = 200;

/** Whether a dictionary's objective has a dense path. */
function isRanked({ objective }: SaeOptions): boolean {
  return rankedBy(objective) !== undefined;
}

/** Expected L0 after a share of the run's steps. */
export function expectedL0(options: SaeOptions, d_in: number, share: number): number {
  const d_sae = widthOf(options, d_in);
  const steps = stepsOf(options);
  // Prefixes of a matryoshka dictionary share their entries.
  if (isRanked(options)) return Math.min(d_sae, options.k);
  const floor = Math.min(
    d_sae * FIRST_SHARE,
    options.target_l0 > 0 ? options.target_l0 : LAST_L0 / options.Lambda,
  );
  const warmup = options.lambda_warmup < 1 ? options.lambda_warmup * steps : options.lambda_warmup;
  const step = share * steps;
  const risen = warmup > 0 ? Math.min(step, warmup) ** 2 / (2 * warmup) : 0;
  const force = options.Lambda * (options.lr / 1e-3) * (risen + Math.max(0, step - warmup));
  const share0 = force > 0 ? Math.min(FIRST_SHARE, 9 * force ** -0.86) : FIRST_SHARE;
  return Math.max(floor, share0 * d_sae);
}

/** Seconds of a step with this L0 on all threads. */
export function stepSeconds(options: SaeOptions, d_in: number, l0: number, { step }: Speed): number {
  const d_sae = widthOf(options, d_in);
  const { batch } = options;
  const parameters = 2 * d_in * d_sae;
  const update = step.parameter * parameters;
  if (!isRanked(options) && l0 > DENSE_ABOVE * d_sae) return step.denseFlop * 5 * parameters * batch + update;
  const product =
    l0 > PLAIN_ABOVE * d_sae || options.encoder_product === "float32" ? step.plainFlop : step.encoderFlop;
  return product * parameters * batch + step.entry * reconstructions(options) * l0 * batch * d_in + update;
}

/** Times that entries are decoded and pulled back: once for each prefix, about, and for dead features' auxiliary loss. */
function reconstructions({ objective, groups }: SaeOptions): number {
  if (objective === "matryoshka") return 1 + groups.length / 4;
  return objective === "gated" ? 2 : 1;
}

/** Seconds of all its steps. */
export function trainingSeconds(options: SaeOptions, d_in: number, speed: Speed): number {
  const steps = stepsOf(options);
  let sum = 0;
  for (let i = 0; i < POINTS; i++) {
    sum += stepSeconds(options, d_in, expectedL0(options, d_in, (i + 0.5) / POINTS), speed);
  }
  return (sum / POINTS) * steps;
}

/** Floating-point operations of all its steps, were they dense: what a GPU does. */
export function trainingFlops(options: SaeOptions, d_in: number): number {
  return 10 * d_in * widthOf(options, d_in) * stepsOf(options) * options.batch;
}
