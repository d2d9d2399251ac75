/**
 * Factors as columns of a regression.
 *
 *     sum        level k < last: 1 in column k; the last level: −1 in all. The intercept is the mean over levels, all counted alike,
 *                and products of two factors' columns are their interaction and nothing else
 *     treatment  level k > 0: 1 in column k. Coefficients are differences from the first level
 */

import { type Factor, levelName } from "./factor.ts";
import type { Column } from "./least-squares.ts";

export function intercept(count: number): Column {
  return { name: "(mean)", values: new Float64Array(count).fill(1) };
}

/** Each level's entries in the columns of a factor [level][column]. */
export function sumCodes(levels: number): Float64Array[] {
  return Array.from({ length: levels }, (_, level) =>
    Float64Array.from({ length: levels - 1 }, (_unused, k) =>
      level === k ? 1 : level === levels - 1 ? -1 : 0,
    ),
  );
}

/** One column less than there are levels. */
export function sumColumns(factor: Factor): Column[] {
  return columnsOf(factor, sumCodes(factor.levels.length), 0);
}

/** One column less than there are levels, named "factor = level". */
export function treatmentColumns(factor: Factor): Column[] {
  const codes = factor.levels.map((_, level) =>
    Float64Array.from({ length: factor.levels.length - 1 }, (_unused, k) => (level === k + 1 ? 1 : 0)),
  );
  return columnsOf(factor, codes, 1);
}

function columnsOf(factor: Factor, codes: readonly Float64Array[], first: number): Column[] {
  return Array.from({ length: factor.levels.length - 1 }, (_, k) => ({
    name: `${factor.name} = ${levelName(factor.levels[k + first]!)}`,
    values: Float64Array.from(factor.codes, (code) => codes[code]![k]!),
  }));
}

/** Products of all columns of one factor with all of another. */
export function products(a: readonly Column[], b: readonly Column[]): Column[] {
  return a.flatMap((first) =>
    b.map((second) => ({
      name: `${first.name}, ${second.name}`,
      values: Float64Array.from(first.values, (value, i) => value * second.values[i]!),
    })),
  );
}
