import { describe, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import { encoderNormFor, initialise } from "../../src/sae/initialisation.ts";
import { describeSparsity, resolveOptions, stepsOf, widthOf } from "../../src/sae/presets.ts";
import { learningRate, sparsityCoefficient } from "../../src/sae/schedule.ts";

describe("λ becomes Λ as its preset's authors meant it", () => {
  test("neel-2023 sums over the batch: 3e-4 · 4096", () => {
    const options = resolveOptions({ preset: "neel-2023" }, 2048);
    expect(options.Lambda).toBeCloseTo(1.2288, 12);
    expect(describeSparsity(options)).toMatch(/^λ 0.0003 \(neel-2023\) = Λ 1.2288: λ · batch/);
    expect(resolveOptions({ preset: "neel-2023", batch: 1024 }, 2048).Lambda).toBeCloseTo(0.3072, 12);
  });

  test("bricken-2023 averages the error over dimensions: 0.004 · 512", () => {
    expect(resolveOptions({ preset: "bricken-2023" }, 512).Lambda).toBeCloseTo(2.048, 12);
  });

  test("Λ given overrides λ, and λ is what would have given it", () => {
    const options = resolveOptions({ preset: "bricken-2023", Lambda: 5.12, lambda: 7 }, 512);
    expect([options.Lambda, options.lambda]).toEqual([5.12, 0.01]);
  });
});

test("the published recipes, constant by constant", () => {
  expect(resolveOptions({ preset: "bricken-2023" }, 512)).toMatchObject({
    batch: 8192,
    dead: "bricken-resample",
    resample_at: [25_000, 50_000, 75_000, 100_000],
    resample_window: 12_500,
    resample_inputs: 819_200,
    resample_encoder_norm: 0.2,
    resample_direction: "input",
    initialisation: "torch-linear",
    b_dec_init: "geometric-median",
    apply_b_dec_to_input: true,
  });
  const neel = resolveOptions({ preset: "neel-2023" }, 2048);
  expect(neel).toMatchObject({
    batch: 4096,
    lr: 1e-4,
    beta1: 0.9,
    beta2: 0.99,
    lr_decay: 0,
    dead: "neel-reinit",
    reinit_every: 30_000,
    reinit_tokens: 3_276_800,
    initialisation: "kaiming",
    b_dec_init: "zero",
    as_published: false,
  });
  expect(neel).toMatchObject({ decoder_norm: "after-step", reinit_moments: "cleared" });
  const published = { preset: "neel-2023", as_published: true } as const;
  expect(resolveOptions(published, 8)).toMatchObject({ decoder_norm: "before-step", reinit_moments: "kept" });
  expect(resolveOptions({ ...published, reinit_moments: "cleared" }, 8)).toMatchObject({
    decoder_norm: "before-step",
    reinit_moments: "cleared",
  });
  expect(stepsOf(neel)).toBe(488_281);
  expect(widthOf(neel, 2048)).toBe(65_536);
});

test("options that make no sense are refused", () => {
  expect(() => resolveOptions({ lr: -1 }, 8)).toThrow(/option lr: /);
  expect(() => resolveOptions({ learning_rate: 1 } as never, 8)).toThrow(/learning_rate/);
  expect(() => resolveOptions({ as_published: true }, 8)).toThrow(/belongs to preset neel-2023/);
  expect(() => resolveOptions({ objective: "april-2024", decoder_norm: "never" }, 8)).toThrow(/decoder_norm/);
});

describe("first values are distributed as the parents draw them", () => {
  const [d_in, d_sae] = [50, 400];
  const draw = (kind: Parameters<typeof initialise>[0]) => {
    const parameters = {
      W_enc: new Float32Array(d_sae * d_in),
      W_dec: new Float32Array(d_sae * d_in),
      b_enc: new Float32Array(d_sae),
    };
    const row = (matrix: Float32Array, i: number) => matrix.subarray(i * d_in, (i + 1) * d_in);
    initialise(kind, encoderNormFor(0.5, d_in, d_sae), Random.of(1), {
      d_in,
      d_sae,
      encoderRow: (i) => row(parameters.W_enc, i),
      decoderRow: (i) => row(parameters.W_dec, i),
      setBias: (i, value) => (parameters.b_enc[i] = value),
    });
    return parameters;
  };
  const extent = (values: Float32Array) => Math.max(...values.map(Math.abs));
  const variance = (values: Float32Array) =>
    values.reduce((sum, value) => sum + value * value, 0) / values.length;

  test.each([
    ["kaiming", Math.sqrt(6 / d_sae), 0],
    ["torch-linear", 1 / Math.sqrt(d_in), 1 / Math.sqrt(d_in)],
  ] as const)("%s: uniform between bounds", (kind, bound, biasBound) => {
    const { W_enc, W_dec, b_enc } = draw(kind);
    expect(extent(W_enc) / bound).toBeGreaterThan(0.999);
    expect(extent(W_enc) / bound).toBeLessThan(1.0001);
    expect(variance(W_enc) / (bound ** 2 / 3)).toBeCloseTo(1, 1);
    expect(extent(b_enc)).toBeLessThanOrEqual(biasBound);
    if (biasBound > 0) expect(extent(b_enc) / biasBound).toBeGreaterThan(0.98);
    for (let i = 0; i < d_sae; i++)
      expect(Math.hypot(...W_dec.subarray(i * d_in, (i + 1) * d_in))).toBeCloseTo(1, 5);
    // Encoder and decoder are independent.
    expect(Math.abs(W_enc.reduce((sum, value, k) => sum + value * W_dec[k]!, 0) / d_sae)).toBeLessThan(0.02);
  });

  test("decoder-transpose: the encoder reads along the decoder row", () => {
    const { W_enc, W_dec, b_enc } = draw("decoder-transpose");
    // 0.5 · 2 · 50/400
    W_enc.forEach((value, k) => expect(value).toBeCloseTo(0.125 * W_dec[k]!, 6));
    expect(extent(b_enc)).toBe(0);
  });
});

test("schedules: warm-up, plateau, decay; the last step still moves", () => {
  const schedule = { steps: 100, lr: 2, lr_warmup: 0.1, lr_decay: 20, Lambda: 8, lambda_warmup: 4 };
  expect([1, 5, 10, 80, 81, 91, 100].map((step) => learningRate(schedule, step))).toEqual([
    0.2, 1, 2, 2, 2, 1, 0.1,
  ]);
  expect([1, 2, 4, 50].map((step) => sparsityCoefficient(schedule, step))).toEqual([2, 4, 8, 8]);
  expect(learningRate({ ...schedule, lr_warmup: 0, lr_decay: 0 }, 1)).toBe(2);
});
