import { describe, expect, it } from "vitest";
import { bootstrapIntervals } from "../../src/evaluation/bootstrap.ts";
import { densityHistogram, ultralowThreshold } from "../../src/evaluation/density-histogram.ts";
import { cosineWithMean, rareDirections, rowCosines } from "../../src/evaluation/directions.ts";
import { L0Counts } from "../../src/evaluation/l0.ts";
import { explainedVariance, Moments } from "../../src/evaluation/moments.ts";
import { lossRecovered } from "../../src/evaluation/reconstruction-score.ts";
import { definition, evaluationSchema, type EvaluationField } from "../../src/evaluation/result.ts";
import { Random } from "../../src/random.ts";
import { median, quantile } from "../../src/statistics/quantiles.ts";

describe("Moments", () => {
  it("keeps the spread beside a mean a hundred thousand times larger", () => {
    const random = Random.of(1);
    const rows = Array.from({ length: 500 }, () => [1e5 + random.normal(), random.normal()].map(Math.fround));
    const moments = new Moments(2);
    for (let at = 0; at < 500; at += 7) {
      const part = rows.slice(at, at + 7);
      moments.add(Float32Array.from(part.flat()), part.length);
    }
    for (const d of [0, 1]) {
      const mean = rows.reduce((sum, row) => sum + row[d]!, 0) / 500;
      const deviation = rows.reduce((sum, row) => sum + (row[d]! - mean) ** 2, 0);
      expect(moments.mean[d]! / mean).toBeCloseTo(1, 10);
      expect(moments.deviation[d]! / deviation).toBeCloseTo(1, 9);
    }
  });

  it("takes in only the wanted rows", () => {
    const moments = new Moments(1);
    moments.add(Float32Array.of(1, 100, 3, 100), 4, (row) => row % 2 === 0);
    expect([moments.rows, moments.mean[0], moments.totalDeviation]).toEqual([2, 2, 2]);
    moments.add(Float32Array.of(9), 1, () => false);
    expect(moments.mean[0]).toBe(2);
  });

  it("has no explained variance for a constant activation", () => {
    expect(explainedVariance(1, 0)).toBeNull();
  });
});

describe("lossRecovered", () => {
  it("is a ratio of losses, may leave [0, 1], and is undefined without a gap", () => {
    expect(lossRecovered(5, 3.42, 3)).toBeCloseTo(0.79, 12);
    expect(lossRecovered(5, 6, 3)).toBe(-0.5);
    expect(lossRecovered(3, 3, 3)).toBeNull();
    expect(lossRecovered(2, 3, 3)).toBeNull();
  });
});

describe("bootstrapIntervals", () => {
  it("covers the truth about 95 % of the time, for a ratio of means", () => {
    const random = Random.of(5);
    let covered = 0;
    for (let trial = 0; trial < 200; trial++) {
      const b = Float64Array.from({ length: 60 }, () => 2 + random.uniform());
      const a = b.map((value) => 0.5 * value + 0.3 * random.normal());
      const { ratio } = bootstrapIntervals({ a, b }, { ratio: (s) => s.a / s.b }, trial, 300);
      if (ratio![0] <= 0.5 && 0.5 <= ratio![1]) covered++;
    }
    expect(covered).toBeGreaterThan(178);
    expect(covered).toBeLessThan(200);
  });

  it("is as wide as the normal approximation says", () => {
    const random = Random.of(6);
    const a = Float64Array.from({ length: 400 }, () => random.normal());
    const { mean } = bootstrapIntervals({ a }, { mean: (s) => s.a / 400 }, 1);
    expect(mean![1] - mean![0]).toBeGreaterThan(0.9 * (3.92 / 20));
    expect(mean![1] - mean![0]).toBeLessThan(1.1 * (3.92 / 20));
  });

  it("is null for one sequence and where a replicate is undefined", () => {
    expect(bootstrapIntervals({ a: Float64Array.of(1) }, { m: (s) => s.a }, 1).m).toBeNull();
    expect(bootstrapIntervals({ a: Float64Array.of(1, 2) }, { m: () => null }, 1).m).toBeNull();
  });

  it("interpolates quantiles and has no median of nothing", () => {
    expect(quantile([0, 10], 0.25)).toBe(2.5);
    expect(median([3, 1, 2])).toBe(2);
    expect(median([])).toBeNull();
  });
});

describe("densityHistogram", () => {
  it("counts every feature once and leaves no bin empty between one and many firings", () => {
    const tokens = 100_000;
    const firings = Array.from({ length: 1000 }, (_, i) => i);
    const { edges, counts, never } = densityHistogram([...firings, tokens], tokens);
    expect(never).toBe(1);
    expect(counts.reduce((a, b) => a + b)).toBe(1000);
    expect(counts.slice(0, 12).every((count) => count > 0)).toBe(true);
    expect(edges[0]).toBeLessThan(-5);
    expect(edges[1]).toBeGreaterThan(-5);
    expect(edges.at(-1)).toBeGreaterThanOrEqual(0);
    expect(counts.at(-1)).toBe(1);
  });

  it("finds the valley of a bimodal dictionary and counts the left mode", () => {
    const random = Random.of(7);
    const draw = (n: number, centre: number) =>
      Array.from({ length: n }, () => Math.round(1e8 * 10 ** (centre + 0.4 * random.normal())));
    const histogram = densityHistogram(
      [...draw(300, -6.9), ...draw(3600, -4), ...Array<number>(168).fill(0)],
      1e8,
    );
    const { threshold, rule } = ultralowThreshold(histogram);
    expect(rule).toBe("valley");
    expect(Math.log10(threshold)).toBeGreaterThan(-6.2);
    expect(Math.log10(threshold)).toBeLessThan(-5);
    expect(histogram.never).toBe(168);
  });

  it("falls back to 1e-6 for one mode, for two ordinary modes, and for a log-uniform spread at the resolution", () => {
    const random = Random.of(8);
    const spread = (n: number, low: number, high: number) =>
      Array.from({ length: n }, () =>
        Math.max(1, Math.round(1e5 * 10 ** (low + (high - low) * random.uniform()))),
      );
    const mode = (n: number, centre: number) =>
      Array.from({ length: n }, () => Math.round(1e5 * 10 ** (centre + 0.2 * random.normal())));
    for (const firings of [
      mode(2000, -3),
      [...mode(500, -3.5), ...mode(500, -1.5)],
      spread(3000, -5, -1),
      [],
    ]) {
      expect(ultralowThreshold(densityHistogram(firings, 1e5))).toEqual({
        threshold: 1e-6,
        rule: "threshold",
      });
    }
  });

  it("puts the threshold in the middle of an empty valley", () => {
    const firings = [...Array<number>(100).fill(10), ...Array<number>(100).fill(1e5)];
    const { threshold } = ultralowThreshold(densityHistogram(firings, 1e7));
    expect(Math.log10(threshold)).toBeCloseTo(-4, 0);
  });
});

describe("L0Counts", () => {
  it("has exact small bins, whole-number wide bins, and quantiles", () => {
    const counts = new L0Counts(1000);
    for (const active of [0, 0, 1, 3]) counts.add(active);
    expect(counts.histogram()).toEqual({ edges: [0, 1, 2, 3, 4], counts: [2, 1, 0, 1] });
    expect([counts.quantile(0.5), counts.quantile(0.95)]).toEqual([0, 3]);
    counts.add(999);
    const wide = counts.histogram(100);
    expect(wide.counts.length).toBe(100);
    expect(wide.counts[0]).toBe(4);
    expect(wide.counts[99]).toBe(1);
  });
});

describe("directions", () => {
  it("sees the cluster of rare encoder directions that decoders do not share", () => {
    const random = Random.of(9);
    const d = 64;
    const shared = Array.from({ length: d }, () => random.normal());
    const rare = Array.from({ length: 100 }, (_, i) => i);
    const density = Float64Array.from({ length: 200 }, (_, i) => (i < 10 ? 0 : i < 100 ? 1e-5 : 1e-2));
    const W_enc = Float32Array.from({ length: 200 * d }, (_, i) =>
      i < 100 * d ? shared[i % d]! + 0.05 * random.normal() : random.normal(),
    );
    const W_dec = Float32Array.from({ length: 200 * d }, () => random.normal());
    const encoder = cosineWithMean(W_enc, 200, rare);
    const decoder = cosineWithMean(W_dec, 200, rare);
    const summary = rareDirections(density, rare, encoder, decoder);
    expect(summary).toMatchObject({
      count: 100,
      never: 10,
      encoder_aligned_fraction: 1,
      decoder_aligned_fraction: 0,
    });
    expect(summary.unrelated_cosine).toBeCloseTo(0.1, 12);
    expect(summary.decoder_median).toBeGreaterThan(0.05);
    expect(summary.decoder_median).toBeLessThan(0.15);
    expect(Math.abs(summary.encoder_median_others!)).toBeLessThan(0.05);
  });

  it("is 0 for a zero row and null without rare features", () => {
    expect(rowCosines(Float32Array.of(0, 0, 2, 0), Float32Array.of(1, 0, -1, 0), 2)).toEqual(
      Float32Array.of(0, -1),
    );
    const none = rareDirections(Float64Array.of(0.5), [], Float32Array.of(0), Float32Array.of(0));
    expect([none.count, none.encoder_median, none.unrelated_cosine]).toEqual([0, null, null]);
  });
});

describe("evaluationSchema", () => {
  it("describes every field, since the report shows the descriptions", () => {
    for (const field of Object.keys(evaluationSchema.shape)) {
      expect([field, definition(field as EvaluationField).length > 20]).toEqual([field, true]);
    }
  });
});
