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
import { plausibleAfterTokens } from "./followers.ts";
import { MeansByKey } from "./means-by-key.ts";
import { type Found, oneByOne } from "./one-by-one.ts";
import { type PairCounts, pairCounts } from "./pair-counts.ts";
import { enumerate, percent, quoteToken } from "./quote-token.ts";
import { lookup } from "./token-lookup.ts";

/** The best of ¼ … 8 on the side "choose" of the default run, where little depends on it: correlation 0.583 at 1, 0.585 at 2 and 4, 0.581 at 8. */
const KAPPA = 2;

/** Current tokens that are named, and previous ones of each. */
const NAMED = 3;
const NAMED_BEFORE = 3;

/** A token's named previous ones are all that matters when they make up so much of its activation; less, and they are examples. */
const MOSTLY = 0.8;
const HARDLY = 0.3;

const LISTED = 20;

export const previousToken: OfflineExplainer = oneByOne("previous-token", (_, side, unit) =>
  findPairs(side, unit),
);

function findPairs(side: ExplainSide, unit: UnitOnSide): Found {
  const pairs = pairCounts(side);
  const sums = pairSums(pairs, unit);
  const tokens = tokenSums(side, unit);
  return {
    text: sentence(side, unit, tokens, sums),
    predictor: {
      predict: byPair(pairs, sums.means, lookup(side, unit.mean, tokens)),
      plausible: plausibleAfterTokens(side, tokens),
    },
    details: {
      pairs: highest(sums, LISTED).map(({ pair, sum }) => ({
        previous: pairs.previous[pair],
        current: pairs.current[pair],
        mean: sum / pairs.counts[pair]!,
        occurred: pairs.counts[pair],
      })),
      kinds: sums.pairs.length,
      kappa: KAPPA,
    },
  };
}

/** Pairs that the unit is active on, by number, with the sum of f over each one's occurrences. */
interface PairSums {
  readonly counted: PairCounts;
  readonly pairs: Int32Array;
  readonly sums: Float64Array;
  readonly means: MeansByKey;
}

function byPair(
  pairs: PairCounts,
  sums: MeansByKey,
  ofToken: (token: number) => number,
): (ids: readonly number[]) => Float64Array {
  return (ids) =>
    Float64Array.from(ids, (current, place) => {
      const mean = ofToken(current);
      const pair = place === 0 ? -1 : pairs.find(ids[place - 1]!, current);
      return pair < 0 ? mean : ((sums.get(pair) ?? 0) + KAPPA * mean) / (pairs.counts[pair]! + KAPPA);
    });
}

let scratch = new Float64Array(0);

function pairSums(counted: PairCounts, { rows, values }: UnitOnSide): PairSums {
  const { ofRow, counts } = counted;
  if (scratch.length < counts.length) scratch = new Float64Array(counts.length);
  const met = new Int32Array(rows.length);
  let kinds = 0;
  for (let at = 0; at < rows.length; at++) {
    const pair = ofRow[rows[at]!]!;
    if (pair < 0) continue;
    if (scratch[pair] === 0) met[kinds++] = pair;
    scratch[pair]! += values[at]!;
  }
  const pairs = met.slice(0, kinds).sort();
  const sums = Float64Array.from(pairs, (pair) => scratch[pair]!);
  for (const pair of pairs) scratch[pair] = 0;
  return { counted, pairs, sums, means: new MeansByKey(pairs, sums) };
}

interface PairSum {
  readonly pair: number;
  readonly sum: number;
}

/** The pairs with the largest sums, largest first; of those behind which `current` is the token, if it is given. */
function highest({ counted, pairs, sums }: PairSums, count: number, current?: number): PairSum[] {
  const found: PairSum[] = [];
  for (let at = 0; at < pairs.length; at++) {
    if (current !== undefined && counted.current[pairs[at]!] !== current) continue;
    const sum = sums[at]!;
    if (found.length === count && sum <= found.at(-1)!.sum) continue;
    const place = found.findIndex((other) => other.sum < sum);
    found.splice(place < 0 ? found.length : place, 0, { pair: pairs[at]!, sum });
    if (found.length > count) found.pop();
  }
  return found;
}

function sentence(
  { passage }: ExplainSide,
  unit: UnitOnSide,
  tokens: readonly TokenSum[],
  sums: PairSums,
): string {
  const quoted = (token: number) => quoteToken(passage.tokenText(token));
  const named = tokens.slice(0, NAMED);
  let spoken = 0;
  const parts = named.map(({ token, sum }) => {
    const listed = highest(sums, NAMED_BEFORE, token);
    const part = listed.reduce((total, pair) => total + pair.sum, 0);
    if (part < HARDLY * sum) {
      spoken += sum;
      return `on ${quoted(token)} after ${listed.length > 0 ? "many different tokens" : "nothing"}`;
    }
    spoken += part;
    const examples = part < MOSTLY * sum;
    const list = enumerate(listed.map(({ pair }) => quoted(sums.counted.previous[pair]!)));
    return `on ${quoted(token)} after ${examples ? "tokens such as " : ""}${list}`;
  });
  const rest = tokens.length > named.length ? `, and on ${others(tokens.length - named.length)}` : "";
  return `fires ${parts.join("; ")}: ${percent(spoken / unit.sum)} of its activation${rest}`;
}

function others(count: number): string {
  return count === 1 ? "one other token" : `${count} other tokens`;
}
