/**
 * The rule that goes best with a unit: the highest Pearson correlation of f with the indicator r of where the rule holds, over all N tokens of
 * the side "explain",
 *
 *     corr = (Σ f·r / N − p·f̄) / (√(p(1 − p)) · σ_f)          p = n_r / N
 *
 * Only Σ f·r depends on the unit, and only its active tokens contribute to it. First every condition by itself; then the best on the
 * token together with the best on the context. Two conditions have to be better than one by a margin, since there are far more of them.
 */

import { type ExplainSide, INNER, type TokenSum, tokenSums, type UnitOnSide } from "../explain-side.ts";
import type { OfContext, OfToken, Rule } from "./conditions.ts";
import type { Indicators } from "./indicators.ts";

/** Of each kind of condition, this many are tried together with others. */
const TRIED = 4;

/** By how much the correlation of two conditions has to be above that of one. */
const MARGIN = 0.02;

export interface ChosenRule {
  readonly rule: Rule;
  readonly correlation: number;
  /** Tokens at which it holds, those of them at which the unit is active, and Σ f over them. */
  readonly occurred: number;
  readonly active: number;
  readonly sum: number;
}

interface Tried<Condition> {
  readonly condition: Condition;
  readonly found: ChosenRule;
}

/** Null for a unit that no condition is related to, such as one that is equally active everywhere. */
export function chooseRule(side: ExplainSide, unit: UnitOnSide, indicators: Indicators): ChosenRule | null {
  const weigh = (rule: Rule, occurred: number, sum: number, active: number): ChosenRule => ({
    rule,
    occurred,
    sum,
    active,
    correlation: correlation(side.rows.length, unit, occurred, sum),
  });
  const onToken = tokenConditions(side, unit, indicators).map(({ condition, occurred, sum, active }) => ({
    condition,
    found: weigh({ current: condition, context: null }, occurred, sum, active),
  }));
  const onContext = contextConditions(side, unit, indicators).map(({ condition, occurred, sum, active }) => ({
    condition,
    found: weigh({ current: null, context: condition }, occurred, sum, active),
  }));
  const one = bestOf([...onToken, ...onContext].map(({ found }) => found));
  const wanted = (one?.correlation ?? 0) + MARGIN;
  // A rule cannot hold at fewer tokens than those where it meets activity: most pairs are out of the question before they are counted.
  const worthCounting = (sum: number, active: number) =>
    active > 0 && correlation(side.rows.length, unit, active, sum) > wanted;
  const two = bestOf(
    together(side, unit, indicators, promising(onToken), promising(onContext), worthCounting).map(
      ({ rule, occurred, sum, active }) => weigh(rule, occurred, sum, active),
    ),
  );
  const best = one && two && two.correlation > wanted ? two : one;
  return best && best.correlation > 0 ? best : null;
}

function correlation(n: number, { sum, squares }: UnitOnSide, occurred: number, inside: number): number {
  const p = occurred / n;
  const mean = sum / n;
  const variance = squares / n - mean * mean;
  if (!(p > 0 && p < 1 && variance > 0)) return 0;
  return (inside / n - p * mean) / Math.sqrt(p * (1 - p) * variance);
}

/** The first of the highest. */
function bestOf(rules: readonly ChosenRule[]): ChosenRule | null {
  let best: ChosenRule | null = null;
  // Sums of the same numbers in another order differ in the last digits.
  for (const rule of rules) if (best === null || rule.correlation > best.correlation + 1e-9) best = rule;
  return best;
}

interface Sum<Condition> {
  readonly condition: Condition;
  readonly occurred: number;
  readonly sum: number;
  readonly active: number;
}

function tokenConditions(side: ExplainSide, unit: UnitOnSide, indicators: Indicators): Sum<OfToken>[] {
  const { traits, script, scriptCounts } = indicators;
  const tokens = tokenSums(side, unit);
  const found: Sum<OfToken>[] = tokens.map(({ token, sum, active }) => ({
    condition: { kind: "token", token },
    occurred: side.counts[token]!,
    sum,
    active,
  }));
  const byScript = scriptCounts.map(() => 0);
  const activeByScript = scriptCounts.map(() => 0);
  for (let at = 0; at < unit.rows.length; at++) {
    byScript[script[unit.rows[at]!]!]! += unit.values[at]!;
    activeByScript[script[unit.rows[at]!]!]!++;
  }
  for (let s = 1; s < byScript.length; s++) {
    if (activeByScript[s] === 0) continue;
    found.push({
      condition: { kind: "script", script: s },
      occurred: scriptCounts[s]!,
      sum: byScript[s]!,
      active: activeByScript[s]!,
    });
  }
  for (const { trait, sum, active } of traitSums(tokens, indicators, Number.POSITIVE_INFINITY)) {
    found.push({ condition: { kind: "trait", trait }, occurred: traits.counts[trait]!, sum, active });
  }
  return found;
}

function contextConditions(side: ExplainSide, unit: UnitOnSide, indicators: Indicators): Sum<OfContext>[] {
  const { traits, contextCounts, beforeCounts } = indicators;
  const before = tokenSums(side, previousOf(side, unit));
  const found: Sum<OfContext>[] = before.map(({ token, sum, active }) => ({
    condition: { kind: "after-token", token },
    occurred: beforeCounts[token]!,
    sum,
    active,
  }));
  for (const { trait, sum, active } of traitSums(before, indicators, traits.classes)) {
    found.push({ condition: { kind: "after-trait", trait }, occurred: contextCounts[trait]!, sum, active });
  }
  const sums = new Float64Array(32);
  const counts = new Uint32Array(32);
  for (let at = 0; at < unit.rows.length; at++) {
    for (let bits = indicators.surroundings[unit.rows[at]!]!, bit = 0; bits !== 0; bits >>>= 1, bit++) {
      if ((bits & 1) === 0) continue;
      sums[bit]! += unit.values[at]!;
      counts[bit]!++;
    }
  }
  for (const [bit, active] of counts.entries()) {
    if (active === 0) continue;
    const occurred = contextCounts[traits.classes + bit]!;
    found.push({ condition: { kind: "surroundings", bit }, occurred, sum: sums[bit]!, active });
  }
  return found;
}

/** The same values one token earlier: what the tokens before the active ones are. */
function previousOf({ place }: ExplainSide, unit: UnitOnSide): UnitOnSide {
  const rows = new Uint32Array(unit.rows.length);
  const values = new Float32Array(unit.rows.length);
  let count = 0;
  for (let at = 0; at < rows.length; at++) {
    if (place[unit.rows[at]!] !== INNER) continue;
    rows[count] = unit.rows[at]! - 1;
    values[count++] = unit.values[at]!;
  }
  return { ...unit, rows: rows.subarray(0, count), values: values.subarray(0, count) };
}

let scratchSums = new Float64Array(0);
let scratchActive = new Uint32Array(0);

/** Sums over the tokens with each trait below `end`, in the order of traits. */
function traitSums(
  tokens: readonly TokenSum[],
  { traits }: Indicators,
  end: number,
): { trait: number; sum: number; active: number }[] {
  if (scratchSums.length < traits.names.length) {
    scratchSums = new Float64Array(traits.names.length);
    scratchActive = new Uint32Array(traits.names.length);
  }
  const met: number[] = [];
  for (const { token, sum, active } of tokens) {
    for (const trait of traits.of(token)) {
      if (trait >= end) break;
      if (scratchActive[trait] === 0) met.push(trait);
      scratchSums[trait]! += sum;
      scratchActive[trait]! += active;
    }
  }
  const found = met
    .sort((a, b) => a - b)
    .map((trait) => ({ trait, sum: scratchSums[trait]!, active: scratchActive[trait]! }));
  for (const trait of met) scratchSums[trait] = scratchActive[trait] = 0;
  return found;
}

/** The best few conditions of each kind. */
function promising<Condition extends { readonly kind: string }>(
  tried: readonly Tried<Condition>[],
): Condition[] {
  const sorted = [...tried].sort((a, b) => b.found.correlation - a.found.correlation);
  const taken = new Map<string, number>();
  return sorted.flatMap(({ condition, found }) => {
    const count = (taken.get(condition.kind) ?? 0) + 1;
    taken.set(condition.kind, count);
    return count <= TRIED && found.correlation > 0 ? [condition] : [];
  });
}

/** Sums where one of each holds, for every pair. */
function together(
  side: ExplainSide,
  unit: UnitOnSide,
  indicators: Indicators,
  currents: readonly OfToken[],
  contexts: readonly OfContext[],
  worthCounting: (sum: number, active: number) => boolean,
): { rule: Rule; occurred: number; sum: number; active: number }[] {
  const { tokens } = side.passage;
  const { traits, script, surroundings } = indicators;
  const ofToken = remember((token) =>
    bits(
      currents,
      (c) => (c.kind === "token" && c.token === token) || (c.kind === "trait" && traits.has(token, c.trait)),
    ),
  );
  const ofScript = remember((s) => bits(currents, (c) => c.kind === "script" && c.script === s));
  const ofPrevious = remember((token) =>
    bits(
      contexts,
      (c) =>
        (c.kind === "after-token" && c.token === token) ||
        (c.kind === "after-trait" && traits.has(token, c.trait)),
    ),
  );
  const ofSurroundings = remember((marks) =>
    bits(contexts, (c) => c.kind === "surroundings" && ((marks >>> c.bit) & 1) === 1),
  );
  const sums = new Float64Array(currents.length * contexts.length);
  const active = new Uint32Array(sums.length);
  for (let at = 0; at < unit.rows.length; at++) {
    const row = unit.rows[at]!;
    const here = ofToken(tokens[row]!) | ofScript(script[row]!);
    if (here === 0) continue;
    const before = side.place[row] === INNER ? ofPrevious(tokens[row - 1]!) : 0;
    const around = before | ofSurroundings(surroundings[row]!);
    if (around === 0) continue;
    for (let c = 0; c < currents.length; c++) {
      if (((here >>> c) & 1) === 0) continue;
      for (let x = 0; x < contexts.length; x++) {
        if (((around >>> x) & 1) === 0) continue;
        sums[c * contexts.length + x]! += unit.values[at]!;
        active[c * contexts.length + x]!++;
      }
    }
  }
  return currents.flatMap((current, c) =>
    contexts.flatMap((context, x) => {
      const at = c * contexts.length + x;
      if (!worthCounting(sums[at]!, active[at]!)) return [];
      const occurred = indicators.count(current, context);
      if (occurred === null) return [];
      return [{ rule: { current, context }, occurred, sum: sums[at]!, active: active[at]! }];
    }),
  );
}

function bits<T>(list: readonly T[], test: (item: T) => boolean): number {
  return list.reduce((found, item, i) => found | (test(item) ? 1 << i : 0), 0);
}

function remember(find: (key: number) => number): (key: number) => number {
  const known = new Map<number, number>();
  return (key) => {
    let value = known.get(key);
    if (value === undefined) known.set(key, (value = find(key)));
    return value;
  };
}
