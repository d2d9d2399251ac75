/** What a dictionary takes from a sample of activations before its first step: their scale, and a centre for b_dec. */

import { expectedNormScale, geometricMedian, meanRow } from "./geometric-median.ts";
import type { SaeOptions } from "./options.ts";

/** Rows of the sample that are used. */
const SAMPLE_ROWS = 16_384;

/**
 * @param sample raw rows [n, d_in]
 * @returns the factor on raw activations, and b_dec in their scaled units unless it starts at zero
 */
export function startingPoint(
  { normalize_activations, b_dec_init }: SaeOptions,
  sample: Float32Array,
  d_in: number,
): { readonly scale: number; readonly b_dec?: Float32Array } {
  const rows = Float32Array.from(sample.subarray(0, SAMPLE_ROWS * d_in));
  const scale = normalize_activations === "expected_average_only_in" ? expectedNormScale(rows, d_in) : 1;
  if (b_dec_init === "zero") return { scale };
  const centre = b_dec_init === "mean" ? meanRow(rows, d_in) : geometricMedian(rows, d_in);
  return { scale, b_dec: Float32Array.from(centre, (value) => value * scale) };
}
