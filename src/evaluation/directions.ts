/**
 * Geometry of a dictionary: what the directions of its features say about how they were trained.
 *
 *   encoder–decoder cosine_i = cos(W_enc[i], W_dec[i])             median near 0.5 in Nanda's replication: an argument against tying
 *   rare cosine_i = cos(W[i], m),  m = mean of W over rare features, once for the encoder, once for the decoder
 *
 * Nanda 2023, "Open source replication": features below a density of 1e-4 (never-firing ones included, as in his
 * analysis) shared nearly one encoder direction, though not one decoder direction. Each rare feature is itself
 * part of the mean, so R unrelated ones already have a cosine of about 1/√R with it: read the numbers against that.
 */

import { median } from "../statistics/quantiles.ts";

/** Nanda 2023: `is_rare = freqs < 1e-4`. */
export const RARE_DENSITY = 1e-4;
const ALIGNED_COSINE = 0.95;

export interface RareDirections {
  threshold: number;
  count: number;
  never: number;
  encoder_aligned_fraction: number | null;
  decoder_aligned_fraction: number | null;
  encoder_median: number | null;
  decoder_median: number | null;
  encoder_median_others: number | null;
  decoder_median_others: number | null;
  unrelated_cosine: number | null;
}

/** cos(a[row], b[row]) for each row of two [rows, d] matrices; 0 where either row is zero. */
export function rowCosines(a: Float32Array, b: Float32Array, rows: number): Float32Array {
  const d = a.length / rows;
  const cosines = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    cosines[row] = cosine(a.subarray(row * d, (row + 1) * d), b.subarray(row * d, (row + 1) * d));
  }
  return cosines;
}

/** The cosine of each row of `W` [d_sae, d_in] with the mean row of the features in `rare`; all 0 when there are none. */
export function cosineWithMean(W: Float32Array, dSae: number, rare: readonly number[]): Float32Array {
  const d = W.length / dSae;
  const mean = new Float64Array(d);
  for (const feature of rare) for (let k = 0; k < d; k++) mean[k]! += W[feature * d + k]!;
  return Float32Array.from({ length: dSae }, (_, row) => cosine(W.subarray(row * d, (row + 1) * d), mean));
}

/** Summary of the rare-feature plot; `encoder` and `decoder` come from `cosineWithMean`. */
export function rareDirections(
  density: Float64Array,
  rare: readonly number[],
  encoder: Float32Array,
  decoder: Float32Array,
): RareDirections {
  const isRare = new Set(rare);
  const pick = (values: Float32Array, wanted: boolean) =>
    Array.from(values).filter((_, feature) => isRare.has(feature) === wanted);
  const aligned = (values: Float32Array) =>
    rare.length === 0
      ? null
      : rare.filter((feature) => values[feature]! > ALIGNED_COSINE).length / rare.length;
  return {
    threshold: RARE_DENSITY,
    count: rare.length,
    never: rare.filter((feature) => density[feature] === 0).length,
    encoder_aligned_fraction: aligned(encoder),
    decoder_aligned_fraction: aligned(decoder),
    encoder_median: median(pick(encoder, true)),
    decoder_median: median(pick(decoder, true)),
    encoder_median_others: median(pick(encoder, false)),
    decoder_median_others: median(pick(decoder, false)),
    unrelated_cosine: rare.length === 0 ? null : 1 / Math.sqrt(rare.length),
  };
}

/** 40 bins over [−1, 1], features that fired and features that never did counted apart. */
export function cosineHistogram(cosines: Float32Array, density: Float64Array) {
  const bins = 40;
  const edges = Array.from({ length: bins + 1 }, (_, i) => -1 + (2 * i) / bins);
  const fired = edges.slice(1).map(() => 0);
  const never = edges.slice(1).map(() => 0);
  cosines.forEach((value, feature) => {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(((value + 1) / 2) * bins)));
    (density[feature]! > 0 ? fired : never)[bin]!++;
  });
  return { edges, fired, never };
}

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! * a[i]!;
    bb += b[i]! * b[i]!;
  }
  return aa > 0 && bb > 0 ? Math.max(-1, Math.min(1, dot / Math.sqrt(aa * bb))) : 0;
}
