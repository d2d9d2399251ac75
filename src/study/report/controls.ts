/**
 * Dictionaries of a model beside those of the same model with shuffled weights: what an outcome is worth as a sign of what a model has
 * learnt. Scores of explanations do not tell trained transformers from random ones (Heap et al. 2025, arXiv 2501.17727), so an outcome
 * that does not differ tells about the text and the method.
 *
 * A pair is a configuration that both populations have. Each side is the mean over its seeds and shuffles; differences are of the
 * outcome, or of its logarithm where it is compared by ratios, and their interval is over configurations: it holds what other settings
 * do to the difference. Of a single configuration it is over seeds and shuffles (Welch 1947).
 */

import { mean } from "../../statistics/correlation.ts";
import type { Estimate } from "../../statistics/estimate.ts";
import { differenceOfMeans, meanEstimate } from "../../statistics/mean-estimate.ts";
import type { OutcomeDefinition } from "../outcomes/outcome.ts";
import { columnOf, type OutcomeColumn, type Population } from "./population.ts";

export interface Control {
  readonly name: string;
  /** Configurations in both. */
  readonly pairs: number;
  /** Means over the pairs, in the outcome's own unit; geometric ones of what is compared by ratios. */
  readonly trained: number;
  readonly shuffled: number;
  /** Trained less shuffled. */
  readonly difference: Estimate;
  /** The difference is of logarithms. */
  readonly log: boolean;
}

/** Of the outcomes that both have; empty where there are not both. */
export function controlsOf(
  populations: readonly Population[],
  definitions: readonly OutcomeDefinition[],
): Control[] {
  const trained = populations.find(({ shuffled }) => !shuffled);
  const shuffled = populations.find((one) => one.shuffled);
  if (trained === undefined || shuffled === undefined) return [];
  return definitions.flatMap((definition): Control[] => {
    const [left, right] = [columnOf(trained, definition), columnOf(shuffled, definition)];
    const log = left.log && right.log;
    const [of, beside] = [byConfiguration(trained, left), byConfiguration(shuffled, right)];
    const shared = [...of.keys()].filter((key) => beside.has(key));
    if (shared.length === 0) return [];
    const scaled = (values: readonly number[]) => (log ? values.map(Math.log) : values);
    const onScale = (side: ReadonlyMap<string, number[]>) =>
      shared.map((key) => mean(scaled(side.get(key)!)));
    const [own, control] = [onScale(of), onScale(beside)];
    const [only] = shared;
    const back = (values: readonly number[]) => (log ? Math.exp(mean(values)) : mean(values));
    return [
      {
        name: definition.name,
        pairs: shared.length,
        trained: back(own),
        shuffled: back(control),
        difference:
          shared.length === 1
            ? differenceOfMeans(scaled(of.get(only!)!), scaled(beside.get(only!)!))
            : meanEstimate(own.map((value, i) => value - control[i]!)),
        log,
      },
    ];
  });
}

function byConfiguration(
  { configurations }: Population,
  { outcomes }: OutcomeColumn,
): ReadonlyMap<string, number[]> {
  const found = new Map<string, number[]>();
  outcomes.forEach((outcome, i) => {
    if (outcome === undefined) return;
    const key = configurations[i]!;
    found.set(key, [...(found.get(key) ?? []), outcome.value]);
  });
  return found;
}
