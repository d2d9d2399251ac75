/**
 * What an explanation that names tokens implies for the next one. To a reader who knows the language, "fires on “ of”" says that “ the”
 * is likelier than usual behind it. Here the side "explain" stands for that knowledge:
 *
 *     lift(t) = (Σ_c w_c n(c, t) + ½) / (Σ_c w_c n(c) · n(t) / N + ½)
 *
 * w_c in (0, 1] is how strongly the explanation says that the unit is active on c, n(c, t) how often t follows c. Above 1, t is
 * plausible. Logit weights have no part in it.
 */

import type { Verdict } from "../protocols/task.ts";
import type { ExplainSide, TokenSum } from "./explain-side.ts";
import { pairCounts } from "./pair-counts.ts";

/** Tokens that are asked about, those with the largest part first. */
const MOST = 64;

export interface TokenWeight {
  readonly token: number;
  readonly weight: number;
}

/** @param weights of tokens that the unit is said to be active on; of any scale */
export function plausibleAfter(
  side: ExplainSide,
  weights: readonly TokenWeight[],
): (token: number) => Verdict {
  const { counts, rows } = side;
  const largest = weights.reduce((most, { weight }) => Math.max(most, weight), 0);
  const asked = weights
    .map(({ token, weight }) => ({ token, weight: weight / largest }))
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight * counts[b.token]! - a.weight * counts[a.token]! || a.token - b.token)
    .slice(0, MOST);
  const mass = asked.reduce((sum, { token, weight }) => sum + weight * counts[token]!, 0);
  return (next) => {
    const pairs = pairCounts(side);
    const observed = asked.reduce((sum, { token, weight }) => sum + weight * pairs.count(token, next), 0);
    const expected = (mass * (counts[next] ?? 0)) / rows.length;
    const lift = (observed + 0.5) / (expected + 0.5);
    return { yes: lift > 1, probability: lift / (1 + lift) };
  };
}

/** The same where w_c = f̂(c), the mean of f over all occurrences of c. @param sums largest first */
export function plausibleAfterTokens(
  side: ExplainSide,
  sums: readonly TokenSum[],
): (token: number) => Verdict {
  return plausibleAfter(
    side,
    sums.slice(0, MOST).map(({ token, sum }) => ({ token, weight: sum / side.counts[token]! })),
  );
}
