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
  const line = new Line(p, topP < 1 ? topP : u);
  const nucleus = topP < 1 ? line.prefix(topP, line.length) : { size: line.length, mass: 1 };
  return line.at(line.prefix(u * nucleus.mass, nucleus.size).size - 1);
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
 * Tokens from the most to the least likely, sorted only as far as is asked (quickselect, Hoare 1961): sorting all of a
 * vocabulary takes as long as the model does.
 */
class Line {
  readonly #p: Float64Array;
  readonly #tokens: Uint32Array;

  /**
   * @param enough the largest total that will be asked for. Tokens below (1 − enough)/vocab have less than 1 − enough together, so
   *   the others suffice; and a token without probability is never among them.
   */
  constructor(p: Float64Array, enough: number) {
    const least = (1 - enough) / p.length;
    const tokens = new Uint32Array(p.length);
    let count = 0;
    for (let token = 0; token < p.length; token++)
      if (p[token]! > 0 && p[token]! >= least) tokens[count++] = token;
    this.#p = p;
    this.#tokens = tokens.subarray(0, count);
  }

  get length(): number {
    return this.#tokens.length;
  }

  at(place: number): number {
    return this.#tokens[place]!;
  }

  /**
   * Puts the fewest tokens that have `mass` together in front, the least likely of them last. All of `limit` where rounding
   * leaves these short.
   * @param limit that many are known to stand in front of all others
   */
  prefix(mass: number, limit: number): { size: number; mass: number } {
    let [from, to, before] = [0, limit, 0];
    while (to - from > 1) {
      const pivot = this.#partition(from, to);
      let above = 0;
      for (let i = from; i < pivot; i++) above += this.#p[this.#tokens[i]!]!;
      const through = above + this.#p[this.#tokens[pivot]!]!;
      if (pivot > from && before + above >= mass) to = pivot;
      else if (before + through >= mass || pivot + 1 === to)
        return { size: pivot + 1, mass: before + through };
      else [from, before] = [pivot + 1, before + through];
    }
    return { size: to, mass: before + this.#p[this.#tokens[from]!]! };
  }

  /** Moves the tokens from `from` to `to` so that one stands in its place, the more likely before it. @returns that place */
  #partition(from: number, to: number): number {
    const tokens = this.#tokens;
    const swap = (i: number, j: number) => ([tokens[i], tokens[j]] = [tokens[j]!, tokens[i]!]);
    const last = to - 1;
    swap((from + last) >>> 1, last);
    const pivot = tokens[last]!;
    let place = from;
    for (let i = from; i < last; i++) if (this.#precedes(tokens[i]!, pivot)) swap(i, place++);
    swap(place, last);
    return place;
  }

  #precedes(a: number, b: number): boolean {
    return this.#p[a]! > this.#p[b]! || (this.#p[a] === this.#p[b] && a < b);
  }
}
