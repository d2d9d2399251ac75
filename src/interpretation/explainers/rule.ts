/**
 * One rule in words: a class of tokens, a script, a beginning or an end, or what stands before or around a token, and at most two of these
 * together (rules/conditions.ts). It is chosen by its correlation with f over the whole side "explain"; where it holds, f̂ is the mean of f where
 * it held there, elsewhere the mean of f elsewhere.
 *
 * Of next tokens it implies what follows the tokens on which it holds (followers.ts): w_c is the share of c's occurrences at which the
 * unit is active, for tokens that the condition on the token holds for.
 */

import type { Column, UnitEvidence } from "../evidence/passage.ts";
import type { Verdict } from "../protocols/task.ts";
import type { OfflineExplainer } from "./explainer.ts";
import { type ExplainSide, onSide, type UnitOnSide } from "./explain-side.ts";
import { plausibleAfter, type TokenWeight } from "./followers.ts";
import { type Found, oneByOne } from "./one-by-one.ts";
import type { Predictor } from "./predictor.ts";
import { percent } from "./quote-token.ts";
import { type ChosenRule, chooseRule } from "./rules/choose-rule.ts";
import type { Rule } from "./rules/conditions.ts";
import { type Indicators, indicatorsOf } from "./rules/indicators.ts";
import { holds, phrase } from "./rules/rule-on-text.ts";

export const rule: OfflineExplainer = oneByOne("rule", findRule);

/** A rule with fewer of the active tokens is not what the unit fires on, but where it fires more than elsewhere. */
const MOST = 0.5;

function findRule({ column }: UnitEvidence, side: ExplainSide, unit: UnitOnSide): Found | null {
  const indicators = indicatorsOf(side);
  const chosen = chooseRule(side, unit, indicators);
  if (chosen === null) return null;
  const { occurred, sum, active, correlation } = chosen;
  const inside = sum / occurred;
  const outside = Math.max(0, (unit.sum - sum) / (side.rows.length - occurred));
  const words = phrase(chosen.rule, side, indicators);
  return {
    text: sentence(words, chosen, unit),
    predictor: predictorOf(chosen.rule, side, column, inside, outside),
    details: { rule: words, ...chosen.rule, correlation, inside, outside, occurred, active },
  };
}

function predictorOf(
  rule: Rule,
  side: ExplainSide,
  column: Column,
  inside: number,
  outside: number,
): Predictor {
  const indicators = indicatorsOf(side);
  let plausible: ((token: number) => Verdict) | undefined;
  return {
    predict: (ids) => Float64Array.from(holds(rule, ids, indicators), (held) => (held ? inside : outside)),
    plausible: (token) => {
      plausible ??= plausibleAfter(side, weightsOf(rule, side, onSide(side, column)!, indicators));
      return plausible(token);
    },
  };
}

function sentence(words: string, { active, occurred, sum }: ChosenRule, unit: UnitOnSide): string {
  const ofActive = active / unit.rows.length;
  const ofSuch = percent(active / occurred);
  return ofActive >= MOST
    ? `fires on ${words}, ${percent(ofActive)} of active tokens (and on ${ofSuch} of such tokens)`
    : `fires on ${words} more than elsewhere: ${percent(ofActive)} of active tokens, ${percent(sum / unit.sum)} of its activation (and on ${ofSuch} of such tokens)`;
}

/** Active tokens that the rule's condition on the token holds for, as a share of each token's occurrences. */
function weightsOf(
  { current }: Rule,
  { passage, counts }: ExplainSide,
  { rows }: UnitOnSide,
  { traits, script }: Indicators,
): TokenWeight[] {
  const active = new Map<number, number>();
  for (const row of rows) {
    const token = passage.tokens[row]!;
    const held =
      current === null ||
      (current.kind === "token" && current.token === token) ||
      (current.kind === "trait" && traits.has(token, current.trait)) ||
      (current.kind === "script" && script[row] === current.script);
    if (held) active.set(token, (active.get(token) ?? 0) + 1);
  }
  return Array.from(active, ([token, count]) => ({ token, weight: count / counts[token]! }));
}
