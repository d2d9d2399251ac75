/**
 * What follows in the text where a unit is active, counted: for the question whether its logit weights, or its measured effect on the
 * output, say what follows in the data.
 *
 *     AUC            P(w(next | active) > w(next | not active)) + ½ P(equal)
 *     same token     AUC_c among occurrences of one current token c, averaged with weights a_c i_c / (a_c + i_c)   (van Elteren 1960)
 *     log-ratio      D(v) = ln((n_a(v) + α p(v)) / (N_a + α)) − ln((n_i(v) + α p(v)) / (N_i + α))     p: all of the text, α = 10
 *     agreement      correlation of w with D, weighted by (p_a(v) + p_i(v)) / 2
 *
 * A feature that fires on one current token knows of the next what that token does; "same token" asks for what is known beyond it.
 */

import { pearson } from "../../statistics/correlation.ts";
import { type ActiveTokens, predictsText, type ReadText } from "./read-text.ts";

/** Tokens of the whole text's distribution that stand beside the counted ones: a token that never followed is no proof of anything. */
const PRIOR = 10;

/** Σ a i / (a + i) below which the same current token was hardly ever both. */
const FEWEST = 5;

/** Pairs of a token and the next one, and how often each occurs: common to all units that are read on the text. */
export class FollowingTokens {
  readonly text: ReadText;
  /** Of each token of the text, the number of its pair; −1 where none is counted. */
  readonly pairs: Int32Array;
  /** By pair: the next token, and how often. */
  readonly next: Int32Array;
  readonly count: Uint32Array;
  /** Pairs of each current token that occurs, in order of first occurrence. */
  readonly byCurrent: readonly Int32Array[];
  /** How often each token follows [vocab]. */
  readonly total: Float64Array;
  /** The same in contexts with an odd number [vocab]. */
  readonly oddTotal: Float64Array;

  constructor(text: ReadText) {
    this.text = text;
    const { tokens, vocabSize } = text;
    this.pairs = new Int32Array(tokens.length).fill(-1);
    const numbers = new Map<number, number>();
    const next: number[] = [];
    const count: number[] = [];
    const byCurrent = new Map<number, number[]>();
    this.total = new Float64Array(vocabSize);
    this.oddTotal = new Float64Array(vocabSize);
    for (let row = 0; row < tokens.length; row++) {
      if (!predictsText(text, row)) continue;
      const [current, following] = [tokens[row]!, tokens[row + 1]!];
      let number = numbers.get(current * vocabSize + following);
      if (number === undefined) {
        number = next.push(following) - 1;
        count.push(0);
        numbers.set(current * vocabSize + following, number);
        const list = byCurrent.get(current);
        if (list) list.push(number);
        else byCurrent.set(current, [number]);
      }
      this.pairs[row] = number;
      count[number]!++;
      this.total[following]!++;
      if (isOdd(text, row)) this.oddTotal[following]!++;
    }
    this.next = Int32Array.from(next);
    this.count = Uint32Array.from(count);
    this.byCurrent = [...byCurrent.values()].map((list) => Int32Array.from(list));
  }
}

/** What follows where one unit is active. */
export class UnitFollowers {
  readonly #following: FollowingTokens;
  /** Of each pair, how often the unit is active on its first token. */
  readonly #active: Uint32Array;
  /** How often each token follows an active one [vocab]: in all contexts, and in those with an odd number. */
  readonly #next: Float64Array;
  readonly #nextOdd: Float64Array;

  constructor(following: FollowingTokens, { rows }: ActiveTokens) {
    this.#following = following;
    const { pairs, next, text } = following;
    this.#active = new Uint32Array(next.length);
    this.#next = new Float64Array(text.vocabSize);
    this.#nextOdd = new Float64Array(text.vocabSize);
    for (const row of rows) {
      const pair = pairs[row]!;
      if (pair < 0) continue;
      this.#active[pair]!++;
      this.#next[next[pair]!]!++;
      if (isOdd(text, row)) this.#nextOdd[next[pair]!]!++;
    }
  }

  /** Null where it is active on no token or on all. @param weights [vocab] */
  auc(weights: Float32Array): number | null {
    const { total } = this.#following;
    const tokens = Uint32Array.from(total.keys()).filter((token) => total[token]! > 0);
    const inactive = total.map((count, token) => count - this.#next[token]!);
    const { area } = areaUnderCurve(tokens, weights, (token) => [this.#next[token]!, inactive[token]!]);
    return area;
  }

  /** Among occurrences of the same current token; null where it is hardly ever both active and not. */
  aucSameToken(weights: Float32Array): number | null {
    const { byCurrent, next, count } = this.#following;
    let sum = 0;
    let mass = 0;
    for (const pairs of byCurrent) {
      if (!pairs.some((pair) => this.#active[pair]! > 0)) continue;
      const weightOf = Float32Array.from(pairs, (pair) => weights[next[pair]!]!);
      const { area, active, inactive } = areaUnderCurve(Uint32Array.from(pairs.keys()), weightOf, (i) => [
        this.#active[pairs[i]!]!,
        count[pairs[i]!]! - this.#active[pairs[i]!]!,
      ]);
      if (area === null) continue;
      const weight = (active * inactive) / (active + inactive);
      sum += weight * area;
      mass += weight;
    }
    return mass < FEWEST ? null : sum / mass;
  }

  /** Correlation of `effect` [vocab] with D; null where the unit is active on no token or on all, or `effect` is constant. */
  agreement(effect: ArrayLike<number>): number | null {
    const { total } = this.#following;
    const counted = logRatio(this.#next, total, total);
    if (counted === null) return null;
    const own = Float64Array.from(counted.tokens, (token) => effect[token]!);
    const { value, degenerate } = pearson(own, counted.ratio, counted.weight);
    return degenerate ? null : value;
  }

  /** Correlation of D counted in contexts of odd number with D in the others. Tokens are weighted as in the whole. */
  reliability(): number | null {
    const { total, oddTotal } = this.#following;
    const odd = logRatio(this.#nextOdd, oddTotal, total);
    const minus = (a: Float64Array, b: Float64Array) => a.map((count, token) => count - b[token]!);
    const even = logRatio(minus(this.#next, this.#nextOdd), minus(total, oddTotal), total);
    const whole = logRatio(this.#next, total, total);
    if (odd === null || even === null || whole === null) return null;
    const { value, degenerate } = pearson(odd.ratio, even.ratio, whole.weight);
    return degenerate ? null : value;
  }
}

/** Whether a token's context has an odd number. */
function isOdd({ context }: ReadText, row: number): boolean {
  return Math.floor(row / context) % 2 === 1;
}

/**
 * D of each token that occurs in the whole text.
 * @param active how often each follows an active token; `total`: any; `all`: in the whole text, for the prior [vocab]
 */
function logRatio(active: Float64Array, total: Float64Array, all: Float64Array) {
  const sum = (counts: Float64Array) => counts.reduce((a, b) => a + b, 0);
  const [activeSum, totalSum, allSum] = [sum(active), sum(total), sum(all)];
  const inactiveSum = totalSum - activeSum;
  if (activeSum === 0 || inactiveSum === 0) return null;
  const tokens = Uint32Array.from(all.keys()).filter((token) => all[token]! > 0);
  const share = (count: number, of: number, token: number) =>
    (count + (PRIOR * all[token]!) / allSum) / (of + PRIOR);
  const onActive = Float64Array.from(tokens, (token) => share(active[token]!, activeSum, token));
  const onOthers = Float64Array.from(tokens, (token) =>
    share(total[token]! - active[token]!, inactiveSum, token),
  );
  return {
    tokens,
    ratio: onActive.map((p, i) => Math.log(p / onOthers[i]!)),
    weight: onActive.map((p, i) => (p + onOthers[i]!) / 2),
  };
}

/** @param items indices into `weights`; `counts`: how many of an item are active, and how many are not */
function areaUnderCurve(
  items: Uint32Array,
  weights: Float32Array,
  counts: (item: number) => readonly [active: number, inactive: number],
): { area: number | null; active: number; inactive: number } {
  const order = items.slice().sort((a, b) => weights[a]! - weights[b]!);
  let [active, inactive, area] = [0, 0, 0];
  for (let at = 0; at < order.length;) {
    let [a, i] = [0, 0];
    const level = weights[order[at]!]!;
    for (; at < order.length && weights[order[at]!] === level; at++) {
      const [more, others] = counts(order[at]!);
      a += more;
      i += others;
    }
    area += a * (inactive + i / 2);
    active += a;
    inactive += i;
  }
  return { area: active > 0 && inactive > 0 ? area / (active * inactive) : null, active, inactive };
}

/** Skewness and excess kurtosis of the weights of the tokens that occur; null where they are all the same. */
export function shapeOf(
  weights: Float32Array,
  { total }: Pick<FollowingTokens, "total">,
): { skew: number | null; kurtosis: number | null } {
  const values = weights.filter((_, token) => total[token]! > 0);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const moment = (power: number) =>
    values.reduce((sum, value) => sum + (value - mean) ** power, 0) / values.length;
  const variance = moment(2);
  if (!(variance > 0)) return { skew: null, kurtosis: null };
  return { skew: moment(3) / variance ** 1.5, kurtosis: moment(4) / variance ** 2 - 3 };
}
