/**
 * A score over many units: mean, median, and how sure the mean is when other units of the same kind could have been taken.
 *
 *     replicates of a mean    500 times as many units as there are, drawn with replacement; 2.5 % to 97.5 %
 *
 * With more than 1,000 units the mean of a draw is normal to within the noise of 500 replicates, and is drawn as
 * mean + z·s/√n instead. The units are the sample here, not the text: that each score is itself uncertain is part of their spread.
 */

import { Random } from "../../random.ts";
import { mean } from "../../statistics/correlation.ts";
import { type Interval, median, percentiles } from "../../statistics/quantiles.ts";
import type { ColumnSummary } from "../result.ts";
import { REPLICATES } from "./interval.ts";

const MOST_DRAWN = 1000;

/** Of the units that have a score. */
export function summariseColumn(column: readonly (number | null)[], seed: number): ColumnSummary {
  const values = scored(column);
  const replicates = replicatesOfMean(values, seed, "summary");
  return {
    units: values.length,
    mean: values.length === 0 ? null : mean(values),
    interval: replicates === null ? null : percentiles(replicates),
    median: median(values),
  };
}

/** How much higher the mean of `a` is than that of `b`, different units; null where one of them has none. */
export function differenceOfMeans(
  a: readonly (number | null)[],
  b: readonly (number | null)[],
  seed: number,
): { readonly difference: number; readonly interval: Interval | null } | null {
  const [first, second] = [scored(a), scored(b)];
  if (first.length === 0 || second.length === 0) return null;
  const of = replicatesOfMean(first, seed, "first");
  const than = replicatesOfMean(second, seed, "second");
  return {
    difference: mean(first) - mean(second),
    interval: of === null || than === null ? null : percentiles(of.map((value, i) => value - than[i]!)),
  };
}

function scored(column: readonly (number | null)[]): number[] {
  return column.filter((value) => value !== null);
}

/** Null for fewer than two. */
function replicatesOfMean(values: readonly number[], seed: number, purpose: string): Float64Array | null {
  const count = values.length;
  if (count < 2) return null;
  const random = Random.of(seed, `mean over units ${purpose} ${count}`);
  const replicates = new Float64Array(REPLICATES);
  const centre = mean(values);
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / count);
  for (let replicate = 0; replicate < REPLICATES; replicate++) {
    if (count > MOST_DRAWN) {
      replicates[replicate] = centre + (random.normal() * deviation) / Math.sqrt(count);
      continue;
    }
    let sum = 0;
    for (let i = 0; i < count; i++) sum += values[random.integer(count)]!;
    replicates[replicate] = sum / count;
  }
  return replicates;
}
