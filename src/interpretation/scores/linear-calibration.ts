/**
 * Simulated activations are on a scale of integers; f is not. Bills et al. 2023 fit a line on another split before they compare sizes:
 *
 *     f ≈ slope · simulated + intercept        least squares on the answers of the side "choose"
 *
 * A correlation does not change by it, but where the slope is negative.
 */

import { mean } from "./correlation.ts";
import type { RawAnswers } from "./score.ts";

export interface LinearCalibration {
  readonly slope: number;
  readonly intercept: number;
}

/** Null without a usable answer. A constant simulation is calibrated to the mean of f. */
export function linearCalibration(
  answers: Pick<Extract<RawAnswers, { type: "simulation" }>, "simulated" | "real">,
): LinearCalibration | null {
  const simulated = answers.simulated.flatMap((values) => values ?? []);
  const real = answers.real.flatMap((values, i) => (answers.simulated[i] === null ? [] : values));
  if (simulated.length === 0) return null;
  const meanSimulated = mean(simulated);
  const meanReal = mean(real);
  let xx = 0;
  let xy = 0;
  for (const [i, value] of simulated.entries()) {
    xx += (value - meanSimulated) ** 2;
    xy += (value - meanSimulated) * (real[i]! - meanReal);
  }
  const slope = xx > 0 ? xy / xx : 0;
  return { slope, intercept: meanReal - slope * meanSimulated };
}
