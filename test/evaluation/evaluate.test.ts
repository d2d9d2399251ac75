import { describe, expect, it } from "vitest";
import { evaluateSae, evaluateSaes } from "../../src/evaluation/evaluate.ts";
import { referenceMetrics, referenceRareCosines } from "../../src/evaluation/reference.ts";
import { evaluationSchema } from "../../src/evaluation/result.ts";
import { dictionary, perfectDictionary, randomDictionary, silentDictionary } from "./dictionary.ts";
import { linearModel } from "./linear-model.ts";

const size = { dIn: 6, vocabulary: 11, contexts: 31, context: 9, batch: 3 };
const everything = { maxTokens: 1e9, seed: 1 };

describe("evaluateSae", () => {
  it("gives a perfect dictionary every score 1 and no loss increase", async () => {
    const { cut, tokens } = linearModel(1, size);
    const { result } = await evaluateSae({ cut, tokens, sae: perfectDictionary(6), ...everything });
    expect(result.loss_recovered_zero).toBeCloseTo(1, 6);
    expect(result.loss_recovered_mean).toBeCloseTo(1, 6);
    expect(result.kl_recovered_zero).toBeCloseTo(1, 6);
    expect(result.explained_variance).toBeCloseTo(1, 12);
    expect(result.explained_variance_after_first).toBeCloseTo(1, 12);
    expect(result.shrinkage).toBeCloseTo(1, 12);
    expect(result.cosine).toBeCloseTo(1, 12);
    expect(result.ce_increase).toBeCloseTo(0, 6);
    expect(result.l0).toBe(6);
    expect(result.splice_identity_deviation).toBeLessThan(1e-5);
    expect(result.loss_recovered_zero_ci![0]).toBeLessThanOrEqual(result.loss_recovered_zero!);
  });

  it("gives a silent dictionary the zero ablation's loss, all features dead, and no NaN", async () => {
    const { cut, tokens } = linearModel(2, size);
    const { result, features } = await evaluateSae({
      cut,
      tokens,
      sae: silentDictionary(6, 12),
      ...everything,
    });
    expect(result.ce_sae).toBe(result.ce_zero);
    expect(result.ce_zero).toBeGreaterThan(result.ce_clean);
    expect(result.loss_recovered_zero).toBe(0);
    expect(result.dead_fraction).toBe(1);
    expect(result.ultralow_fraction).toBe(0);
    expect(result.l0).toBe(0);
    expect(result.l0_zero_fraction).toBe(1);
    expect(result.shrinkage).toBeNull();
    expect(result.density_median).toBeNull();
    expect(result.encoder_decoder_cosine.median).toBeNull();
    expect(features.mean_activation.every((value) => value === 0)).toBe(true);
    expect(() => evaluationSchema.parse(JSON.parse(JSON.stringify(result)))).not.toThrow();
  });

  it("agrees with the plain reference on every metric, with a large mean that differs by dimension", async () => {
    const { cut, tokens } = linearModel(3, { ...size, offset: 3 });
    const sae = randomDictionary(3, 6, 40, -6);
    const { result, features } = await evaluateSae({ cut, tokens, sae, ...everything });
    const reference = await referenceOf(3, sae);
    const { density: _, ...scalars } = reference;
    for (const [key, expected] of Object.entries(scalars)) {
      expect([key, result[key as "mse"]]).toEqual([key, expect.closeTo(expected, 4)]);
    }
    expect(Array.from(features.density)).toEqual(reference.density.map(Math.fround));
    const rare = reference.density.flatMap((density, feature) => (density < 1e-4 ? [feature] : []));
    expect(rare.length).toBeGreaterThan(0);
    expect(result.rare.count).toBe(rare.length);
    const rows = Array.from({ length: 40 }, (_, i) => Array.from(sae.sae.W_enc.subarray(i * 6, i * 6 + 6)));
    referenceRareCosines(rows, rare).forEach((expected, i) => {
      expect(features.rare_encoder_cosine[i]).toBeCloseTo(expected, 5);
    });
  });

  it("gives the same numbers whatever the batch, also when the last batch is not full", async () => {
    const sae = randomDictionary(4, 6, 20);
    const results = [];
    for (const batch of [1, 3, 31, 40]) {
      const { cut, tokens } = linearModel(4, { ...size, batch });
      const { result } = await evaluateSae({ cut, tokens, sae, ...everything });
      results.push(result);
    }
    for (const result of results) {
      expect(result.tokens).toBe(279);
      expect(result.ce_sae).toBeCloseTo(results[0]!.ce_sae, 10);
      expect(result.loss_recovered_mean_ci![1]).toBeCloseTo(results[0]!.loss_recovered_mean_ci![1], 10);
      expect(result.log_density_histogram).toEqual(results[0]!.log_density_histogram);
    }
  });

  it("charges a constant offset of the reconstruction to the explained variance", async () => {
    const { cut, tokens } = linearModel(5, size);
    const perfect = perfectDictionary(6);
    const shifted = {
      ...perfect,
      name: "shifted",
      reconstruct: async (x: Float32Array) => {
        const out = await perfect.reconstruct(x);
        return { ...out, reconstruction: out.reconstruction.map((value) => value + 1) };
      },
    };
    const { result } = await evaluateSae({ cut, tokens, sae: shifted, ...everything });
    expect(result.mse).toBeCloseTo(6, 4);
    expect(result.explained_variance).toBeLessThan(0.2);
  });

  it("measures several dictionaries on the same passes, each as if alone", async () => {
    const model = linearModel(6, size);
    const saes = [randomDictionary(1, 6, 10), perfectDictionary(6), randomDictionary(2, 6, 30)];
    const together = await evaluateSaes({ ...model, saes, ...everything });
    expect(model.calls.prefix).toBe(22); // two passes of eleven batches
    for (const [s, sae] of saes.entries()) {
      const { result } = await evaluateSae({ ...model, sae, ...everything });
      expect({ ...together[s]!.result, seconds: 0 }).toEqual({ ...result, seconds: 0 });
    }
  });

  it("uses no more tokens than asked, whole sequences, at least one", async () => {
    const { cut, tokens } = linearModel(7, size);
    const at = async (maxTokens: number) =>
      (await evaluateSae({ cut, tokens, sae: perfectDictionary(6), maxTokens, seed: 1 })).result;
    expect((await at(40)).contexts).toBe(4);
    const one = await at(1);
    expect(one.contexts).toBe(1);
    expect(one.loss_recovered_zero_ci).toBeNull();
  });

  it("repeats its intervals for a seed and changes them with it", async () => {
    const { cut, tokens } = linearModel(8, size);
    const sae = randomDictionary(8, 6, 10);
    const at = async (seed: number) =>
      (await evaluateSae({ cut, tokens, sae, maxTokens: 1e9, seed })).result.l0_ci;
    expect(await at(1)).toEqual(await at(1));
    expect(await at(1)).not.toEqual(await at(2));
  });

  it("reports progress over both passes and stops when asked", async () => {
    const { cut, tokens } = linearModel(9, size);
    const seen: number[] = [];
    const sae = perfectDictionary(6);
    await evaluateSae({ cut, tokens, sae, ...everything, onProgress: (p) => seen.push(p.tokens / p.total) });
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(1);
    const signal = AbortSignal.abort(new Error("stopped"));
    await expect(evaluateSae({ cut, tokens, sae, ...everything, signal })).rejects.toThrow("stopped");
  });

  it("refuses an SAE of another width, empty text, another context length and a diverged SAE, in one sentence each", async () => {
    const { cut, tokens } = linearModel(10, size);
    const run = (request: object) =>
      evaluateSae({ cut, tokens, sae: perfectDictionary(6), ...everything, ...request });
    await expect(run({ sae: perfectDictionary(5) })).rejects.toThrow(/width 5.*has width 6/);
    await expect(run({ tokens: { ...tokens, contexts: 0 } })).rejects.toThrow(/no held-out text/);
    await expect(run({ tokens: { ...tokens, context: 8 } })).rejects.toThrow(/contexts of 8 tokens/);
    const W = new Float32Array(36).fill(NaN);
    const good = perfectDictionary(6);
    const diverged = {
      ...dictionary("broken", 6, W, W),
      reconstruct: async (x: Float32Array) => ({
        ...(await good.reconstruct(x)),
        reconstruction: new Float32Array(x.length).fill(NaN),
      }),
    };
    await expect(run({ sae: diverged })).rejects.toThrow(/SAE broken.*not finite/);
  });

  it("has no score where ablation does no harm", async () => {
    const { cut, tokens } = linearModel(11, size);
    const harmless = {
      ...cut,
      compare: async (t: Int32Array, c: never, x: Float32Array) => cut.compare(t, c, x, x),
    } as typeof cut;
    const { result } = await evaluateSae({ cut: harmless, tokens, sae: perfectDictionary(6), ...everything });
    expect(result.loss_recovered_zero).toBeNull();
    expect(result.loss_recovered_zero_ci).toBeNull();
  });
});

/** Runs the model over all text at once and hands everything, dense, to the plain formulas. */
async function referenceOf(seed: number, sae: ReturnType<typeof randomDictionary>) {
  const { cut, tokens } = linearModel(seed, { ...size, batch: size.contexts, offset: 3 });
  const text = tokens.read(0, size.contexts);
  const { activation: x, carry } = await cut.prefix(text);
  const out = await sae.reconstruct(x);
  const rows = (flat: Float32Array) =>
    Array.from({ length: flat.length / 6 }, (_, t) => Array.from(flat.subarray(t * 6, t * 6 + 6)));
  const centre = rows(x).reduce(
    (sum, row) => sum.map((value, d) => value + row[d]! / rows(x).length),
    [0, 0, 0, 0, 0, 0],
  );
  const zero = await cut.compare(text, carry, x, new Float32Array(x.length));
  const spliced = await cut.compare(text, carry, x, out.reconstruction);
  return referenceMetrics({
    x: rows(x),
    reconstruction: rows(out.reconstruction),
    f: sae.dense(x),
    clean: Array.from(await cut.suffix(text, carry, x)),
    sae: Array.from(spliced.loss),
    zero: Array.from(zero.loss),
    mean: Array.from(
      await cut.suffix(
        text,
        carry,
        x.map((_, i) => centre[i % 6]!),
      ),
    ),
    kl: Array.from(spliced.kl),
    klZero: Array.from(zero.kl),
  });
}
