/** Side-by-side texts against whole forward passes over what was sampled so far. */

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { Failure, UsageError } from "../../src/errors.ts";
import { generate, type GenerationOptions, type TokenEvent } from "../../src/experiments/generate.ts";
import { intervene } from "../../src/experiments/interventions.ts";
import { neuronUnits } from "../../src/features/units.ts";
import { readConfig } from "../../src/model/config.ts";
import type { CutModel } from "../../src/model/cut.ts";
import { forward } from "../../src/model/forward.ts";
import { sampleToken } from "../../src/model/sampling.ts";
import { openStepper, type Stepper } from "../../src/model/stepper.ts";
import { readWeights } from "../../src/model/weights.ts";
import { Random } from "../../src/random.ts";

const HOOK = "blocks.0.mlp.hook_post";
const folder = join(import.meta.dirname, "../fixtures/models/gelu");
const config = readConfig(folder);
const model: CutModel = { config, weights: readWeights(folder, config) };
const neurons = neuronUnits(config.dMlp);
const nothing = intervene([neurons], []);
const strong = intervene(
  [neurons],
  [
    { kind: "neuron", index: 3, mode: "clamp", value: 60 },
    { kind: "neuron", index: 9, mode: "add", value: -40 },
  ],
);
const prompt = Int32Array.of(5, 11, 2);
const options: GenerationOptions = { prompt, tokens: 8, temperature: 1, topP: 0.95, seed: 3 };

let engine: Engine;
let stepper: Stepper;
beforeAll(async () => {
  engine = await Engine.start();
  stepper = await openStepper(engine, model, HOOK, { batch: 2, capacity: config.context });
});
afterAll(async () => {
  await stepper.close();
  await engine.close();
});

async function collect(change: Partial<GenerationOptions> = {}, steer = strong) {
  const events: TokenEvent[] = [];
  for await (const event of generate(stepper, steer, { ...options, ...change })) events.push(event);
  const text = (which: string) =>
    events.flatMap((event) => (event.type === "token" && event.which === which ? [event.token] : []));
  return { events, plain: text("plain"), steered: text("steered"), end: events.at(-1)! };
}

async function plainText({ tokens, temperature, topP, seed }: GenerationOptions): Promise<number[]> {
  const random = Random.of(seed, "generate");
  const text = [...prompt];
  for (let i = 0; i < tokens; i++) {
    const { logits } = await forward(engine, model, Int32Array.from(text));
    text.push(sampleToken(logits.data.subarray(-config.vocabSize), { temperature, topP }, random));
  }
  return text.slice(prompt.length);
}

test.each([
  [1, 1],
  [0.7, 0.8],
  [0, 1],
])("temperature %d, top-p %d: the plain text is that of the model", async (temperature, topP) => {
  const { plain, events, end } = await collect({ temperature, topP });
  expect(plain).toEqual(await plainText({ ...options, temperature, topP }));
  expect(events[0]).toEqual({ type: "prompt", tokens: prompt });
  expect(events.slice(1, -1).map((event) => event.type === "token" && event.which)).toEqual(
    Array.from({ length: 8 }, () => ["plain", "steered"]).flat(),
  );
  expect(end).toMatchObject({ type: "done", reason: "length" });
  expect(end.type === "done" && end.tokensPerSecond).toBeGreaterThan(0);
});

test("with nothing done to it the steered text is the plain one, token by token", async () => {
  for (const seed of [1, 2, 3]) {
    const { plain, steered } = await collect({ seed, tokens: 15 }, nothing);
    expect(steered).toEqual(plain);
  }
});

test("steering acts on the steered text alone, from the prompt on", async () => {
  const { plain, steered } = await collect({ temperature: 0 });
  expect(steered).not.toEqual(plain);
  // What is added to a neuron can be written into the model: its outgoing weights, so often, in the bias behind them.
  const shifted = { ...model.weights };
  const name = "h.0.mlp.c_proj";
  const row = model.weights[`${name}.weight`]!.subarray(9 * config.dModel, 10 * config.dModel);
  shifted[`${name}.bias`] = model.weights[`${name}.bias`]!.map((value, k) => value - 40 * row[k]!);
  const added = intervene([neurons], [{ kind: "neuron", index: 9, mode: "add", value: -40 }]);
  const result = await collect({ temperature: 0 }, added);
  const text = [...prompt];
  for (let i = 0; i < options.tokens; i++) {
    const { logits } = await forward(engine, { config, weights: shifted }, Int32Array.from(text));
    text.push(
      sampleToken(logits.data.subarray(-config.vocabSize), { temperature: 0, topP: 1 }, Random.of(0)),
    );
  }
  expect(result.steered).toEqual(text.slice(prompt.length));
  expect(result.steered).not.toEqual(plain);
});

test("the seed decides", async () => {
  const first = await collect();
  const again = await collect();
  expect([again.plain, again.steered]).toEqual([first.plain, first.steered]);
  expect((await collect({ seed: 4 })).plain).not.toEqual(first.plain);
});

describe("it ends", () => {
  test("where the model's positions do, the token after the last included", async () => {
    const { plain, steered, end } = await collect({ tokens: 100 });
    expect(plain.length).toBe(config.context - prompt.length + 1);
    expect(steered.length).toBe(plain.length);
    expect(end).toMatchObject({ type: "done", reason: "positions" });
  });

  test("when it is told to", async () => {
    const stop = new AbortController();
    const events: TokenEvent[] = [];
    for await (const event of generate(stepper, strong, { ...options, signal: stop.signal })) {
      events.push(event);
      if (events.length === 5) stop.abort();
    }
    expect(events.map(({ type }) => type)).toEqual(["prompt", "token", "token", "token", "token", "done"]);
    expect(events.at(-1)).toMatchObject({ reason: "aborted" });
    const before = await collect({ signal: AbortSignal.abort() });
    expect(before.events.map(({ type }) => type)).toEqual(["prompt", "done"]);
  });

  test("when nobody listens any more, and the stepper can be used again", async () => {
    for await (const event of generate(stepper, strong, options)) if (event.type === "token") break;
    expect((await collect()).plain).toHaveLength(8);
  });

  test("at once when no token was asked for", async () => {
    expect((await collect({ tokens: 0 })).events.at(-1)).toMatchObject({
      reason: "length",
      tokensPerSecond: 0,
    });
  });
});

test("activations that are no numbers end in a sentence, and the next text is as ever", async () => {
  const expected = await collect();
  const overflow = async (rows: Float32Array) => void rows.fill(NaN);
  await expect(collect({}, overflow)).rejects.toThrow(Failure);
  await expect(collect({}, overflow)).rejects.toThrow("use smaller values");
  const after = await collect();
  expect([after.plain, after.steered]).toEqual([expected.plain, expected.steered]);
});

test.each([
  [{ prompt: new Int32Array(0) }, Failure, /the prompt is empty/],
  [
    { prompt: new Int32Array(config.context + 1) },
    Failure,
    /the prompt has 25 tokens and there is room for 24/,
  ],
  [{ prompt: Int32Array.of(config.vocabSize) }, Failure, /none is number/],
  [{ tokens: -1 }, UsageError, /-1 tokens/],
  [{ tokens: 2.5 }, UsageError, /2.5 tokens/],
  [{ temperature: -1 }, UsageError, /temperature/],
  [{ topP: 0 }, UsageError, /top-p/],
] as [Partial<GenerationOptions>, typeof Failure, RegExp][])(
  "%j is refused",
  async (change, kind, message) => {
    await expect(collect(change)).rejects.toThrow(kind);
    await expect(collect(change)).rejects.toThrow(message);
  },
);
