/**
 * How much of what the learning rate does is how far training has come: lr × steps, which with Adam bounds how far a weight can have moved.
 *
 *     y = mean + a · log₂(lr × steps) + b · log₂ lr + the other factors + configuration + seed
 *
 * b is the learning rate at the same lr × steps. It is the same model as with learning rate and tokens apart, turned round: a is the effect
 * of tokens, b the effect of the learning rate less that of tokens.
 */

import { intercept, treatmentColumns } from "../../../src/statistics/coding.ts";
import type { TestedEstimate } from "../../../src/statistics/estimate.ts";
import { factorOf } from "../../../src/statistics/factor.ts";
import type { Column } from "../../../src/statistics/least-squares.ts";
import { mixedModel } from "../../../src/statistics/mixed-model.ts";
import type { OutcomeColumn, Population } from "../../../src/study/report/population.ts";

export interface BudgetEffects {
  /** Per doubling of lr × steps. */
  readonly budget: TestedEstimate;
  /** Per doubling of the learning rate at the same lr × steps. */
  readonly rate: TestedEstimate;
  /** Per doubling of lr × steps, in the model that has no learning rate and no tokens beside it. */
  readonly alone: TestedEstimate;
}

export function budgetEffects({ trials, factors, configurations }: Population, column: OutcomeColumn) {
  const kept = column.values.flatMap((value, i) => (value === null ? [] : [i]));
  const number = (name: string, i: number) => Number(trials[i]!.factors[name]);
  const logOf = (name: string, of: (i: number) => number): Column => ({
    name,
    values: kept.map((i) => Math.log2(of(i))),
  });
  const others = factors
    .filter(({ name }) => name !== "lr" && name !== "tokens")
    .flatMap(({ name, values, doubles }) =>
      doubles
        ? [logOf(name, (i) => Number(values[i]))]
        : treatmentColumns(
            factorOf(
              name,
              kept.map((i) => values[i]!),
            ),
          ),
    );
  const budget = logOf("budget", (i) => number("lr", i) * number("tokens", i));
  const fit = (columns: readonly Column[]) =>
    mixedModel(
      [intercept(kept.length), ...columns, ...others],
      kept.map((i) => column.values[i]!),
      kept.map((i) => configurations[i]!),
      { seed: 0 },
    ).fixed;
  if (kept.length < others.length + 5) return null;
  const both = fit([budget, logOf("rate", (i) => number("lr", i))]);
  const alone = fit([budget]);
  const of = (fixed: typeof both, name: string) => fixed.find((one) => one.name === name);
  const found = [of(both, "budget"), of(both, "rate"), of(alone, "budget")];
  return found.includes(undefined)
    ? null
    : ({ budget: found[0]!, rate: found[1]!, alone: found[2]! } satisfies BudgetEffects);
}
