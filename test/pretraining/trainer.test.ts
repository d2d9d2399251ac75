/** Training steps against torch.optim.AdamW, and the pieces around them. */

import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { openSafetensors } from "../../src/files/safetensors.ts";
import { readConfig } from "../../src/model/config.ts";
import { readWeights } from "../../src/model/weights.ts";
import { clipFactor, warmupCosine } from "../../src/pretraining/adamw.ts";
import { baselines } from "../../src/pretraining/baselines.ts";
import { initialise } from "../../src/pretraining/initialisation.ts";
import { freshState, LanguageModelTrainer } from "../../src/pretraining/trainer.ts";
import { bitsPerByte } from "../../src/pretraining/validation.ts";
import { EpochOrder } from "../../src/text/order.ts";
import type { TokenSplit } from "../../src/text/shards.ts";
import { largestDifference } from "../close.ts";

const folder = join(import.meta.dirname, "../fixtures/models/relu");
const config = readConfig(folder);
const adamW = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, lr: 1e-2, clip: Infinity };

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start({ workers: 2 });
});
afterAll(() => engine.close());

test("five steps give torch's losses and parameters", async () => {
  const expected = openSafetensors(join(folder, "adamw.safetensors"));
  const tokens = openSafetensors(join(folder, "expected.safetensors")).readInts("tokens");
  const state = freshState({ ...readWeights(folder, config) });
  const trainer = await LanguageModelTrainer.create(engine, config, state, {
    batch: 2,
    context: tokens.length / 2,
  });
  const losses: number[] = [];
  for (let i = 0; i < 5; i++) losses.push((await trainer.step(tokens, adamW)).loss);
  expect(largestDifference(losses, expected.readFloats("losses"))).toBeLessThan(1e-4);
  for (const [name, weights] of Object.entries(state.weights)) {
    // The gradient of the keys' bias is exactly 0, which Adam blows up to noise of the size of rounding.
    if (name.endsWith("c_attn.bias")) continue;
    expect(largestDifference(weights, expected.readFloats(`transformer.${name}`)), name).toBeLessThan(2e-3);
  }
});

test("micro-batches change nothing beyond rounding", async () => {
  const tokens = Int32Array.from({ length: 4 * 12 }, (_, i) => (i * 7) % config.vocabSize);
  const run = async (batch: number) => {
    const state = freshState(initialise(config, 3));
    const trainer = await LanguageModelTrainer.create(engine, config, state, { batch, context: 12 });
    const reports = [
      await trainer.step(tokens, { ...adamW, lr: 1e-3 }),
      await trainer.step(tokens, { ...adamW, lr: 1e-3 }),
    ];
    return reports.map(({ loss, gradientNorm }) => [loss, gradientNorm]).flat();
  };
  expect(largestDifference(await run(4), await run(1))).toBeLessThan(1e-4);
});

test("a divergent run says what to change", async () => {
  const state = freshState(initialise(config, 0));
  state.weights["wte.weight"]!.fill(NaN);
  const trainer = await LanguageModelTrainer.create(engine, config, state, { batch: 1, context: 12 });
  await expect(trainer.step(new Int32Array(12), adamW)).rejects.toThrow(
    /loss became NaN at step 1: lower the learning rate/,
  );
});

test("warm-up rises linearly, the cosine falls to its floor", () => {
  expect(warmupCosine(5, 100, 10, 0.1)).toBe(0.5);
  expect(warmupCosine(10, 100, 10, 0.1)).toBe(1);
  expect(warmupCosine(55, 100, 10, 0.1)).toBeCloseTo(0.55);
  expect(warmupCosine(100, 100, 10, 0.1)).toBeCloseTo(0.1);
});

test("clipping only ever shortens", () => {
  expect(clipFactor(0.5, 1)).toBe(1);
  expect(clipFactor(4, 1)).toBe(0.25);
});

test("each pass over the text is a new permutation, the same for the same seed", () => {
  const order = new EpochOrder(10, 1);
  const passes = [order.take(0, 10), order.take(10, 10)];
  for (const pass of passes) expect(pass.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(passes[0]).not.toEqual(passes[1]);
  expect(new EpochOrder(10, 1).take(5, 10)).toEqual([...passes[0]!.slice(5), ...passes[1]!.slice(0, 5)]);
  expect(new EpochOrder(10, 2).take(0, 10)).not.toEqual(passes[0]);
});

/** Contexts in memory. */
function split(rows: number[][]): TokenSplit {
  const context = rows[0]!.length;
  return {
    contexts: rows.length,
    context,
    read: (first, count) => Int32Array.from(rows.slice(first, first + count).flat()),
  };
}

test("baselines on a text whose frequencies are known", () => {
  // 0 is always followed by 1, 1 by 0 or 2 equally often: the bigram has ½·ln 2 nats where it must guess.
  const train = split(Array.from({ length: 3000 }, (_, i) => [0, 1, i % 2 === 0 ? 0 : 2, 1]));
  const { unigram, bigram } = baselines(train, train, 3000, 3);
  const p = [1 / 6, 2 / 3, 1 / 6];
  expect(unigram).toBeCloseTo(-p.reduce((sum, x) => sum + x * Math.log(x), 0), 2);
  expect(bigram).toBeCloseTo(Math.log(2) / 3, 2);
});

test("bits per byte weighs tokens by the bytes they stand for", () => {
  const losses = Float32Array.of(Math.LN2, 3 * Math.LN2, 2 * Math.LN2, 2 * Math.LN2);
  const [all, ...kinds] = bitsPerByte(losses, { kinds: ["a", "b"], kind: [0, 1], bytes: [2, 8] }, 3);
  expect(all).toMatchObject({ kind: "all", contexts: 2 });
  expect([all!, ...kinds].map(({ kind }) => kind)).toEqual(["all", "a", "b"]);
  expect(
    largestDifference(
      [all!, ...kinds].map((kind) => kind.bits_per_byte),
      [0.8, 2, 0.5],
    ),
  ).toBeLessThan(1e-6);
});
