/**
 * Every metric once more in plain float64 loops over whole arrays, straight from its definition: the oracle of the streaming forms'
 * tests. Nothing here is shared with them, so one mistake cannot hide in both.
 */

export interface ReferenceData {
  /** [tokens][d_in] */
  readonly x: readonly (readonly number[])[];
  readonly reconstruction: readonly (readonly number[])[];
  /** [tokens][d_sae], dense. */
  readonly f: readonly (readonly number[])[];
  /** One entry a prediction. */
  readonly clean: readonly number[];
  readonly sae: readonly number[];
  readonly zero: readonly number[];
  readonly mean: readonly number[];
  readonly kl: readonly number[];
  readonly klZero: readonly number[];
}

/** The scalar fields of `evaluation.json`, under their names there. */
export function referenceMetrics(data: ReferenceData) {
  const { x, reconstruction, f } = data;
  const tokens = x.length;
  const [clean, sae, zero, mean] = [data.clean, data.sae, data.zero, data.mean].map(average) as [
    number,
    number,
    number,
    number,
  ];
  const centre = x[0]!.map((_, d) => average(x.map((row) => row[d]!)));
  const errors = x.map((row, t) => distance2(row, reconstruction[t]!));
  const l0 = f.map((row) => row.filter((value) => value > 0).length);
  const density = f[0]!.map((_, feature) => f.filter((row) => row[feature]! > 0).length / tokens);
  const share = (test: (value: number) => boolean) => density.filter(test).length / density.length;
  return {
    ce_clean: clean,
    ce_sae: sae,
    ce_zero: zero,
    ce_mean: mean,
    ce_increase: sae - clean,
    loss_recovered_zero: (zero - sae) / (zero - clean),
    loss_recovered_mean: (mean - sae) / (mean - clean),
    kl: average(data.kl),
    kl_zero: average(data.klZero),
    kl_recovered_zero: (average(data.klZero) - average(data.kl)) / average(data.klZero),
    explained_variance: 1 - total(errors) / total(x.map((row) => distance2(row, centre))),
    mse: average(errors),
    cosine: average(x.map((row, t) => cosine(row, reconstruction[t]!))),
    shrinkage:
      average(reconstruction.map((row) => dot(row, row))) /
      average(x.map((row, t) => dot(row, reconstruction[t]!))),
    l0: average(l0),
    l0_zero_fraction: l0.filter((active) => active === 0).length / tokens,
    l1: average(f.map((row) => total(row))),
    density_resolution: 1 / tokens,
    dead_fraction: share((value) => value === 0),
    fraction_above_1pct: share((value) => value > 0.01),
    fraction_above_10pct: share((value) => value > 0.1),
    density,
  };
}

/** The cosine of every row of `W` [d_sae][d_in] with the sum of the rows in `rare`. */
export function referenceRareCosines(W: readonly (readonly number[])[], rare: readonly number[]): number[] {
  const direction = W[0]!.map((_, d) => total(rare.map((feature) => W[feature]![d]!)));
  return W.map((row) => cosine(row, direction));
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function average(values: readonly number[]): number {
  return total(values) / values.length;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return total(a.map((value, i) => value * b[i]!));
}

function distance2(a: readonly number[], b: readonly number[]): number {
  return total(a.map((value, i) => (value - b[i]!) ** 2));
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const norms = Math.sqrt(dot(a, a) * dot(b, b));
  return norms > 0 ? dot(a, b) / norms : 0;
}
