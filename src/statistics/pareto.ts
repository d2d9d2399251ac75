/**
 * Pareto fronts: the points that no other point beats in one outcome without losing in another.
 *
 *     b dominates a    b is at least as good in both outcomes, and better in one
 *     front            points that none dominates
 *     reaches it       the point with the better end of each of its intervals is dominated by none: on other text, or with other seeds,
 *                      it might be on the front
 *     stays on it      the point with the worse ends is not dominated by any other with its better ends
 *
 * The ends of both intervals are taken together, as if both errors fell the same way, so "reaches" is generous and "stays" strict.
 */

import type { Interval } from "./quantiles.ts";

export type Direction = "higher" | "lower";

export interface ParetoPoint {
  readonly x: number;
  readonly y: number;
  readonly xInterval?: Interval | null;
  readonly yInterval?: Interval | null;
}

export interface Standing {
  readonly onFront: boolean;
  /** Also true of every point on the front. */
  readonly reachesFront: boolean;
  /** Only points on the front can. */
  readonly staysOnFront: boolean;
  /** Which points dominate it. */
  readonly dominatedBy: readonly number[];
}

export interface ParetoFront {
  /** Of each point, in the order given. */
  readonly standings: readonly Standing[];
  /** Points on the front, by x and then y. */
  readonly front: readonly number[];
}

type Pair = readonly [x: number, y: number];

/** @param better which way each outcome is good. Points must be finite: leave out those without a value. */
export function paretoFront(
  points: readonly ParetoPoint[],
  better: { readonly x: Direction; readonly y: Direction },
): ParetoFront {
  const signs: Pair = [better.x === "higher" ? 1 : -1, better.y === "higher" ? 1 : -1];
  const plain = points.map(({ x, y }): Pair => [signs[0] * x, signs[1] * y]);
  const [best, worst] = [1, -1].map((side) =>
    points.map((point): Pair => [
      end(point.x, point.xInterval, signs[0], side),
      end(point.y, point.yInterval, signs[1], side),
    ]),
  ) as [Pair[], Pair[]];
  const standings = plain.map((pair, i): Standing => {
    const dominatedBy = plain.flatMap((other, j) => (dominates(other, pair) ? [j] : []));
    const onFront = dominatedBy.length === 0;
    return {
      onFront,
      reachesFront: onFront || !plain.some((other, j) => j !== i && dominates(other, best[i]!)),
      staysOnFront: onFront && !best.some((other, j) => j !== i && dominates(other, worst[i]!)),
      dominatedBy,
    };
  });
  const front = standings
    .flatMap(({ onFront }, i) => (onFront ? [i] : []))
    .sort((i, j) => points[i]!.x - points[j]!.x || points[i]!.y - points[j]!.y);
  return { standings, front };
}

function dominates(a: Pair, b: Pair): boolean {
  return a[0] >= b[0] && a[1] >= b[1] && (a[0] > b[0] || a[1] > b[1]);
}

/** The better (side 1) or worse end, upward good; never on the wrong side of the value, which percentile intervals need not hold. */
function end(value: number, interval: Interval | null | undefined, sign: number, side: number): number {
  const ends = [value, ...(interval ?? [])].map((candidate) => sign * candidate);
  return side > 0 ? Math.max(...ends) : Math.min(...ends);
}
