/**
 * A mean with its 95 % t interval: mean ± t(n − 1) · s / √n. Values are to be independent.
 *
 * With two values t is 12.7, so that only what both say very nearly alike has an interval without 0.
 */

import { mean } from "./correlation.ts";
import { quantileT } from "./distributions.ts";
import type { Estimate } from "./estimate.ts";

/** @param values at least one @param least with fewer values there is no interval */
export function meanEstimate(values: readonly number[], least = 2): Estimate {
  const value = mean(values);
  const n = values.length;
  if (n < Math.max(2, least)) return { value, interval: null };
  const variance = values.reduce((sum, one) => sum + (one - value) ** 2, 0) / (n - 1);
  const half = quantileT(0.975, n - 1) * Math.sqrt(variance / n);
  return { value, interval: [value - half, value + half] };
}
