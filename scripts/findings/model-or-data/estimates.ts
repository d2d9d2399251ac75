/**
 * Means over dictionaries, and how sure they are of what.
 *
 *     over units           units are drawn again within each dictionary: other features of the same dictionaries
 *     over dictionaries    least squares on the dictionaries' means, trained or shuffled beside a level for each block: other seeds and
 *                          shuffles, and other features, since a mean is of those that were drawn
 */

import { matchUnits } from "../../../src/experiments/effects/matching.ts";
import type { EffectSubject } from "../../../src/experiments/effects/result.ts";
import { Random } from "../../../src/random.ts";
import { clusterDraws, clustersOf } from "../../../src/statistics/cluster-bootstrap.ts";
import { mean } from "../../../src/statistics/correlation.ts";
import { leastSquares } from "../../../src/statistics/least-squares.ts";
import { type Interval, percentiles } from "../../../src/statistics/quantiles.ts";
import type { Dictionary, Row, UnitValues } from "./dictionaries.ts";

export type Split = "all" | "single-token" | "other";

export interface Mean {
  readonly units: number;
  readonly value: number;
  readonly interval: Interval;
}

const REPLICATES = 2000;

/** Mean of the dictionaries' means; null where there are no values. */
export function meanOver(
  dictionaries: readonly Dictionary[],
  row: Row,
  subject: EffectSubject,
  split: Split = "all",
): Mean | null {
  const groups = valuesOf(dictionaries, row, subject, split);
  if (groups.length === 0) return null;
  const random = Random.of(0, `means ${row.title} ${subject} ${split}`);
  const drawn = Array.from({ length: REPLICATES }, () =>
    mean(groups.map((values) => redrawn(values, random))),
  );
  return {
    units: groups.reduce((sum, { length }) => sum + length, 0),
    value: mean(groups.map((values) => mean(values))),
    interval: percentiles(drawn),
  };
}

export interface Difference {
  readonly value: number;
  readonly overUnits: Interval;
  /** Null where there are too few. */
  readonly overDictionaries: Interval | null;
  readonly degreesOfFreedom: number;
  readonly trained: readonly number[];
  readonly shuffled: readonly number[];
}

/** Features of the trained model less those of the shuffled ones. */
export function difference(
  [trained, shuffled]: readonly [readonly Dictionary[], readonly Dictionary[]],
  row: Row,
  split: Split = "all",
): Difference | null {
  const [a, b] = [trained, shuffled].map((all) => valuesOf(all, row, "features", split));
  if (a!.length === 0 || b!.length === 0) return null;
  const random = Random.of(0, `difference ${row.title} ${split}`);
  const again = (groups: number[][]) => mean(groups.map((values) => redrawn(values, random)));
  const all = [...trained, ...shuffled].filter((one) => valuesOf([one], row, "features", split).length > 0);
  const blocks = [...new Set(all.map(({ block }) => block))];
  const fit = leastSquares(
    [
      { name: "trained", values: all.map((one) => Number(one.shuffled === null)) },
      ...blocks.map((block) => ({ name: block, values: all.map((one) => Number(one.block === block)) })),
    ],
    [...a!, ...b!].map((values) => mean(values)),
  );
  const [coefficient] = fit.coefficients;
  return {
    value: coefficient!.value,
    overUnits: percentiles(Array.from({ length: REPLICATES }, () => again(a!) - again(b!))),
    overDictionaries: coefficient!.interval,
    degreesOfFreedom: fit.degreesOfFreedom,
    trained: a!.map((values) => mean(values)),
    shuffled: b!.map((values) => mean(values)),
  };
}

export interface MatchedMeans {
  readonly pairs: number;
  readonly trained: number;
  readonly shuffled: number;
  readonly value: number;
  /** Features of the trained model are drawn again, each with all its partners. */
  readonly interval: Interval;
  /** Of each pair of dictionaries. */
  readonly each: readonly number[];
}

/** Features matched by density and single-tokenness, over all pairs of a trained and a shuffled dictionary with the same options. */
export function matchedMeans(
  [trained, shuffled]: readonly [readonly Dictionary[], readonly Dictionary[]],
  row: Row,
  split: Split = "all",
): MatchedMeans | null {
  const pairs: { x: number; y: number; of: string }[] = [];
  const each: number[] = [];
  for (const one of trained) {
    const a = one.of(row, "features");
    for (const other of shuffled.filter(({ partner }) => partner === one.partner)) {
      const b = other.of(row, "features");
      if (a === null || b === null) continue;
      const found = matchUnits(a, b).pairs.flatMap((pair) => {
        const [x, y] = [a.values[pair.a], b.values[pair.b]];
        if (typeof x !== "number" || typeof y !== "number" || !inSplit(pair.singleToken, split)) return [];
        return [{ x, y, of: `${one.name} ${pair.a}` }];
      });
      if (found.length > 0) each.push(mean(found.map(({ x, y }) => x - y)));
      pairs.push(...found);
    }
  }
  if (pairs.length === 0) return null;
  const clusters = clustersOf(
    pairs.length,
    pairs.map(({ of }) => of),
  );
  const drawn = Array.from(clusterDraws(clusters, REPLICATES, 0, `matched ${row.title} ${split}`), (some) =>
    mean(some.map((i) => pairs[i]!.x - pairs[i]!.y)),
  );
  return {
    pairs: pairs.length,
    trained: mean(pairs.map(({ x }) => x)),
    shuffled: mean(pairs.map(({ y }) => y)),
    value: mean(pairs.map(({ x, y }) => x - y)),
    interval: percentiles(drawn),
    each,
  };
}

function valuesOf(
  dictionaries: readonly Dictionary[],
  row: Row,
  subject: EffectSubject,
  split: Split,
): number[][] {
  return dictionaries.flatMap((dictionary) => {
    const found = dictionary.of(row, subject);
    const values = found === null ? [] : chosen(found, split);
    return values.length === 0 ? [] : [values];
  });
}

function chosen({ values, singleToken }: UnitValues, split: Split): number[] {
  return values.filter(
    (value, i): value is number => value !== null && inSplit(singleToken[i] ?? null, split),
  );
}

function inSplit(singleToken: boolean | null, split: Split): boolean {
  return split === "all" || singleToken === (split === "single-token");
}

function redrawn(values: readonly number[], random: Random): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[random.integer(values.length)]!;
  return sum / values.length;
}
