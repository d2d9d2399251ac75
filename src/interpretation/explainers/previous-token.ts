/**
 * Token lookup with the token before: f depends on (previous, current), and where that pair is rare, on the current token.
 *
 *     f̂(p, c) = (Σ f over occurrences of the pair + κ · f̂(c)) / (n(p, c) + κ)          f̂(c): token-lookup.ts
 *
 * κ occurrences' worth of the token's own mean stand in for what has not been seen; a pair that never occurred, and the first token of a
 * sequence, have that mean alone. Of next tokens it implies what follows its tokens, as the lookup does.
 */

import type { OfflineExplainer } from "./explainer.ts";
import { type ExplainSide, tokenSums, type TokenSum, type UnitOnSide } from "./explain-side.ts";
import { plausibleAfter } from "./followers.ts";
import { MeansByKey } from "./means-by-key.ts";
import { type Found, oneByOne } from "./one-by-one.ts";
import { type PairCounts, pairCounts } from "./pair-counts.ts";
import { enumerate, percent, quoteToken } from "./quote-token.ts";
import { lookup } from "./token-lookup.ts";

/** Held-out correlation hardly depends on it between 1 and 2 (both are within 0.002 of the best of 0.25 … 8 on the default run). */
export const KAPPA = 1;

/** Current tokens that are named, and previous ones of each. */
const NAMED = 3;
const NAMED_BEFORE = 3;

/** A token's named previous ones are all that matters when they make up so much of its activation; less, and they are examples. */
const MOSTLY = 0.8;
const HARDLY = 0.3;

const LISTED = 50;

export const previousToken: OfflineExplainer = oneByOne("previous-token", (_, side, unit) =>
  findPairs(side, unit),
);

interface PairSum {
  readonly pair: number;
  readonly previous: number;
  readonly current: number;
  readonly sum: number;
  readonly active: number;
  readonly occurred: number;
}

export function findPairs(side: ExplainSide, unit: UnitOnSide, kappa = KAPPA): Found {
  const pairs = pairCounts(side);
  const found = pairSums(pairs, unit);
  const tokens = tokenSums(side, unit);
  const sums = new MeansByKey(found.map(({ pair, sum }) => [pair, sum]));
  return {
    text: sentence(side, unit, tokens, found),
    predictor: {
      predict: byPair(pairs, sums, lookup(side, unit.mean, tokens), kappa),
      plausible: plausibleAfter(
        side,
        tokens.map(({ token, sum }) => ({ token, weight: sum / side.counts[token]! })),
      ),
    },
    details: {
      pairs: found.slice(0, LISTED).map(({ previous, current, sum, active, occurred }) => ({
        previous,
        current,
        mean: sum / occurred,
        active,
        occurred,
      })),
      kinds: found.length,
      kappa,
    },
  };
}

let scratch = new Float64Array(0);
let scratchActive = new Uint32Array(0);

function byPair(
  pairs: PairCounts,
  sums: MeansByKey,
  ofToken: (token: number) => number,
  kappa: number,
): (ids: readonly number[]) => Float64Array {
  return (ids) =>
    Float64Array.from(ids, (current, place) => {
      const mean = ofToken(current);
      const pair = place === 0 ? -1 : pairs.find(ids[place - 1]!, current);
      return pair < 0 ? mean : ((sums.get(pair) ?? 0) + kappa * mean) / (pairs.counts[pair]! + kappa);
    });
}

/** Pairs that the unit is active on, largest sum first. */
function pairSums(pairs: PairCounts, { rows, values }: UnitOnSide): PairSum[] {
  const { ofRow, counts, previous, current } = pairs;
  if (scratch.length < counts.length) {
    scratch = new Float64Array(counts.length);
    scratchActive = new Uint32Array(counts.length);
  }
  const met: number[] = [];
  for (let at = 0; at < rows.length; at++) {
    const pair = ofRow[rows[at]!]!;
    if (pair < 0) continue;
    if (scratchActive[pair]!++ === 0) met.push(pair);
    scratch[pair]! += values[at]!;
  }
  const found = met.map((pair) => {
    const [sum, active] = [scratch[pair]!, scratchActive[pair]!];
    scratch[pair] = scratchActive[pair] = 0;
    return { pair, previous: previous[pair]!, current: current[pair]!, sum, active, occurred: counts[pair]! };
  });
  return found.sort((a, b) => b.sum - a.sum || a.current - b.current || a.previous - b.previous);
}

function sentence(
  { passage }: ExplainSide,
  unit: UnitOnSide,
  tokens: readonly TokenSum[],
  pairs: readonly PairSum[],
): string {
  const quoted = (token: number) => quoteToken(passage.tokenText(token));
  const named = tokens.slice(0, NAMED);
  let spoken = 0;
  const parts = named.map(({ token, sum }) => {
    const before = pairs.filter(({ current }) => current === token);
    const listed = before.slice(0, NAMED_BEFORE);
    const part = listed.reduce((total, pair) => total + pair.sum, 0);
    if (part < HARDLY * sum) {
      spoken += sum;
      return `on ${quoted(token)} after ${listed.length > 0 ? "many different tokens" : "nothing"}`;
    }
    spoken += part;
    const examples = part < MOSTLY * sum;
    const list = enumerate(listed.map(({ previous }) => quoted(previous)));
    return `on ${quoted(token)} after ${examples ? "tokens such as " : ""}${list}`;
  });
  const rest = tokens.length > named.length ? `, and on ${others(tokens.length - named.length)}` : "";
  return `fires ${parts.join("; ")}: ${percent(spoken / unit.sum)} of its activation${rest}`;
}

function others(count: number): string {
  return count === 1 ? "one other token" : `${count} other tokens`;
}
