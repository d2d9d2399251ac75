/** Which units a list holds, in which order: what was found, then the conditions, then the order within each reason of being found. */

import type { UnitColumns } from "./columns.ts";
import type { ListQuery } from "./listing.ts";
import { FOUND } from "./search.ts";

/**
 * All units that match, in the order of the list.
 * @param found of each unit why the search found it, 0 for not at all; undefined without a search
 */
export function select(
  columns: UnitColumns,
  query: ListQuery,
  scores: () => Float64Array,
  found: Uint8Array | undefined,
): Uint32Array {
  const order = columns.order(query.sort, query.descending, scores);
  const accepts = condition(columns, query, scores);
  const selected = new Uint32Array(columns.count);
  let count = 0;
  if (found === undefined) {
    for (const unit of order) if (accepts(unit)) selected[count++] = unit;
    return selected.subarray(0, count);
  }
  const groups = Object.values(FOUND).map((): number[] => []);
  for (const unit of order) if (found[unit]! > 0 && accepts(unit)) groups[found[unit]! - 1]!.push(unit);
  for (const unit of groups.flat()) selected[count++] = unit;
  return selected.subarray(0, count);
}

function condition(
  columns: UnitColumns,
  query: ListQuery,
  scores: () => Float64Array,
): (unit: number) => boolean {
  const { density, max, singleToken } = columns;
  const { minDensity, maxDensity, minMax, minScore, filter } = query;
  const score = minScore === null ? undefined : scores();
  return (unit) =>
    (minDensity === null || density[unit]! >= minDensity) &&
    (maxDensity === null || density[unit]! <= maxDensity) &&
    (minMax === null || max[unit]! >= minMax) &&
    (score === undefined || score[unit]! >= minScore!) &&
    (filter === "all" ||
      (filter === "alive" && density[unit]! > 0) ||
      (filter === "dead" && density[unit] === 0) ||
      (filter === "single" && singleToken[unit] === 1) ||
      (filter === "other" && singleToken[unit] === 0));
}
