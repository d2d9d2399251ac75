/**
 * The baseline of Bills et al. 2023: f depends on the current token and nothing else.
 *
 *     f̂(t) = mean of f over all occurrences of t on the side "explain"        a token that it does not have: the unit's mean over all tokens
 *
 * No explanation in words that looks at single tokens can do better; what one gains over it is what the unit reads in the context.
 * Of next tokens it implies what follows its tokens (followers.ts, w_c = f̂(c)).
 */

import type { OfflineExplainer } from "./explainer.ts";
import { type ExplainSide, tokenSums, type TokenSum, type UnitOnSide } from "./explain-side.ts";
import { plausibleAfterTokens } from "./followers.ts";
import { MeansByKey } from "./means-by-key.ts";
import { type Found, oneByOne } from "./one-by-one.ts";
import { activation, enumerate, percent, quoteToken } from "./quote-token.ts";

export const tokenLookup: OfflineExplainer = oneByOne("token-lookup", (_, side, unit) =>
  findLookup(side, unit),
);

/** Tokens that are named, and those up to which "other tokens" are few enough to be counted with them. */
const NAMED = 4;
const FEW = 12;

/** The share of the activation that the tokens which are spoken of make up, at least, where they are few. */
const COVERED = 0.8;

/** Tokens that are kept with the explanation. */
const LISTED = 20;

function findLookup(side: ExplainSide, unit: UnitOnSide): Found {
  const sums = tokenSums(side, unit);
  const predict = lookup(side, unit.mean, sums);
  return {
    text: sentence(side, unit, sums),
    predictor: {
      predict: (ids) => Float64Array.from(ids, predict),
      plausible: plausibleAfterTokens(side, sums),
    },
    details: {
      tokens: sums.slice(0, LISTED).map(({ token, sum, active }) => ({
        token,
        mean: sum / side.counts[token]!,
        active,
        occurred: side.counts[token],
      })),
      kinds: sums.length,
      mean: unit.mean,
    },
  };
}

/** f̂ of a token. */
export function lookup(
  { counts }: ExplainSide,
  mean: number,
  sums: readonly TokenSum[],
): (token: number) => number {
  const sorted = [...sums].sort((a, b) => a.token - b.token);
  const means = new MeansByKey(
    Int32Array.from(sorted, ({ token }) => token),
    Float64Array.from(sorted, ({ token, sum }) => sum / counts[token]!),
  );
  return (token) => means.get(token) ?? ((counts[token] ?? 0) > 0 ? 0 : mean);
}

function sentence({ passage, counts }: ExplainSide, unit: UnitOnSide, sums: readonly TokenSum[]): string {
  const quoted = ({ token }: TokenSum) => quoteToken(passage.tokenText(token));
  const share = (tokens: readonly TokenSum[]) =>
    percent(tokens.reduce((sum, { sum: part }) => sum + part, 0) / unit.sum);
  const [first] = sums;
  const mean = first!.sum / counts[first!.token]!;
  const name = (one: TokenSum, place: number) =>
    place > 0
      ? quoted(one)
      : `${quoted(one)} (${percent(one.active / counts[one.token]!)} of its occurrences, mean ${activation(mean)})`;
  if (sums.length === 1) return `fires on ${name(first!, 0)} and on nothing else`;

  const enough = coverage(sums, COVERED * unit.sum);
  if (enough > FEW) {
    const named = sums.slice(0, NAMED);
    const others = sums.length - named.length;
    return `fires on ${named.map(name).join(", ")}, which are ${share(named)} of its activation, and on ${others} other tokens`;
  }
  const spoken = sums.slice(0, enough);
  const named = spoken.slice(0, enough === NAMED + 1 ? enough : NAMED);
  const others = enough - named.length;
  const list = [...named.map(name), ...(others > 0 ? [`${others} other tokens`] : [])];
  return `fires on ${enumerate(list)}; ${enough === 1 ? "it is" : "they are"} ${share(spoken)} of its activation`;
}

/** How many of the largest reach `wanted` together. */
function coverage(sums: readonly TokenSum[], wanted: number): number {
  let [reached, count] = [0, 0];
  while (count < sums.length && reached < wanted * (1 - 1e-12)) reached += sums[count++]!.sum;
  return count;
}
