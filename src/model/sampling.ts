/**
 * Drawing the next token: softmax(logits / temperature), cut to its nucleus (Holtzman et al. 2020), the smallest set of most
 * likely tokens whose probabilities add up to top-p.
 *
 * One number u is drawn, and tokens are lined up from the most likely: the first at which the cumulated probability reaches u is
 * taken. Two texts that are given the same numbers therefore go the same way for as long as their predictions agree.
 */

import { Failure, UsageError } from "../errors.ts";
import type { Random } from "../random.ts";

export interface SamplingOptions {
  /** 0 takes the most likely token. */
  readonly temperature: number;
  /** In (0, 1]; 1 leaves every token in. */
  readonly topP: number;
}

/** @throws UsageError naming the option that makes no sense */
export function checkSampling({ temperature, topP }: SamplingOptions): void {
  if (!(temperature >= 0 && temperature < Infinity))
    throw new UsageError(`the temperature is ${temperature}, expected 0 (the most likely token) or more`);
  if (!(topP > 0 && topP <= 1)) throw new UsageError(`top-p is ${topP}, expected more than 0 and at most 1`);
}

/**
 * A token from `logits` [vocab]; −∞ excludes one, and of equal ones the first counts as the more likely. Exactly one uniform
 * number is drawn, also where it is not needed, so that streams of two texts keep step.
 * @throws UsageError for options that make no sense, Failure for logits that are NaN or +∞, or all −∞
 */
export function sampleToken(logits: Float32Array, options: SamplingOptions, random: Random): number {
  checkSampling(options);
  const best = argmax(logits);
  const u = random.uniform();
  const { temperature, topP } = options;
  if (temperature === 0) return best;
  const p = probabilities(logits, logits[best]!, temperature);
  // The most likely tokens with a total of `enough` are all that is looked at.
  const enough = topP < 1 ? topP : u;
  const line = mostLikely(p, enough);
  const size = topP < 1 ? prefix(p, line, topP) : line.length;
  const mass = topP < 1 ? line.subarray(0, size).reduce((sum, token) => sum + p[token]!, 0) : 1;
  return line[Math.min(prefix(p, line, u * mass), size) - 1]!;
}

function argmax(logits: Float32Array): number {
  let best = -1;
  for (let token = 0; token < logits.length; token++) {
    const logit = logits[token]!;
    if (Number.isNaN(logit) || logit === Infinity) {
      throw new Failure(
        `the model's logit of token ${token} is ${logit}: what was added to its activations is too large for it; use smaller values`,
      );
    }
    if (logit > (best < 0 ? -Infinity : logits[best]!)) best = token;
  }
  if (best < 0) throw new Failure("the model excludes every token: all its logits are −∞");
  return best;
}

function probabilities(logits: Float32Array, top: number, temperature: number): Float64Array {
  const p = new Float64Array(logits.length);
  let total = 0;
  for (let token = 0; token < p.length; token++) {
    total += p[token] = Math.exp((logits[token]! - top) / temperature);
  }
  for (let token = 0; token < p.length; token++) p[token]! /= total;
  return p;
}

/**
 * The most likely tokens, in order, with a total of `enough` at least. Those below (1 − enough)/vocab have less than 1 − enough
 * in all, so the others suffice, and of tens of thousands only hundreds are sorted.
 */
function mostLikely(p: Float64Array, enough: number): Uint32Array {
  const least = (1 - enough) / p.length;
  const tokens: number[] = [];
  for (let token = 0; token < p.length; token++) if (p[token]! > 0 && p[token]! >= least) tokens.push(token);
  return Uint32Array.from(tokens).sort((a, b) => p[b]! - p[a]! || a - b);
}

/** How many of the tokens in `line` it takes for a total of `mass`; all where rounding leaves it short. */
function prefix(p: Float64Array, line: Uint32Array, mass: number): number {
  let sum = 0;
  for (let i = 0; i < line.length; i++) if ((sum += p[line[i]!]!) >= mass) return i + 1;
  return line.length;
}
