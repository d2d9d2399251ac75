/** People's ratings beside the automated score of the same units. */

import type { UnitKind } from "../../../features/units.ts";
import type { RatingResults } from "../../api.ts";

export interface RatedUnit {
  readonly kind: UnitKind;
  readonly index: number;
  readonly score: number;
  /** Mean of the totals of all its intervals and raters, and how many there are. */
  readonly total: number;
  readonly ratings: number;
}

/** Units that were rated and have a score. */
export function ratedUnits(ratings: RatingResults["ratings"]): readonly RatedUnit[] {
  const units = new Map<string, { kind: UnitKind; index: number; score: number; totals: number[] }>();
  for (const { kind, index, score, total } of ratings) {
    if (score === null) continue;
    const key = `${kind} ${index}`;
    const unit = units.get(key) ?? { kind, index, score, totals: [] };
    unit.totals.push(total);
    units.set(key, unit);
  }
  return [...units.values()].map(({ totals, ...unit }) => ({
    ...unit,
    total: totals.reduce((sum, total) => sum + total, 0) / totals.length,
    ratings: totals.length,
  }));
}

/** Spearman's ρ, equal values sharing their mean rank; null for fewer than three pairs and for a constant. */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number | null {
  if (a.length < 3) return null;
  const [ranksA, ranksB] = [ranks(a), ranks(b)];
  const mean = (a.length + 1) / 2;
  let [ab, aa, bb] = [0, 0, 0];
  ranksA.forEach((rank, at) => {
    ab += (rank - mean) * (ranksB[at]! - mean);
    aa += (rank - mean) ** 2;
    bb += (ranksB[at]! - mean) ** 2;
  });
  return aa === 0 || bb === 0 ? null : ab / Math.sqrt(aa * bb);
}

function ranks(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((i, j) => values[i]! - values[j]!);
  const found = [...values];
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let at = from; at < to; at++) found[order[at]!] = (from + 1 + to) / 2;
    from = to;
  }
  return found;
}
