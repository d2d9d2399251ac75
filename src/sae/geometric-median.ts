/**
 * The point with the least sum of distances to a set of vectors (Weiszfeld 1937): y ← Σ x_j/‖x_j − y‖ / Σ 1/‖x_j − y‖.
 * Unlike the mean it is not pulled away by a few activations of enormous norm.
 */

const ITERATIONS = 100;
const TOLERANCE = 1e-6;

/** @param x rows [n, d] @returns the geometric median [d]; the mean is where it starts */
export function geometricMedian(x: Float32Array, d: number): Float32Array {
  const n = x.length / d;
  let y = Float64Array.from(meanRow(x, d));
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const next = new Float64Array(d);
    let total = 0;
    for (let row = 0; row < n; row++) {
      let squared = 0;
      for (let k = 0; k < d; k++) squared += (x[row * d + k]! - y[k]!) ** 2;
      // A vector that the estimate has landed on would get infinite weight.
      const weight = 1 / Math.max(Math.sqrt(squared), 1e-12);
      total += weight;
      for (let k = 0; k < d; k++) next[k]! += weight * x[row * d + k]!;
    }
    let [moved, size] = [0, 0];
    for (let k = 0; k < d; k++) {
      next[k]! /= total;
      moved += (next[k]! - y[k]!) ** 2;
      size += next[k]! ** 2;
    }
    y = next;
    if (moved <= TOLERANCE ** 2 * size) break;
  }
  return Float32Array.from(y);
}

/** The mean of rows [n, d]. */
export function meanRow(x: Float32Array, d: number): Float32Array {
  const n = x.length / d;
  const sum = new Float64Array(d);
  for (let row = 0; row < n; row++) for (let k = 0; k < d; k++) sum[k]! += x[row * d + k]!;
  return Float32Array.from(sum, (value) => value / n);
}

/** √d / mean‖x‖: the factor that brings activations to an expected norm of √d. 1 for rows of zeros. */
export function expectedNormScale(x: Float32Array, d: number): number {
  const n = x.length / d;
  let norms = 0;
  for (let row = 0; row < n; row++) {
    let squared = 0;
    for (let k = 0; k < d; k++) squared += x[row * d + k]! ** 2;
    norms += Math.sqrt(squared) / n;
  }
  return norms > 0 ? Math.sqrt(d) / norms : 1;
}
