/** A mean with its 95 % t interval; the values are to be independent, one a configuration. */

import { mean } from "../../../src/statistics/correlation.ts";
import { quantileT } from "../../../src/statistics/distributions.ts";
import type { Estimate } from "../../../src/statistics/estimate.ts";

export function meanWithInterval(values: readonly number[]): Estimate {
  const value = mean(values);
  const n = values.length;
  if (n < 3) return { value, interval: null };
  const error = Math.sqrt(values.reduce((sum, one) => sum + (one - value) ** 2, 0) / (n - 1) / n);
  const half = quantileT(0.975, n - 1) * error;
  return { value, interval: [value - half, value + half] };
}
