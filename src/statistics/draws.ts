/** Draws from the χ² distribution. */

import type { Random } from "../random.ts";

/** Twice a draw from Gamma(df/2), by Marsaglia & Tsang (2000). */
export function drawChiSquare(random: Random, degreesOfFreedom: number): number {
  const shape = degreesOfFreedom / 2;
  if (shape < 1) return drawChiSquare(random, degreesOfFreedom + 2) * (1 - random.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.uniform()) < x * x * 0.5 + d * (1 - v + Math.log(v))) return 2 * d * v;
  }
}
