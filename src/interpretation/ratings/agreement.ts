/**
 * Krippendorff's alpha: how far raters agree beyond chance, for any number of raters and with ratings missing.
 *
 *     α = 1 − D_o / D_e        D_o = Σ_c,k o_ck δ²_ck / n        D_e = Σ_c,k n_c n_k δ²_ck / (n (n − 1))
 *
 * o_ck counts pairs of values c, k of one item by different raters, each weighted by 1 / (ratings of the item − 1); n_c = Σ_k o_ck,
 * n = Σ_c n_c. Items with fewer than two ratings count nowhere. 1 is agreement, 0 chance, below 0 worse than chance.
 *
 *     nominal    δ² = [c ≠ k]
 *     ordinal    δ² = (Σ_{g from c to k} n_g − (n_c + n_k)/2)²
 *     interval   δ² = (c − k)²
 *
 * Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011.
 */

export type Difference = "nominal" | "ordinal" | "interval";

/**
 * @param items the ratings of each item, whoever gave them
 * @returns null where it is not defined: no item has two ratings, or all of them are the same
 */
export function krippendorffAlpha(
  items: readonly (readonly number[])[],
  difference: Difference,
): number | null {
  const pairable = items.filter(({ length }) => length > 1);
  const values = [...new Set(pairable.flat())].sort((a, b) => a - b);
  const place = new Map(values.map((value, i) => [value, i]));
  const coincidences = values.map(() => new Float64Array(values.length));
  for (const item of pairable) {
    const places = item.map((value) => place.get(value)!);
    places.forEach((c, i) => {
      places.forEach((k, j) => {
        if (i !== j) coincidences[c]![k]! += 1 / (item.length - 1);
      });
    });
  }
  const totals = coincidences.map((row) => row.reduce((sum, count) => sum + count, 0));
  const n = totals.reduce((sum, count) => sum + count, 0);
  const squared = squaredDifference(difference, values, totals);
  let observed = 0;
  let expected = 0;
  for (let c = 0; c < values.length; c++) {
    for (let k = 0; k < values.length; k++) {
      observed += coincidences[c]![k]! * squared(c, k);
      expected += totals[c]! * totals[k]! * squared(c, k);
    }
  }
  return expected > 0 ? 1 - ((n - 1) * observed) / expected : null;
}

function squaredDifference(
  difference: Difference,
  values: readonly number[],
  totals: readonly number[],
): (c: number, k: number) => number {
  if (difference === "nominal") return (c, k) => Number(c !== k);
  if (difference === "interval") return (c, k) => (values[c]! - values[k]!) ** 2;
  const sums = [0];
  for (const total of totals) sums.push(sums.at(-1)! + total);
  return (c, k) => {
    const [low, high] = [Math.min(c, k), Math.max(c, k)];
    return (sums[high + 1]! - sums[low]! - (totals[low]! + totals[high]!) / 2) ** 2;
  };
}
