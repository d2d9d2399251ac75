/** Means of every measure over units: all, single-token ones, others. The interval resamples units, which the mean is to speak for. */

import { bootstrapIntervals } from "../../evaluation/bootstrap.ts";
import { mean as meanOfValues } from "../../statistics/correlation.ts";
import { median } from "../../statistics/quantiles.ts";
import { MEASURE_NAMES } from "./measures.ts";
import { type EffectSplit, type EffectsSummaryRow, SPLITS, type SubjectEffects } from "./result.ts";

export function summarise(subjects: readonly SubjectEffects[], seed: number): EffectsSummaryRow[] {
  return MEASURE_NAMES.flatMap((measure) =>
    subjects.flatMap((of) =>
      SPLITS.map((split) => ({
        measure,
        subject: of.subject,
        split,
        ...meanOf(inSplit(of, of.values[measure]!, split), seed),
      })),
    ),
  );
}

function inSplit(
  { singleToken }: SubjectEffects,
  values: readonly (number | null)[],
  split: EffectSplit,
): number[] {
  return values.filter((value, i): value is number => {
    if (value === null) return false;
    return split === "all" || singleToken[i] === (split === "single-token");
  });
}

export interface MeanOfUnits {
  readonly units: number;
  readonly mean: number | null;
  readonly interval: [number, number] | null;
  readonly median: number | null;
}

/** Mean with its bootstrap interval over the values; nulls where there are too few. */
export function meanOf(values: readonly number[], seed: number): MeanOfUnits {
  const sums = Float64Array.from(values);
  const mean = values.length === 0 ? null : meanOfValues(values);
  const { interval } = bootstrapIntervals(
    { value: sums, units: new Float64Array(values.length).fill(1) },
    { interval: ({ value, units }) => value / units },
    seed,
  );
  return { units: values.length, mean, interval, median: median(values) };
}
