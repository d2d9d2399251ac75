/**
 * What each factor does to an outcome, with intervals.
 *
 *     y = mean + Σ_factors effect + configuration + seed
 *
 * A mixed model with the configuration as a random intercept: what a combination of settings does beyond the sum of their effects, and
 * what another seed changes, are both error, each at its own level. Repeats of a configuration are not taken for news about the factors.
 * Where there are no repeats, or no configurations to spare, it is plain least squares.
 */

import { treatmentColumns, intercept, sumColumns } from "../../statistics/coding.ts";
import { mean } from "../../statistics/correlation.ts";
import type { TestedEstimate } from "../../statistics/estimate.ts";
import { type Factor, factorOf, type FactorValue, levelName } from "../../statistics/factor.ts";
import { type FactorialAnalysis, factorialAnalysis } from "../../statistics/factorial.ts";
import type { Column } from "../../statistics/least-squares.ts";
import { mixedModel, type MixedModel } from "../../statistics/mixed-model.ts";
import {
  binnedTable,
  factorColumn,
  type OutcomeColumn,
  type Population,
  type StudiedFactor,
} from "./population.ts";

/** Of the draws behind intervals of variances. */
const SEED = 0;

const ROUNDING = 1e-12;

/** A step of a factor: twice its value, from its lowest to its highest, or another level than the first. */
export interface Contrast {
  readonly factor: string;
  readonly step:
    | { readonly kind: "doubling" }
    | { readonly kind: "range" | "level"; readonly from: FactorValue; readonly to: FactorValue };
}

export interface ContrastEffect extends Contrast {
  /** On the scale of the column; null where the trials cannot tell. */
  readonly effect: TestedEstimate | null;
}

export interface LevelMean {
  readonly level: FactorValue;
  readonly trials: number;
  /** Averaged over the levels of all other factors; null where the trials cannot tell. */
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export interface FactorShare {
  readonly factor: string;
  /** ω²: of the outcome's variation among trials, 0 on average where there is no effect. */
  readonly share: number | null;
  readonly p: number | null;
  /** p of a curve as bent as this one if doublings had one effect; null where that is not asked. */
  readonly curved: number | null;
}

export interface OutcomeEffects {
  readonly name: string;
  /** Effects are of its logarithm. */
  readonly log: boolean;
  /** With a value. */
  readonly trials: number;
  readonly contrasts: readonly ContrastEffect[];
  readonly shares: readonly FactorShare[];
  /** Between configurations that the factors' effects do not explain, and between seeds; null without repeats. */
  readonly variance: MixedModel["variance"];
  /** What the trials cannot tell apart. */
  readonly aliased: readonly string[];
}

/** Null with fewer trials than it takes. */
export function effectsOn(population: Population, column: OutcomeColumn): OutcomeEffects | null {
  const kept = known(column);
  const factors = factorsAmong(population.factors, kept);
  const columns = factors.flatMap(contrastColumns);
  if (kept.length < 3 || kept.length < columns.length + 2) return null;
  const y = kept.map((i) => column.values[i]!);
  if (new Set(y).size < 2) return null;
  const groups = kept.map((i) => population.configurations[i]!);
  const model = mixedModel([intercept(kept.length), ...columns], y, groups, { seed: SEED });
  const table = binnedTable(population);
  const factorial = factorialAnalysis(table, column.values);
  const tested = testsAmongConfigurations(population, column, kept);
  return {
    name: column.definition.name,
    log: column.log,
    trials: kept.length,
    contrasts: factors.flatMap(contrastsOf).map((contrast) => ({
      ...contrast,
      effect: withoutRounding(
        model.fixed.find(({ name }) => name === columnName(contrast)),
        y,
      ),
    })),
    shares: factorial.factors.map(({ name, omegaSquared }) => ({
      factor: name,
      share: omegaSquared,
      p: tested.get(name)?.p ?? null,
      curved: tested.get(name)?.slope?.lackOfFit?.p ?? null,
    })),
    variance: model.variance,
    aliased: [...new Set([...model.aliased, ...factorial.aliased])],
  };
}

/** Tests on the means of configurations: another seed is no further evidence about a factor. */
function testsAmongConfigurations(
  population: Population,
  { values }: OutcomeColumn,
  kept: readonly number[],
): ReadonlyMap<string, FactorialAnalysis["factors"][number]> {
  const configurations = [...Map.groupBy(kept, (i) => population.configurations[i]!).values()];
  const table = Object.entries(binnedTable(population)).map(
    ([name, column]) => [name, configurations.map(([first]) => column[first!]!)] as const,
  );
  const means = configurations.map((repeats) => mean(repeats.map((i) => values[i]!)));
  const { factors } = factorialAnalysis(Object.fromEntries(table), means);
  return new Map(factors.map((factor) => [factor.name, factor]));
}

/** What rounding leaves of no effect at all is none. */
function withoutRounding(effect: TestedEstimate | undefined, y: readonly number[]): TestedEstimate | null {
  if (effect === undefined) return null;
  const scale = Math.max(...y.map(Math.abs));
  return Math.abs(effect.value) < ROUNDING * scale ? { ...effect, value: 0 } : effect;
}

/** The outcome at each level of a factor, the levels of all others counted alike. */
export function levelMeans(
  population: Population,
  column: OutcomeColumn,
  factor: StudiedFactor,
): readonly LevelMean[] {
  const kept = known(column);
  const [own, ...others] = [factor, ...population.factors.filter((other) => other !== factor)].map(
    ({ name, binned }) =>
      factorOf(
        name,
        kept.map((i) => binned[i]!),
      ),
  ) as [Factor, ...Factor[]];
  const indicators = own.levels.map((_, k): Column => ({
    name: indicator(k),
    values: Float64Array.from(own.codes, (code) => (code === k ? 1 : 0)),
  }));
  const rest = others.flatMap(sumColumns);
  const enough = kept.length >= indicators.length + rest.length + 1;
  const model = enough
    ? mixedModel(
        [...indicators, ...rest],
        kept.map((i) => column.values[i]!),
        kept.map((i) => population.configurations[i]!),
        { seed: SEED },
      )
    : undefined;
  // Where others are sums of what stands before them, a level's coefficient is no mean over their levels.
  const told = model !== undefined && model.aliased.length === 0;
  return own.levels.map((level, k) => {
    const mean = told ? model.fixed.find(({ name }) => name === indicator(k)) : undefined;
    return {
      level,
      trials: own.codes.filter((code) => code === k).length,
      value: mean?.value ?? null,
      low: mean?.interval?.[0] ?? null,
      high: mean?.interval?.[1] ?? null,
    };
  });
}

const indicator = (level: number): string => `(level ${level})`;

function known({ values }: OutcomeColumn): number[] {
  return values.flatMap((value, i) => (value === null ? [] : [i]));
}

export function contrastsOf({ name, values, levels, doubles, isNumeric }: StudiedFactor): Contrast[] {
  if (doubles) return [{ factor: name, step: { kind: "doubling" } }];
  if (isNumeric) {
    const numbers = values.map(Number);
    return [{ factor: name, step: { kind: "range", from: Math.min(...numbers), to: Math.max(...numbers) } }];
  }
  const [first, ...rest] = factorOf(name, levels).levels;
  return rest.map((to) => ({ factor: name, step: { kind: "level", from: first!, to } }));
}

/** Factors as they are among some of the trials; none that has one level there. */
function factorsAmong(factors: readonly StudiedFactor[], kept: readonly number[]): StudiedFactor[] {
  return factors
    .map(({ name, values }) =>
      factorColumn(
        name,
        kept.map((i) => values[i]!),
      ),
    )
    .filter(({ levels }) => levels.length > 1);
}

/** One column for a number, one less than there are levels for anything else; coefficients are the contrasts' effects. */
function contrastColumns(factor: StudiedFactor): Column[] {
  if (!factor.isNumeric) return treatmentColumns(factorOf(factor.name, factor.values));
  const numbers = factor.values.map(Number);
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  const scaled = numbers.map((value) =>
    factor.doubles ? Math.log2(value) : (value - least) / (most - least),
  );
  return [{ name: columnName(contrastsOf(factor)[0]!), values: scaled }];
}

/** Names a contrast among all of a study. */
export function contrastKey({ factor, step }: Contrast): string {
  return JSON.stringify([factor, step]);
}

/** As the columns of levels are named. */
function columnName({ factor, step }: Contrast): string {
  return step.kind === "level" ? `${factor} = ${levelName(step.to)}` : `${factor} per ${step.kind}`;
}
