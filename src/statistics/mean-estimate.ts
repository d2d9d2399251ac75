/**
 * Means with 95 % t intervals. Values are to be independent.
 *
 *     mean          x̄ ± t(n − 1) · s / √n
 *     difference    x̄ − ȳ ± t(ν) · √(s²ₓ/n + s²ᵧ/m)      ν after Welch (1947) and Satterthwaite (1946): the spreads may differ
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
  return estimate(value, variance(values) / n, n - 1);
}

/** Of x less that of y; without an interval where a side has one value, or neither varies. */
export function differenceOfMeans(x: readonly number[], y: readonly number[]): Estimate {
  const value = mean(x) - mean(y);
  if (x.length < 2 || y.length < 2) return { value, interval: null };
  const [a, b] = [variance(x) / x.length, variance(y) / y.length];
  if (a + b === 0) return { value, interval: null };
  return estimate(value, a + b, (a + b) ** 2 / (a ** 2 / (x.length - 1) + b ** 2 / (y.length - 1)));
}

function variance(values: readonly number[]): number {
  const middle = mean(values);
  return values.reduce((sum, one) => sum + (one - middle) ** 2, 0) / (values.length - 1);
}

function estimate(value: number, squaredError: number, degreesOfFreedom: number): Estimate {
  const half = quantileT(0.975, degreesOfFreedom) * Math.sqrt(squaredError);
  return { value, interval: [value - half, value + half] };
}
