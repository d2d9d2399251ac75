/**
 * Description by what the unit does: the tokens whose logits its direction raises most. As a prediction of activations it says that the
 * unit is active where such a token comes next,
 *
 *     f̂ at a token  =  m_10  if the next token is one of the first ten,  m_rest  if it is another,  the unit's mean at a sequence's end
 *
 * with both means from the side "explain". The first ten are what an explainer may see; that a token is plausible beyond them is judged
 * without weights, from how those ten are written and from what followed the unit's activity on that side:
 *
 *     odds(t) = P(shape of t | the ten) / P(shape of t | all tokens)  ·  (Σ f before t / m + κ) / (n(t) + κ)
 */

import type { UnitEvidence } from "../evidence/passage.ts";
import type { OfflineExplainer } from "./explainer.ts";
import { type ExplainSide, hasNext, type UnitOnSide } from "./explain-side.ts";
import { MeansByKey } from "./means-by-key.ts";
import { type Found, oneByOne } from "./one-by-one.ts";
import type { Predictor } from "./predictor.ts";
import { enumerate, percent, quoteToken } from "./quote-token.ts";
import { shapeOf, shapes } from "./token-shape.ts";

/** Logits that an explainer may see: later ranks are asked about. */
const SEEN = 10;
const NAMED = 5;

/** Occurrences' worth of "as active as usual" before each token. */
const KAPPA = 5;

/** Of ten tokens, how many count as if drawn from all. */
const SMOOTHING = 1;

export const nextToken: OfflineExplainer = oneByOne("next-token", findNext);

function findNext({ logits }: UnitEvidence, side: ExplainSide, unit: UnitOnSide): Found | null {
  if (logits === null || logits.top.length === 0) return null;
  const { passage, asNext, nexts } = side;
  const top = logits.top.slice(0, SEEN).map(({ token }) => token);
  const seen = new Set(top);
  const before = new Map<number, number>();
  let [sum, sumSeen, active, activeSeen] = [0, 0, 0, 0];
  for (let at = 0; at < unit.rows.length; at++) {
    const row = unit.rows[at]!;
    if (!hasNext(side, row)) continue;
    const value = unit.values[at]!;
    const next = passage.tokens[row + 1]!;
    before.set(next, (before.get(next) ?? 0) + value);
    sum += value;
    active++;
    if (!seen.has(next)) continue;
    sumSeen += value;
    activeSeen++;
  }
  const occurred = top.reduce((count, token) => count + (asNext[token] ?? 0), 0);
  const mean = (total: number, count: number) => (count > 0 ? total / count : unit.mean);
  const means = {
    seen: mean(sumSeen, occurred),
    rest: mean(sum - sumSeen, nexts - occurred),
    end: unit.mean,
  };
  const usual = mean(sum, nexts);
  const nextTokens = Int32Array.from(before.keys()).sort();
  const ratios = new MeansByKey(
    nextTokens,
    Float64Array.from(nextTokens, (token) => (usual > 0 ? before.get(token)! / usual : 0)),
  );
  return {
    text: sentence(side, top, active === 0 ? null : activeSeen / active),
    predictor: predictorOf(side, seen, means, ratios),
    details: { tokens: top, means, occurred, active, activeSeen },
  };
}

interface Means {
  readonly seen: number;
  readonly rest: number;
  readonly end: number;
}

/** @param ratios Σ f before each token, over the mean of f before any */
function predictorOf(
  side: ExplainSide,
  seen: ReadonlySet<number>,
  means: Means,
  ratios: MeansByKey,
): Predictor {
  let likeTheTen: ((token: number) => number) | undefined;
  return {
    predict: (ids) =>
      Float64Array.from(ids, (_, place) =>
        place + 1 === ids.length ? means.end : seen.has(ids[place + 1]!) ? means.seen : means.rest,
      ),
    plausible: (token) => {
      if (seen.has(token)) return { yes: true, probability: 1 };
      likeTheTen ??= shapeRatio(side, [...seen]);
      const followed = ((ratios.get(token) ?? 0) + KAPPA) / ((side.asNext[token] ?? 0) + KAPPA);
      const odds = likeTheTen(token) * followed;
      return { yes: odds > 1, probability: odds / (1 + odds) };
    },
  };
}

/** How much likelier a token's shape is among some tokens than among all that the text has. */
function shapeRatio(side: ExplainSide, tokens: readonly number[]): (token: number) => number {
  const { passage, counts } = side;
  const all = shapes(side);
  const kinds = counts.reduce((number, count) => number + Number(count > 0), 0);
  const among = new Map<string, number>();
  for (const token of tokens) {
    const shape = shapeOf(passage.tokenText(token));
    among.set(shape, (among.get(shape) ?? 0) + 1);
  }
  return (token) => {
    const shape = shapeOf(passage.tokenText(token));
    const usual = ((all.get(shape) ?? 0) + 1) / (kinds + 1);
    return ((among.get(shape) ?? 0) + SMOOTHING * usual) / (tokens.length + SMOOTHING) / usual;
  };
}

function sentence({ passage }: ExplainSide, top: readonly number[], followed: number | null): string {
  const named = enumerate(top.slice(0, NAMED).map((token) => quoteToken(passage.tokenText(token))));
  const share =
    followed === null
      ? "none of its active tokens is followed by another"
      : `${percent(followed)} of its active tokens are followed by one of its first ${top.length === 1 ? "one" : top.length}`;
  return `raises ${named} as the next token; ${share}`;
}
