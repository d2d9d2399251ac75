/** From running sums to the numbers of `evaluation.json` and the per-feature arrays beside it. */

import type { SaeSums } from "./accumulate.ts";
import { median } from "../statistics/quantiles.ts";
import { bootstrapIntervals } from "./bootstrap.ts";
import { densityHistogram, ultralowThreshold } from "./density-histogram.ts";
import { cosineHistogram, cosineWithMean, RARE_DENSITY, rareDirections, rowCosines } from "./directions.ts";
import type { ActivationMoments, BaselineSums, EvaluatedSae, Evaluation } from "./subject.ts";
import { explainedVariance } from "./moments.ts";
import { klRecovered, lossRecovered } from "./reconstruction-score.ts";
import type { EvaluationResult, FeatureStatistics } from "./result.ts";

export interface Measured {
  readonly sae: EvaluatedSae;
  readonly hook: string;
  readonly sums: SaeSums;
  readonly baseline: BaselineSums;
  readonly moments: ActivationMoments;
  readonly seed: number;
  readonly seconds: number;
  readonly identity: number;
}

export function summarise(measured: Measured): Evaluation {
  const { sae, sums, seed } = measured;
  const contexts = sums.units.of.length / sums.context;
  const tokens = contexts * sums.context;
  // In float64: 0.1 rounded to float32 lies above 0.1 and would count as "above 10 %".
  const density = Float64Array.from(sums.firings, (fired) => fired / tokens);
  const features = featureStatistics(sae.sae, sums, density);
  const result: EvaluationResult = {
    format: 1,
    name: sae.name,
    hook: measured.hook,
    d_in: sae.sae.d_in,
    d_sae: sae.sae.d_sae,
    seed,
    contexts,
    context: sums.context,
    tokens,
    predictions: contexts * (sums.context - 1),
    documents: sums.units.kind === "document" ? sums.units.count : null,
    interval_unit: sums.units.kind,
    ...faithfulness(measured, tokens, contexts * (sums.context - 1)),
    splice_identity_deviation: measured.identity,
    ...sparsity(sums, tokens),
    ...densities(density, sums.firings, tokens),
    ...geometry(density, features),
    seconds: measured.seconds,
  };
  return { result, features };
}

function faithfulness({ sums, baseline, moments, seed }: Measured, tokens: number, predictions: number) {
  const perUnit = {
    tokens: sums.units.tokens,
    predictions: sums.units.predictions,
    clean: baseline.clean,
    zero: baseline.zero,
    mean: baseline.mean,
    klZero: baseline.klZero,
    deviation: baseline.deviation,
    sae: sums.loss,
    kl: sums.kl,
    error: sums.squaredError,
    l0: sums.l0,
  };
  type Name = keyof typeof perUnit;
  const statistics = {
    ce_increase: (s: Record<Name, number>) => (s.sae - s.clean) / s.predictions,
    loss_recovered_zero: (s: Record<Name, number>) =>
      lossRecovered(s.zero / s.predictions, s.sae / s.predictions, s.clean / s.predictions),
    loss_recovered_mean: (s: Record<Name, number>) =>
      lossRecovered(s.mean / s.predictions, s.sae / s.predictions, s.clean / s.predictions),
    kl: (s: Record<Name, number>) => s.kl / s.predictions,
    kl_recovered_zero: (s: Record<Name, number>) =>
      klRecovered(s.klZero / s.predictions, s.kl / s.predictions),
    explained_variance: (s: Record<Name, number>) => explainedVariance(s.error, s.deviation),
    mse: (s: Record<Name, number>) => s.error / s.tokens,
    l0: (s: Record<Name, number>) => s.l0 / s.tokens,
  };
  const total = Object.fromEntries(
    Object.entries(perUnit).map(([name, values]) => [name, sum(values)]),
  ) as Record<Name, number>;
  const interval = bootstrapIntervals<Name, keyof typeof statistics>(perUnit, statistics, seed);
  const errorAfterFirst = total.error - sums.squaredErrorFirst;
  return {
    ce_clean: total.clean / predictions,
    ce_sae: total.sae / predictions,
    ce_zero: total.zero / predictions,
    ce_mean: total.mean / predictions,
    ce_increase: statistics.ce_increase(total),
    ce_increase_ci: interval.ce_increase,
    loss_recovered_zero: statistics.loss_recovered_zero(total),
    loss_recovered_zero_ci: interval.loss_recovered_zero,
    loss_recovered_mean: statistics.loss_recovered_mean(total),
    loss_recovered_mean_ci: interval.loss_recovered_mean,
    kl: statistics.kl(total),
    kl_ci: interval.kl,
    kl_zero: total.klZero / predictions,
    kl_recovered_zero: statistics.kl_recovered_zero(total),
    kl_recovered_zero_ci: interval.kl_recovered_zero,
    explained_variance: explainedVariance(total.error, moments.all.totalDeviation),
    explained_variance_ci: interval.explained_variance,
    explained_variance_after_first: explainedVariance(errorAfterFirst, moments.afterFirst.totalDeviation),
    mse: statistics.mse(total),
    mse_ci: interval.mse,
    cosine: sums.cosine / tokens,
    shrinkage: sums.dot > 0 ? sums.reconstructionNorm / sums.dot : null,
    l0: statistics.l0(total),
    l0_ci: interval.l0,
  };
}

function sparsity(sums: SaeSums, tokens: number) {
  return {
    l0_median: sums.l0Counts.quantile(0.5),
    l0_p95: sums.l0Counts.quantile(0.95),
    l0_zero_fraction: sums.l0Counts.tokens[0]! / tokens,
    l0_histogram: sums.l0Counts.histogram(),
    l1: sums.l1 / tokens,
  };
}

function densities(density: Float64Array, firings: Float64Array, tokens: number) {
  const histogram = densityHistogram(firings, tokens);
  const { threshold, rule } = ultralowThreshold(histogram);
  const share = (test: (value: number) => boolean) => density.filter(test).length / density.length;
  return {
    density_resolution: 1 / tokens,
    density_median: median(density.filter((value) => value > 0)),
    dead_fraction: share((value) => value === 0),
    ultralow_fraction: share((value) => value > 0 && value < threshold),
    ultralow_threshold: threshold,
    ultralow_rule: rule,
    fraction_above_1pct: share((value) => value > 0.01),
    fraction_above_10pct: share((value) => value > 0.1),
    log_density_histogram: histogram,
  };
}

function geometry(density: Float64Array, features: FeatureStatistics) {
  const cosines = features.encoder_decoder_cosine;
  return {
    encoder_decoder_cosine: {
      median: median(cosines.filter((_, feature) => density[feature]! > 0)),
      median_all: median(cosines),
      histogram: cosineHistogram(cosines, density),
    },
    rare: rareDirections(
      density,
      rareFeatures(density),
      features.rare_encoder_cosine,
      features.rare_decoder_cosine,
    ),
  };
}

function featureStatistics(
  sae: EvaluatedSae["sae"],
  sums: SaeSums,
  density: Float64Array,
): FeatureStatistics {
  const rare = rareFeatures(density);
  return {
    density: Float32Array.from(density),
    mean_activation: Float32Array.from(sums.activation, (total, i) =>
      total === 0 ? 0 : total / sums.firings[i]!,
    ),
    max_activation: sums.maximum,
    encoder_decoder_cosine: rowCosines(sae.W_enc, sae.W_dec, sae.d_sae),
    rare_encoder_cosine: cosineWithMean(sae.W_enc, sae.d_sae, rare),
    rare_decoder_cosine: cosineWithMean(sae.W_dec, sae.d_sae, rare),
  };
}

function rareFeatures(density: Float64Array): number[] {
  return Array.from(density.keys()).filter((feature) => density[feature]! < RARE_DENSITY);
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
