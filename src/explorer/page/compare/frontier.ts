/** Dictionaries beside each other: which are compared, in which order, and which of them none other beats. */

import type { EvaluationResult } from "../../../evaluation/result.ts";
import type { RunSummary } from "../../api.ts";
import { evaluationOf } from "../run/evaluation-numbers.ts";

export interface Compared {
  /** RUN/NAME: in addresses. */
  readonly id: string;
  readonly run: RunSummary;
  readonly name: string;
  readonly dSae: number | null;
  readonly evaluation: EvaluationResult | null;
  /** Its place among all, which gives it its colour. */
  readonly place: number;
}

export function comparedOf(runs: readonly RunSummary[]): readonly Compared[] {
  return runs
    .flatMap((run) => run.saes.map((sae) => ({ run, sae })))
    .map(({ run, sae }, place) => ({
      id: `${run.id}/${sae.name}`,
      run,
      name: sae.name,
      dSae: sae.dSae,
      evaluation: evaluationOf(sae),
      place,
    }));
}

/** Sorted by a key; what has none stands last in both directions, equal ones as they came. */
export function sortedBy<T>(
  list: readonly T[],
  key: (one: T) => number | string | null | undefined,
  descending: boolean,
): readonly T[] {
  const sign = descending ? -1 : 1;
  return list.toSorted((a, b) => {
    const [x, y] = [key(a) ?? null, key(b) ?? null];
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    if (typeof x === "string" || typeof y === "string")
      return sign * String(x).localeCompare(String(y), "en", { numeric: true });
    return sign * (x - y);
  });
}

export interface FrontierPoint {
  readonly x: number;
  readonly y: number;
}

/**
 * Points that no other beats in both: smaller x, better y. Ascending in x.
 * @param higher whether a larger y is better
 */
export function frontierOf<T extends FrontierPoint>(points: readonly T[], higher: boolean): readonly T[] {
  const sign = higher ? 1 : -1;
  const ordered = points.toSorted((a, b) => a.x - b.x || sign * (b.y - a.y));
  const best: T[] = [];
  for (const point of ordered) {
    const last = best.at(-1);
    if (last === undefined || sign * (point.y - last.y) > 0) best.push(point);
  }
  return best;
}

/** Features by log10 density as a share of all, over the edges of the evaluation's histogram: a line of steps. */
export function densityShares({ log_density_histogram: histogram, d_sae: count }: EvaluationResult): {
  readonly edges: readonly number[];
  readonly shares: readonly number[];
} {
  const end = histogram.counts.findLastIndex((value) => value > 0) + 1;
  return {
    edges: histogram.edges.slice(0, end + 1),
    shares: histogram.counts.slice(0, end).map((value) => value / count),
  };
}

export interface Label {
  readonly x: number;
  readonly y: number;
  readonly anchor: "start" | "end";
}

/**
 * Where the names of points can stand without lying on each other or on points: right or left of each, below or above. Null where
 * there is no room. Pixels; `wide` is how wide each name is.
 */
export function placeLabels(
  points: readonly { readonly x: number; readonly y: number }[],
  wide: readonly number[],
  [from, to]: readonly [number, number],
): readonly (Label | null)[] {
  const taken = points.map(({ x, y }) => ({ left: x - 6, right: x + 6, top: y - 6, bottom: y + 6 }));
  return points.map(({ x, y }, at) => {
    for (const [side, down] of [
      [1, 15],
      [-1, 15],
      [1, -7],
      [-1, -7],
      [1, 4],
      [-1, 4],
    ] as const) {
      const start = side > 0 ? x + 8 : x - 8 - wide[at]!;
      const box = { left: start, right: start + wide[at]!, top: y + down - 10, bottom: y + down + 3 };
      if (box.left < from || box.right > to) continue;
      const free = taken.every(
        (other, place) =>
          place === at ||
          box.right < other.left ||
          box.left > other.right ||
          box.bottom < other.top ||
          box.top > other.bottom,
      );
      if (!free) continue;
      taken.push(box);
      return { x: x + 8 * side, y: y + down, anchor: side > 0 ? "start" : "end" };
    }
    return null;
  });
}
