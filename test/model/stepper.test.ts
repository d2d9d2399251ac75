/** Texts read token by token against full passes over them, at cuts in every place. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { type ModelConfig, readConfig } from "../../src/model/config.ts";
import { type CutModel, openCut } from "../../src/model/cut.ts";
import { forward } from "../../src/model/forward.ts";
import { hookPoints } from "../../src/model/hooks.ts";
import { type Change, openStepper, type Stepper } from "../../src/model/stepper.ts";
import { readWeights } from "../../src/model/weights.ts";
import { initialise } from "../../src/pretraining/initialisation.ts";
import { Random } from "../../src/random.ts";
import { largestDifference } from "../close.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start();
});
afterAll(() => engine.close());

function open(folder: string): CutModel {
  const config = readConfig(folder);
  return { config, weights: readWeights(folder, config) };
}

function randomTexts({ vocabSize }: ModelConfig, batch: number, length: number): Int32Array[] {
  const random = Random.of(7, "texts");
  return Array.from({ length: batch }, () => Int32Array.from({ length }, () => random.integer(vocabSize)));
}

/** Token t of each text. */
const column = (texts: readonly Int32Array[], t: number) => Int32Array.from(texts, (text) => text[t]!);
const side = (texts: readonly Int32Array[], from: number, to: number) =>
  Int32Array.from(texts.flatMap((text) => [...text.subarray(from, to)]));

/** Logits after each token: [text][position][vocab]. */
async function step(stepper: Stepper, texts: readonly Int32Array[], change?: Change) {
  const logits: Float32Array[][] = texts.map(() => []);
  for (let t = 0; t < texts[0]!.length; t++) {
    const all = await stepper.step(column(texts, t), change);
    const vocab = all.length / texts.length;
    texts.forEach((_, i) => logits[i]!.push(all.slice(i * vocab, (i + 1) * vocab)));
  }
  return logits;
}

function lossOf(logits: Float32Array, target: number): number {
  const top = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  return top + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0)) - logits[target]!;
}

/** Every position against the full pass, untouched and with every activation halved, for each of `hooks`. */
async function compare(model: CutModel, hooks: readonly string[], length: number, tolerance: number) {
  const texts = randomTexts(model.config, 2, length);
  const full = await Promise.all(texts.map((text) => forward(engine, model, text)));
  const size = Math.max(
    ...full.map(({ logits }) => logits.data.reduce((a, b) => Math.max(a, Math.abs(b)), 0)),
  );
  for (const hook of hooks) {
    const stepper = await openStepper(engine, model, hook, { batch: 2, capacity: length });
    const logits = await step(stepper, texts);
    full.forEach((pass, i) => {
      const seen = Float32Array.from(logits[i]!.flatMap((row) => [...row]));
      expect(largestDifference(seen, pass.logits.data) / size, hook).toBeLessThan(tolerance);
    });
    expect(stepper.position).toBe(length);

    stepper.reset();
    const positions: number[] = [];
    const halved = await step(stepper, texts, (activation, position) => {
      expect(activation.length).toBe(2 * stepper.dIn);
      activation.forEach((value, i) => (activation[i] = value / 2));
      positions.push(position);
    });
    expect(positions).toEqual(Array.from({ length }, (_, t) => t));
    const cut = await openCut(engine, model, hook, { batch: 2, context: length });
    const tokens = side(texts, 0, length);
    const { activation, carry } = await cut.prefix(tokens);
    const losses = await cut.suffix(
      tokens,
      carry,
      activation.map((value) => value / 2),
    );
    const seen = texts.flatMap((text, i) =>
      Array.from({ length: length - 1 }, (_, t) => lossOf(halved[i]![t]!, text[t + 1]!)),
    );
    expect(largestDifference(seen, losses), `${hook} halved`).toBeLessThan(1e-4);
    await cut.close();
    await stepper.close();
  }
}

describe.each(["relu", "gelu", "gelu_new-f16", "gelu_pytorch_tanh-bf16", "bare-f16"])(
  "random GPT-2 %s",
  (name) => {
    test("a text in steps equals the text at once, cut at any hook point", async () => {
      const model = open(join(import.meta.dirname, "../fixtures/models", name));
      const hooks = hookPoints(model.config).map((point) => point.name);
      await compare(model, hooks, Math.min(12, model.config.context), 2e-5);
    });
  },
);

const TRAINED = join(import.meta.dirname, "../../../shared/models/gpt2-16m");
test.skipIf(!existsSync(TRAINED))("a trained model of several layers", { timeout: 60_000 }, async () => {
  const model = open(TRAINED);
  const last = model.config.nLayer - 1;
  const hooks = ["blocks.0.hook_resid_pre", "blocks.1.attn.hook_z", `blocks.${last}.mlp.hook_post`];
  await compare(model, [...hooks, `blocks.${last}.hook_resid_post`], 24, 1e-5);
});

const config: ModelConfig = {
  nLayer: 2,
  nHead: 3,
  dModel: 24,
  dHead: 8,
  dMlp: 96,
  vocabSize: 50,
  context: 150,
  activation: "gelu_tanh",
  layerNormEpsilon: 1e-5,
  tieWordEmbeddings: true,
  bosId: 0,
  eosId: 0,
};

/** Random weights large enough for attention to matter. */
function restless(): CutModel {
  const random = Random.of(4, "weights");
  const weights = Object.fromEntries(
    Object.entries(initialise(config, 1)).map(([name, data]) => [
      name,
      data.map(() => 0.3 * random.normal()),
    ]),
  );
  return { config, weights };
}

/** Attention stands on both sides of it. */
const HOOK = "blocks.0.mlp.hook_post";

describe("in blocks", () => {
  test.each([["1"], ["2+3"], ["31+1"], ["32+5"], ["33+7"], ["3+100+1+1+40"]])(
    "of %s tokens: the logits after each",
    async (sum) => {
      const lengths = sum.split("+").map(Number);
      const model = restless();
      const texts = randomTexts(
        config,
        2,
        lengths.reduce((a, b) => a + b),
      );
      const stepper = await openStepper(engine, model, HOOK, { batch: 2, capacity: config.context });
      const double: Change = (activation) => activation.forEach((value, i) => (activation[i] = 2 * value));
      const single = await step(stepper, texts, double);
      stepper.reset();
      let read = 0;
      for (const length of lengths) {
        let seen = 0;
        const logits = await stepper.prefill(side(texts, read, read + length), (activation, position) => {
          expect(position).toBe(read + seen);
          seen += activation.length / 2 / stepper.dIn;
          return double(activation, position);
        });
        expect(seen).toBe(length);
        read += length;
        expect(stepper.position).toBe(read);
        const expected = Float32Array.from(single.flatMap((rows) => [...rows[read - 1]!]));
        expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(1);
        expect(largestDifference(logits, expected)).toBeLessThan(1e-4);
      }
      await stepper.close();
    },
  );
});

describe("a stepper", () => {
  const [first, second] = [Int32Array.of(3), Int32Array.of(4)];
  let stepper: Stepper;
  beforeAll(async () => {
    stepper = await openStepper(engine, restless(), HOOK, { batch: 1, capacity: 40 });
  });
  afterAll(() => stepper.close());

  test("forgets what came before, numbers that are none included", async () => {
    stepper.reset();
    const [clean, next] = [await stepper.step(first), await stepper.step(second)];
    stepper.reset();
    await stepper.step(second, (activation) => void activation.fill(NaN));
    expect((await stepper.step(first)).every(Number.isNaN)).toBe(true);
    stepper.reset();
    expect(await stepper.step(first)).toEqual(clean);
    expect(await stepper.step(second)).toEqual(next);
  });

  test("is left as it was by a step whose change failed", async () => {
    stepper.reset();
    await stepper.step(first);
    const expected = await stepper.step(second);
    stepper.reset();
    await stepper.step(first);
    await expect(
      stepper.step(second, (activation) => {
        activation.fill(9);
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    expect(stepper.position).toBe(1);
    expect(await stepper.step(second)).toEqual(expected);
  });

  test("refuses what does not fit", async () => {
    stepper.reset();
    await stepper.prefill(new Int32Array(40));
    await expect(stepper.step(first)).rejects.toThrow("there is room for 40 tokens and 41 were to be read");
    stepper.reset();
    await expect(stepper.prefill(new Int32Array(41))).rejects.toThrow("there is room for 40");
    await expect(stepper.step(Int32Array.of(50))).rejects.toThrow(
      "the model has 50 tokens, and none is number 50",
    );
    await expect(stepper.step(Int32Array.of(-1))).rejects.toThrow("none is number -1");
    await expect(stepper.step(Int32Array.of(1, 2))).rejects.toThrow("one a sequence");
    await expect(stepper.prefill(new Int32Array(0))).rejects.toThrow("0 tokens");
    expect(stepper.position).toBe(0);
  });

  test("reads one token after the other", async () => {
    stepper.reset();
    const running = stepper.step(first);
    await expect(stepper.step(second)).rejects.toThrow("wait for the step before");
    expect(() => stepper.reset()).toThrow("while it reads one");
    await running;
    expect(stepper.position).toBe(1);
  });

  test("is not opened for more positions than the model has", async () => {
    const wrong = (capacity: number) => openStepper(engine, restless(), HOOK, { batch: 1, capacity });
    await expect(wrong(151)).rejects.toThrow("expected 1 to the model's 150 positions");
    await expect(wrong(0)).rejects.toThrow("room for 0 tokens");
    await expect(openStepper(engine, restless(), "blocks.9.x", { batch: 1, capacity: 4 })).rejects.toThrow(
      "no hook point",
    );
  });
});
