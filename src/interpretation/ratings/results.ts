/**
 * What ratings add up to: the median of each kind of unit, and how far raters agree.
 *
 * An item is one interval of one unit. Of several raters the median of their totals counts, so that an item weighs the same however many
 * have rated it; with one rater the medians are those of Bricken et al. 2023 (features 12, neurons 0).
 */

import type { UnitKind } from "../../features/units.ts";
import { type Difference, krippendorffAlpha } from "./agreement.ts";
import type { StoredRating } from "./rating.ts";
import { CRITERIA, type Rubric } from "./rubric.ts";

export interface RatingSummary {
  /** In the order in which they first rated. */
  readonly raters: readonly string[];
  readonly medians: Readonly<Record<UnitKind, number | null>>;
  /** Krippendorff's alpha of totals (interval) and of each criterion (ordinal); `items`: those that two or more have rated. */
  readonly agreement: Readonly<Record<"total" | keyof Rubric, number | null>> & { readonly items: number };
}

export function summarise(ratings: readonly StoredRating[]): RatingSummary {
  const items = Map.groupBy(ratings, ({ kind, index, interval }) => `${kind} ${index} ${interval}`);
  const ofKind = (kind: UnitKind) =>
    [...items.values()]
      .filter(([first]) => first!.kind === kind)
      .map((item) => median(item.map(({ total }) => total))!);
  const alpha = (valueOf: (rating: StoredRating) => number | null, difference: Difference) =>
    krippendorffAlpha(
      [...items.values()].map((item) => item.map(valueOf).filter((value) => value !== null)),
      difference,
    );
  const criteria = CRITERIA.map(({ key }) => [key, alpha((rating) => rating[key], "ordinal")] as const);
  return {
    raters: [...new Set(ratings.map(({ rater }) => rater))],
    medians: { feature: median(ofKind("feature")), neuron: median(ofKind("neuron")) },
    agreement: {
      ...(Object.fromEntries(criteria) as Record<keyof Rubric, number | null>),
      total: alpha(({ total }) => total, "interval"),
      items: [...items.values()].filter(({ length }) => length > 1).length,
    },
  };
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}
