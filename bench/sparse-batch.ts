/**
 * A batch on which a dictionary fires as a trained one does. A sparse step's time depends on how many features fire and how
 * unevenly they do, so both are set and then counted:
 *
 * - feature i's density p_i is log-normal, log10 p_i ~ N(·, SPREAD²), none above MAX_DENSITY, with Σ p_i = L0;
 * - rows of the batch are sums of a few decoder rows drawn in proportion to p_i, plus noise;
 * - b_enc,i is set so that feature i fires on exactly the p_i·rows rows (rounded up or down at random) where its product
 *   with the batch is largest.
 */

import { gemm } from "../src/engine/operations/matmul.ts";
import { Engine } from "../src/engine/engine.ts";
import { Graph } from "../src/engine/graph.ts";
import { sharedFloats } from "../src/engine/tensor.ts";
import { Random } from "../src/random.ts";

const FEATURES_PER_ROW = 24;
const NOISE = 0.02;
/** Standard deviation of log10 of the densities, before the densest are cut off. */
export const SPREAD = 1.5;
const MAX_DENSITY = 0.5;
/** Features whose products with the batch are in memory at once. */
const BLOCK = 512;

/** Log-normal densities [d_sae] that add up to `l0`. */
export function logNormalDensities(d_sae: number, l0: number, seed: number): Float64Array {
  const random = Random.of(seed, "densities");
  const logs = Float64Array.from({ length: d_sae }, () => SPREAD * random.normal());
  const at = (median: number) => logs.map((log) => Math.min(MAX_DENSITY, median * 10 ** log));
  let [low, high] = [-12, 0];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (at(10 ** middle).reduce((sum, p) => sum + p, 0) < l0) low = middle;
    else high = middle;
  }
  return at(10 ** high);
}

/** Rows [rows, d_in] on shared memory, made of the unit rows that `decoderRow` gives. */
export function sparseBatch(
  rows: number,
  d_in: number,
  densities: Float64Array,
  decoderRow: (feature: number) => Float32Array,
  seed: number,
): Float32Array {
  const random = Random.of(seed, "sparse batch");
  const cumulative = Float64Array.from(densities);
  for (let i = 1; i < cumulative.length; i++) cumulative[i]! += cumulative[i - 1]!;
  const total = cumulative.at(-1)!;
  const x = sharedFloats(rows * d_in);
  for (let row = 0; row < rows; row++) {
    const values = x.subarray(row * d_in, (row + 1) * d_in);
    for (let k = 0; k < d_in; k++) values[k] = NOISE * random.normal();
    for (let n = 0; n < FEATURES_PER_ROW; n++) {
      const direction = decoderRow(firstAbove(cumulative, total * random.uniform()));
      const strength = 0.5 - Math.log(1 - random.uniform());
      for (let k = 0; k < d_in; k++) values[k]! += strength * direction[k]!;
    }
  }
  return x;
}

/** Encoder biases with which each feature fires on its share of the rows of `x`. */
export async function biasesForDensities(
  densities: Float64Array,
  x: Float32Array,
  rows: number,
  d_in: number,
  encoderRow: (feature: number) => Float32Array,
  seed: number,
): Promise<Float32Array> {
  const random = Random.of(seed, "density rounding");
  const engine = await Engine.start({ workers: 1, threads: 2 });
  const graph = new Graph("products");
  const block = graph.input("W_enc", [BLOCK, d_in]);
  graph.output("z", gemm(block, graph.input("x", [rows, d_in]), { transB: true }));
  const program = await engine.load(graph);
  const W_enc = sharedFloats(BLOCK * d_in);
  const z = sharedFloats(BLOCK * rows);
  const biases = new Float32Array(densities.length);
  for (let first = 0; first < densities.length; first += BLOCK) {
    const features = Math.min(BLOCK, densities.length - first);
    for (let i = 0; i < features; i++) W_enc.set(encoderRow(first + i), i * d_in);
    await program.run({ W_enc, x }, { z });
    for (let i = 0; i < features; i++) {
      const products = z.subarray(i * rows, (i + 1) * rows).sort();
      const firing = Math.floor(densities[first + i]! * rows + random.uniform());
      // Between the last product that fires and the first that does not.
      const above = firing === 0 ? products[rows - 1]! + 1 : products[rows - firing]!;
      biases[first + i] = -(above + products[rows - 1 - firing]!) / 2;
    }
  }
  await engine.close();
  return biases;
}

/** How densities are spread, from the number of rows each feature fired on. */
export function describeDensities(fired: readonly number[], rows: number): Record<string, number> {
  const sorted = fired.map((count) => count / rows).sort((a, b) => b - a);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const l0 = sum(sorted);
  const firing = sorted.filter((density) => density > 0);
  const round = (value: number) => Number(value.toPrecision(3));
  return {
    L0: round(l0),
    neverInBatch: round(1 - firing.length / sorted.length),
    largest: round(sorted[0]!),
    medianOfFiring: round(firing[firing.length >> 1] ?? 0),
    shareOfDensestPercent: round(sum(sorted.slice(0, Math.ceil(sorted.length / 100))) / l0),
  };
}

function firstAbove(cumulative: Float64Array, value: number): number {
  let [low, high] = [0, cumulative.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The encoder bias, the same for all features, with which `l0` of them fire on a row, from the first `sample` rows. */
export function biasForL0(
  l0: number,
  x: Float32Array,
  d_in: number,
  d_sae: number,
  encoderRow: (feature: number) => Float32Array,
  sample = 64,
): number {
  const products = new Float32Array(sample * d_sae);
  for (let feature = 0; feature < d_sae; feature++) {
    const direction = encoderRow(feature);
    for (let row = 0; row < sample; row++) {
      let sum = 0;
      for (let k = 0; k < d_in; k++) sum += x[row * d_in + k]! * direction[k]!;
      products[row * d_sae + feature] = sum;
    }
  }
  products.sort();
  return -products[products.length - Math.round(l0 * sample)]!;
}
