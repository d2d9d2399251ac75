/** The dictionaries of a study, or some of them, as columns for correlations that draw whole configurations. */

import { outcomeOf, type TrialOutcomes } from "../../../src/study/outcomes/outcome.ts";
import type { Population } from "../../../src/study/report/population.ts";
import {
  type CorrelationEstimate,
  partialSpearman,
  rankCorrelation,
} from "../../../src/statistics/rank-correlation.ts";
import { varianceComponents, varianceOfInterval } from "../../../src/statistics/variance-components.ts";
import type { Axis } from "./axes.ts";

const BOOTSTRAP = { seed: 0, replicates: 2000 };
/** Fewer order themselves alike by chance. */
const FEWEST = 6;

export interface Correlation extends CorrelationEstimate {
  readonly observations: number;
}

export class Dictionaries {
  readonly trials: readonly TrialOutcomes[];
  readonly configurations: readonly string[];

  constructor({ trials, configurations }: Pick<Population, "trials" | "configurations">) {
    this.trials = trials;
    this.configurations = configurations;
  }

  where(holds: (trial: TrialOutcomes) => boolean): Dictionaries {
    const kept = this.trials.flatMap((trial, i) => (holds(trial) ? [i] : []));
    return new Dictionaries({
      trials: kept.map((i) => this.trials[i]!),
      configurations: kept.map((i) => this.configurations[i]!),
    });
  }

  column(axis: Axis): (number | null)[] {
    return this.trials.map((trial) => axis.of(trial));
  }

  /** Spearman's ρ; with `given`, of what these leave of the ranks. Null where there is nothing to correlate. */
  correlation(a: Axis, b: Axis, given: readonly (readonly number[])[] = []): Correlation | null {
    const [x, y] = [this.column(a), this.column(b)];
    const options = { ...BOOTSTRAP, clusters: this.configurations };
    if (given.length > 0) return partialSpearman(x, y, given, options);
    const { observations, degenerate, spearman } = rankCorrelation(x, y, options);
    return observations < FEWEST || degenerate ? null : { ...spearman, observations };
  }

  /** One column for each level but the first: what is the same for all of a level is then no evidence. */
  levels(factor: string): number[][] {
    const of = this.trials.map(({ factors }) => factors[factor] ?? null);
    return [...new Set(of)].slice(1).map((level) => of.map((one) => Number(one === level)));
  }

  values(axis: Axis): number[] {
    return this.column(axis).map((value) => value ?? Number.NaN);
  }

  /** How often, of two dictionaries of different configurations, the one with more of `a` has more of `b`. */
  concordance(
    a: Axis,
    b: Axis,
    comparable: (one: TrialOutcomes, other: TrialOutcomes) => boolean = () => true,
  ): { readonly pairs: number; readonly share: number } {
    const [x, y] = [this.values(a), this.values(b)];
    let [pairs, same] = [0, 0];
    for (let i = 0; i < x.length; i++) {
      for (let j = i + 1; j < x.length; j++) {
        if (this.configurations[i] === this.configurations[j]) continue;
        if (!comparable(this.trials[i]!, this.trials[j]!)) continue;
        const product = (x[i]! - x[j]!) * (y[i]! - y[j]!);
        if (Number.isNaN(product) || product === 0) continue;
        pairs++;
        if (product > 0) same++;
      }
    }
    return { pairs, share: same / pairs };
  }

  /** How much of what tells dictionaries apart would be found again with another seed, and with it other features. */
  repeatability(axis: Axis): Repeatability | null {
    const y = this.column(axis);
    const pairs = [...Map.groupBy(this.trials.keys(), (i) => this.configurations[i]).values()].flatMap(
      (members) => {
        const [a, b] = [...members].sort((i, j) => seedOf(this.trials[i]!) - seedOf(this.trials[j]!));
        return a === undefined || b === undefined || y[a] === null || y[b] === null ? [] : [[a, b] as const];
      },
    );
    if (pairs.length < FEWEST) return null;
    const [first, second] = [0, 1].map((k) => pairs.map((pair) => y[pair[k]!]!));
    const again = rankCorrelation(first!, second!, BOOTSTRAP).spearman;
    const values = y.filter((value) => value !== null);
    const errors = this.trials.flatMap((trial) => {
      const found = axis.interval === null ? undefined : outcomeOf(trial, axis.interval);
      return found?.varies !== "features" || found.low === null || found.high === null
        ? []
        : [varianceOfInterval([found.low, found.high])];
    });
    const inPairs = pairs.flat();
    const components = varianceComponents(
      inPairs.map((i) => y[i]!),
      inPairs.map((i) => this.configurations[i]!),
      { seed: 0 },
    ).components;
    return {
      pairs: pairs.length,
      spread: Math.sqrt(variance(values)),
      standardError: errors.length === 0 ? null : Math.sqrt(mean(errors)),
      shift: mean(second!.map((value, i) => value - first![i]!)),
      again,
      configurations: components?.configurations.share ?? null,
    };
  }
}

export interface Repeatability {
  readonly pairs: number;
  /** Standard deviation over all dictionaries. */
  readonly spread: number;
  /** Of one dictionary's mean, by which of its features were explained. */
  readonly standardError: number | null;
  /** Mean of the second seed less the first. */
  readonly shift: number;
  /** ρ of the one seed's order with the other's. */
  readonly again: CorrelationEstimate;
  /** Share of the variance that configurations have, and not seeds. */
  readonly configurations: {
    readonly value: number;
    readonly interval: readonly [number, number] | null;
  } | null;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values: readonly number[]): number {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
}

function seedOf({ factors }: TrialOutcomes): number {
  return Number(factors["seed"] ?? 0);
}
