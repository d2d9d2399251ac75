/** A run directory with invented but plausible contents: what a real run of an hour would leave behind. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { densityHistogram, ultralowThreshold } from "../../src/evaluation/density-histogram.ts";
import { cosineHistogram, RARE_DENSITY, rareDirections } from "../../src/evaluation/directions.ts";
import { writeEvaluation } from "../../src/evaluation/files.ts";
import { median } from "../../src/statistics/quantiles.ts";
import { L0Counts } from "../../src/evaluation/l0.ts";
import type { EvaluationResult } from "../../src/evaluation/result.ts";
import { Random } from "../../src/random.ts";

export interface FabricatedSae {
  readonly name: string;
  readonly dSae: number;
  readonly lambda: number;
  readonly score: number;
  readonly l0: number;
  /** Shares of the dictionary that never fire, and that lie in a left mode. */
  readonly dead: number;
  readonly ultralow: number;
}

export interface FabricatedRun {
  readonly saes: readonly FabricatedSae[];
  readonly tokens?: number;
  readonly status?: "running" | "complete" | "failed";
  readonly evaluated?: boolean;
  readonly run?: Record<string, unknown>;
}

export const GOOD: FabricatedSae = {
  name: "8x",
  dSae: 4096,
  lambda: 0.8,
  score: 0.8431,
  l0: 14.2,
  dead: 0.012,
  ultralow: 0,
};

export function fabricateRun(
  folder: string,
  { saes, tokens = 2_097_152, status = "complete", evaluated = true, run }: FabricatedRun,
): void {
  mkdirSync(folder, { recursive: true });
  const lines = saes.flatMap((sae) => trainingLines(sae));
  writeFileSync(join(folder, "metrics.jsonl"), lines.map((line) => JSON.stringify(line)).join("\n") + "\n");
  for (const sae of saes) {
    const place = join(folder, "saes", sae.name);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, "cfg.json"), JSON.stringify({ d_in: 512, d_sae: sae.dSae }));
    if (evaluated) writeEvaluation(place, fabricateEvaluation(sae, tokens));
  }
  const record = {
    format: 1,
    version: "0.1.0",
    command: [
      "npx",
      "monosemantic",
      "run",
      "--model",
      "models/one-layer",
      "--data",
      "node_modules",
      "--expansion",
      "8",
      "--tokens",
      "5M",
      "--seed",
      "1",
      "--out",
      "runs/one layer",
    ],
    config: {
      preset: "bricken-2023",
      expansion: [8],
      tokens: 5_242_880,
      batch: 4096,
      learning_rate: 0.0003,
      dead: { policy: "bricken-resample", every: 2500 },
      normalise: false,
    },
    seed: 1,
    model: {
      name: "one-layer-512",
      folder: "models/one-layer",
      sha256: "9f2c4e01d3b87a6655c0e1f2a8b94d7c",
      n_layer: 1,
      d_model: 128,
      d_mlp: 512,
      activation: "relu",
      n_vocab: 8192,
      parameters: 1_310_720,
    },
    hook: "blocks.0.mlp.hook_post",
    text: {
      source: "node_modules",
      documents: 18_412,
      bytes: 214_881_204,
      train_tokens: 61_204_480,
      heldout_tokens: 3_221_504,
      heldout_share: 0.05,
      context: 128,
    },
    machine: { cpu: "AMD EPYC 7B13", cores: 2, memory: 8_589_934_592, node: "24.2.0", onnxruntime: "1.30.0" },
    phases: [
      { name: "load the model", seconds: 1.24 },
      { name: "tokenise", seconds: 21.6 },
      { name: "train", seconds: 187.3 },
      { name: "evaluate", seconds: 36.9 },
      { name: "report", seconds: 1.1 },
    ],
    peak_memory_bytes: 1_932_735_283,
    started: "2026-03-01T14:05:12.000Z",
    finished: status === "complete" ? "2026-03-01T14:09:20.000Z" : null,
    status,
    saes: saes.map(({ name }) => ({ name, folder: `saes/${name}` })),
    ...run,
  };
  writeFileSync(join(folder, "run.json"), JSON.stringify(record, null, 2));
}

function trainingLines({ name, dSae, lambda, l0 }: FabricatedSae): object[] {
  const random = Random.of(1, name);
  const steps = 1280;
  return Array.from({ length: steps / 4 }, (_, i) => {
    const step = 4 * (i + 1);
    const settle = Math.exp(-step / 120);
    const bump = step > 640 && step < 720 ? (0.08 * (720 - step)) / 80 : 0;
    const noise = 1 + 0.02 * random.normal();
    const mse = (1.9 + 14 * settle + 4 * bump) * noise;
    const active = (l0 + 0.4 * dSae * Math.exp(-step / 40)) * (1 + 0.03 * random.normal());
    const warm = lambda * Math.min(1, step / 64);
    return [
      {
        kind: "train",
        sae: name,
        step,
        tokens: step * 4096,
        loss: mse + warm * (2 + 5 * settle),
        mse,
        l1: 2 + 5 * settle,
        l0: active,
        explained_variance: 1 - mse / 18,
        lambda: warm,
        lr: 3e-4,
        alive: 0.97 - 0.3 * Math.exp(-step / 200) + bump,
        tokens_per_second: 28_000,
      },
      ...(step === 640 ? [{ kind: "event", sae: name, step, event: "resample", features: 181 }] : []),
    ];
  }).flat();
}

export function fabricateEvaluation(
  { name, dSae, score, l0, dead, ultralow }: FabricatedSae,
  tokens: number,
) {
  const random = Random.of(7, name);
  const kinds = Array.from({ length: dSae }, () => {
    const draw = random.uniform();
    return draw < dead ? "dead" : draw < dead + ultralow ? "ultralow" : "ordinary";
  });
  const firings = kinds.map((kind) => {
    if (kind === "dead") return 0;
    const log = kind === "ultralow" ? -5.6 + 0.3 * random.normal() : -3.05 + 0.62 * random.normal();
    return Math.max(1, Math.min(tokens, Math.round(tokens * 10 ** log)));
  });
  const density = Float64Array.from(firings, (fired) => fired / tokens);
  const rare = kinds.flatMap((_, feature) => (density[feature]! < RARE_DENSITY ? [feature] : []));
  const near = (centre: number, spread: number) =>
    Float32Array.from(kinds, (kind) =>
      Math.max(-1, Math.min(1, (kind === "ordinary" ? 0.02 : centre) + spread * random.normal())),
    );
  const rareEncoder = near(ultralow > 0 ? 0.95 : 0.1, 0.06);
  const rareDecoder = near(0.08, 0.06);
  const cosines = Float32Array.from(kinds, (kind) =>
    Math.max(-1, Math.min(1, (kind === "dead" ? 0.05 : 0.56) + 0.13 * random.normal())),
  );
  const counts = new L0Counts(dSae);
  for (let t = 0; t < 20_000; t++)
    counts.add(Math.min(dSae, Math.floor(l0 * Math.exp(0.55 * random.normal()) * 0.87)));
  const histogram = counts.histogram();
  const densities = densityHistogram(firings, tokens);
  const { threshold, rule } = ultralowThreshold(densities);
  const share = (test: (value: number) => boolean) => density.filter(test).length / dSae;
  const [clean, zero, mean] = [3.412, 4.187, 3.901];
  const sae = zero - score * (zero - clean);
  const around = (value: number, half: number): [number, number] => [value - half, value + half];
  const result: EvaluationResult = {
    format: 1,
    name,
    hook: "blocks.0.mlp.hook_post",
    d_in: 512,
    d_sae: dSae,
    seed: 1,
    contexts: tokens / 128,
    context: 128,
    tokens,
    predictions: (tokens / 128) * 127,
    documents: 412,
    interval_unit: "document",
    ce_clean: clean,
    ce_sae: sae,
    ce_zero: zero,
    ce_mean: mean,
    ce_increase: sae - clean,
    ce_increase_ci: around(sae - clean, 0.0021),
    loss_recovered_zero: score,
    loss_recovered_zero_ci: around(score, 0.0036),
    loss_recovered_mean: (mean - sae) / (mean - clean),
    loss_recovered_mean_ci: around((mean - sae) / (mean - clean), 0.0058),
    kl: 0.1187,
    kl_ci: around(0.1187, 0.0016),
    kl_zero: 0.8121,
    kl_recovered_zero: 1 - 0.1187 / 0.8121,
    kl_recovered_zero_ci: around(1 - 0.1187 / 0.8121, 0.0024),
    splice_identity_deviation: 2.86e-6,
    explained_variance: 0.8874,
    explained_variance_ci: around(0.8874, 0.0011),
    explained_variance_after_first: 0.8861,
    mse: 1.934,
    mse_ci: around(1.934, 0.012),
    cosine: 0.9312,
    shrinkage: 0.9437,
    l0,
    l0_ci: around(l0, 0.11),
    l0_median: counts.quantile(0.5),
    l0_p95: counts.quantile(0.95),
    l0_zero_fraction: counts.tokens[0]! / 20_000,
    l0_histogram: {
      edges: histogram.edges,
      counts: histogram.counts.map((count) => Math.round((count * tokens) / 20_000)),
    },
    l1: 6.213,
    density_resolution: 1 / tokens,
    density_median: median(density.filter((value) => value > 0)),
    dead_fraction: share((value) => value === 0),
    ultralow_fraction: share((value) => value > 0 && value < threshold),
    ultralow_threshold: threshold,
    ultralow_rule: rule,
    fraction_above_1pct: share((value) => value > 0.01),
    fraction_above_10pct: share((value) => value > 0.1),
    log_density_histogram: densities,
    encoder_decoder_cosine: {
      median: median(cosines.filter((_, feature) => density[feature]! > 0)),
      median_all: median(cosines),
      histogram: cosineHistogram(cosines, density),
    },
    rare: rareDirections(density, rare, rareEncoder, rareDecoder),
    seconds: 36.9,
  };
  const features = {
    density: Float32Array.from(density),
    mean_activation: new Float32Array(dSae).fill(0.4),
    max_activation: new Float32Array(dSae).fill(3.1),
    encoder_decoder_cosine: cosines,
    rare_encoder_cosine: rareEncoder,
    rare_decoder_cosine: rareDecoder,
  };
  return { result, features };
}
