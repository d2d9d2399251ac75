/**
 * What each factor of a study does to an outcome: analysis of variance of trials on a grid, whole or with holes.
 *
 *     y = mean + Σ_factors effect(level) [+ Σ_pairs effect(level, level)] + rest          sum-to-zero coding
 *
 *     marginal mean   of a level: what the model says of it, averaged over the levels of all other factors, all counted alike. On a
 *                     full grid this is the mean of its trials; on one with holes it is not pulled by which trials there happen to be
 *     difference      of two marginal means
 *     sum of squares  type II: what a term explains beyond all terms that do not contain it (Langsrud 2003)
 *     F               (sum of squares / degrees of freedom) / rest variance of the whole model
 *     η²  ω²          SS / total;  (SS − df · s²) / (total + s²), which is 0 on average where there is no effect
 *     per doubling    slope in log₂ of a factor of positive numbers, with the others as they are; the lack of fit tests whether the
 *                     levels lie on that line
 *
 * What varies between trials of one setting, seeds above all, is the rest, unless seeds are a factor. Intervals are by the t
 * distribution, 95 % each, not corrected for how many there are.
 */

import { type Column, leastSquares, type LeastSquares, sumOfSquaresAboutMean } from "./least-squares.ts";
import { intercept, products, sumCodes, sumColumns } from "./coding.ts";
import { upperF } from "./distributions.ts";
import type { Estimate, TestedEstimate } from "./estimate.ts";
import { type Factor, factorsWhereKnown, type FactorTable, type FactorValue } from "./factor.ts";

export interface Share {
  readonly degreesOfFreedom: number;
  readonly sumOfSquares: number;
  /** Null where nothing is left to compare with. */
  readonly f: number | null;
  readonly p: number | null;
  /** Of the outcome's whole variation; null where it has none. */
  readonly etaSquared: number | null;
  /** Null without a rest; may be slightly negative where there is no effect. */
  readonly omegaSquared: number | null;
}

export interface LevelEffect {
  readonly level: FactorValue;
  readonly trials: number;
  /** Of its trials, as they are. */
  readonly mean: number;
  /** Null where the holes in the grid leave it open. */
  readonly marginal: Estimate | null;
  /** Of the marginal means, from the first level; null for the first itself, and where it is open. */
  readonly difference: TestedEstimate | null;
}

export interface Slope {
  readonly perDoubling: TestedEstimate;
  /** With three levels or more: p of a curve as good as this one if the truth is a line. */
  readonly lackOfFit: { readonly f: number; readonly p: number } | null;
}

export interface FactorEffect extends Share {
  readonly name: string;
  readonly levels: readonly LevelEffect[];
  readonly slope: Slope | null;
}

export interface InteractionEffect extends Share {
  readonly factors: readonly [string, string];
  /** Every pair of levels, those of the first factor slowest. */
  readonly cells: readonly {
    readonly levels: readonly [FactorValue, FactorValue];
    readonly trials: number;
    readonly marginal: Estimate | null;
  }[];
}

export interface FactorialAnalysis {
  /** With a value. */
  readonly trials: number;
  readonly factors: readonly FactorEffect[];
  readonly interactions: readonly InteractionEffect[];
  readonly rSquared: number | null;
  readonly rest: { readonly degreesOfFreedom: number; readonly variance: number | null };
  /** What cannot be told apart on this grid, as "factor = level". */
  readonly aliased: readonly string[];
}

interface Term {
  /** Factors in it: one or two. */
  readonly factors: readonly Factor[];
  readonly columns: readonly Column[];
}

/**
 * @param outcome of every trial; those with null are left out
 * @param interactions pairs of factor names
 * Factors with one level have no effect and are left out. Fewer than two trials: no factors, no interactions.
 */
export function factorialAnalysis(
  table: FactorTable,
  outcome: readonly (number | null)[],
  interactions: readonly (readonly [string, string])[] = [],
): FactorialAnalysis {
  const { kept, factors } = factorsWhereKnown(table, outcome);
  const y = Float64Array.from(kept, (i) => outcome[i]!);
  const mains = factors.map((factor): Term => ({ factors: [factor], columns: sumColumns(factor) }));
  const pairs = interactions.flatMap(([a, b]): Term[] => {
    const [first, second] = [a, b].map((name) => mains.find(({ factors }) => factors[0]!.name === name));
    if (first === undefined || second === undefined || first === second) return [];
    return [
      {
        factors: [first.factors[0]!, second.factors[0]!],
        columns: products(first.columns, second.columns),
      },
    ];
  });
  const model = new Model([...mains, ...pairs], y);
  return {
    trials: y.length,
    factors: mains.map((term) => ({
      name: term.factors[0]!.name,
      ...model.share(term),
      levels: levelEffects(model, term),
      slope: slopeOf(model, term),
    })),
    interactions: pairs.map((term) => ({
      factors: [term.factors[0]!.name, term.factors[1]!.name],
      ...model.share(term),
      cells: cellsOf(model, term),
    })),
    rSquared: model.fit.rSquared,
    rest: { degreesOfFreedom: model.fit.degreesOfFreedom, variance: model.fit.residualVariance },
    aliased: model.fit.aliased,
  };
}

class Model {
  readonly terms: readonly Term[];
  readonly y: Float64Array;
  readonly fit: LeastSquares;
  readonly total: number;

  constructor(terms: readonly Term[], y: Float64Array) {
    this.terms = terms;
    this.y = y;
    this.fit = this.fitOf(terms);
    this.total = sumOfSquaresAboutMean(y);
  }

  fitOf(terms: readonly { readonly columns: readonly Column[] }[]): LeastSquares {
    return leastSquares([intercept(this.y.length), ...terms.flatMap(({ columns }) => columns)], this.y);
  }

  share(term: Term): Share {
    const others = this.terms.filter(
      (other) => !term.factors.every((factor) => other.factors.includes(factor)),
    );
    const [without, within] = [this.fitOf(others), this.fitOf([...others, term])];
    const degreesOfFreedom = within.rank - without.rank;
    const sumOfSquares = Math.max(0, without.residualSumOfSquares - within.residualSumOfSquares);
    const rest = this.fit.residualVariance;
    const ratio =
      rest !== null && rest > 0 && degreesOfFreedom > 0 ? sumOfSquares / degreesOfFreedom / rest : null;
    return {
      degreesOfFreedom,
      sumOfSquares,
      f: ratio,
      p: ratio === null ? null : upperF(ratio, degreesOfFreedom, this.fit.degreesOfFreedom),
      etaSquared: this.total > 0 ? sumOfSquares / this.total : null,
      omegaSquared:
        rest === null || !(this.total > 0)
          ? null
          : (sumOfSquares - degreesOfFreedom * rest) / (this.total + rest),
    };
  }

  /** With these entries in the columns of some terms, and 0, the mean over levels, in those of all others. */
  at(settings: ReadonlyMap<Term, ArrayLike<number>>, mean: 0 | 1): TestedEstimate | null {
    const weights = [mean, ...this.terms.flatMap((term) => [...codesOf(settings.get(term), term)])];
    return this.fit.combination(weights);
  }
}

function codesOf(codes: ArrayLike<number> | undefined, term: Term): number[] {
  return Array.from({ length: term.columns.length }, (_, k) => codes?.[k] ?? 0);
}

function levelEffects(model: Model, term: Term): LevelEffect[] {
  const factor = term.factors[0]!;
  const codes = sumCodes(factor.levels.length);
  return factor.levels.map((level, k) => {
    const values = model.y.filter((_, i) => factor.codes[i] === k);
    const step = codes[k]!.map((code, column) => code - codes[0]![column]!);
    return {
      level,
      trials: values.length,
      mean: values.reduce((sum, value) => sum + value, 0) / values.length,
      marginal: model.at(new Map([[term, codes[k]!]]), 1),
      difference: k === 0 ? null : model.at(new Map([[term, step]]), 0),
    };
  });
}

function cellsOf(model: Model, term: Term): InteractionEffect["cells"] {
  const [a, b] = term.factors as [Factor, Factor];
  const main = (factor: Factor) =>
    model.terms.find(({ factors }) => factors.length === 1 && factors[0] === factor)!;
  const [codesA, codesB] = [sumCodes(a.levels.length), sumCodes(b.levels.length)];
  return a.levels.flatMap((levelA, i) =>
    b.levels.map((levelB, j) => {
      const both = [...codesA[i]!].flatMap((first) => [...codesB[j]!].map((second) => first * second));
      const settings = new Map<Term, ArrayLike<number>>([
        [main(a), codesA[i]!],
        [main(b), codesB[j]!],
        [term, both],
      ]);
      return {
        levels: [levelA, levelB] as const,
        trials: model.y.reduce((sum, _, t) => sum + (a.codes[t] === i && b.codes[t] === j ? 1 : 0), 0),
        marginal: model.at(settings, 1),
      };
    }),
  );
}

/** Among main effects alone: with an interaction there is no one slope, and this is its mean. */
function slopeOf(model: Model, term: Term): Slope | null {
  const factor = term.factors[0]!;
  if (!factor.isNumeric || !factor.levels.every((level) => (level as number) > 0)) return null;
  const others = model.terms.filter((other) => other !== term && other.factors.length === 1);
  const doublings = Float64Array.from(factor.codes, (code) => Math.log2(factor.levels[code] as number));
  const line = { columns: [{ name: "doublings", values: doublings }] };
  const fit = model.fitOf([line, ...others]);
  const weights = new Float64Array(2 + others.reduce((sum, { columns }) => sum + columns.length, 0));
  weights[1] = 1;
  const perDoubling = fit.combination(weights);
  if (perDoubling === null) return null;
  const full = model.fitOf([...others, term]);
  const more = full.rank - fit.rank;
  if (more < 1 || full.residualVariance === null || !(full.residualVariance > 0)) {
    return { perDoubling, lackOfFit: null };
  }
  const f = (fit.residualSumOfSquares - full.residualSumOfSquares) / more / full.residualVariance;
  return { perDoubling, lackOfFit: { f, p: upperF(Math.max(0, f), more, full.degreesOfFreedom) } };
}
