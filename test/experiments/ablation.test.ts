/** A unit taken away at every token against the difference of two whole forward passes in float64 plain loops. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { ablate, ablateContexts, activeAt } from "../../src/experiments/ablation.ts";
import { featuresOfText } from "../../src/experiments/text-features.ts";
import { neuronUnits, saeUnits, type Units } from "../../src/features/units.ts";
import { openLiveModel } from "../../src/model/live-model.ts";
import { Random } from "../../src/random.ts";
import { SaeForward } from "../../src/sae/forward.ts";
import { Pool } from "../../src/sae/pool.ts";
import { largestDifference } from "../close.ts";
import { fixtureModel, lossesOf, plainLogProbabilities, plainRead } from "../model/plain-model.ts";
import { plainForward, randomSae } from "../sae/plain-forward.ts";

const TOLERANCE = 5e-5;
const model = fixtureModel("sharded");

let engine: Engine;
let pool: Pool;
beforeAll(async () => {
  engine = await Engine.start({ workers: 2 });
  pool = new Pool(1);
});
afterAll(async () => {
  await engine.close();
  await pool.close();
});

function textOf(length: number, seed: number): Int32Array {
  const random = Random.of(seed, "text");
  return Int32Array.from({ length }, () => random.integer(model.config.vocabSize));
}

/** Loss of each token without f·d minus with it; `f` by token. */
function plainLossChange(
  hook: string,
  tokens: Int32Array,
  f: readonly number[],
  d: ArrayLike<number>,
): number[] {
  const { activation, carry } = plainRead(model, hook, tokens);
  const without = activation.map((x, i) => x - f[Math.floor(i / d.length)]! * d[i % d.length]!);
  const [clean, changed] = [activation, without].map((rows) =>
    lossesOf(plainLogProbabilities(model, hook, { activation: rows, carry }), tokens),
  );
  return clean!.map((loss, t) => changed![t]! - loss);
}

/** Units that a test can learn from: active at some token that another follows, but not at all. */
function telling(active: number[][]): number[] {
  const units = active[0]!.map((_, unit) => unit);
  return units
    .filter(
      (unit) => active.slice(0, -1).some((row) => row[unit]! > 0) && active.some((row) => row[unit] === 0),
    )
    .slice(0, 3);
}

describe.each([
  "blocks.1.mlp.hook_post",
  "blocks.2.mlp.hook_post",
  "blocks.2.hook_mlp_out",
  "blocks.0.hook_resid_mid",
])("features at %s", (hook) => {
  test.each([5, 24])("a text of %d tokens", async (length) => {
    const live = await openLiveModel(engine, model, hook);
    const sae = randomSae("standard", live.dIn, 30, { b_enc: new Float32Array(30).fill(-1) });
    const forward = await SaeForward.create(pool, sae);
    const units = saeUnits(forward);
    const tokens = textOf(length, 1);
    const { activation } = await live.read(tokens);
    const { f } = plainForward(sae, activation);
    const chosen = telling(f);
    expect(chosen.length).toBeGreaterThan(1);
    for (const unit of chosen) {
      const found = await ablate(live, units, tokens, unit, { top: 2 });
      const active = f.map((row) => row[unit]!);
      expect(largestDifference(found.activations, active)).toBeLessThan(TOLERANCE);
      const expected = plainLossChange(hook, tokens, active, units.direction(unit));
      expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(1e-3);
      expect(largestDifference(found.lossChange, expected)).toBeLessThan(TOLERANCE);
      expect(found.lowered.some((list) => list.length > 0)).toBe(true);
    }
    await forward.close();
    await live.close();
  });
});

test("neurons: x_k becomes 0 where it was positive", async () => {
  const hook = "blocks.1.mlp.hook_post";
  const live = await openLiveModel(engine, model, hook);
  const units = neuronUnits(live.dIn);
  const tokens = textOf(12, 2);
  const { activation } = await live.read(tokens);
  const rows = Array.from(tokens, (_, t) =>
    Array.from(activation.subarray(t * live.dIn, (t + 1) * live.dIn), (x) => Math.max(0, x)),
  );
  for (const unit of telling(rows)) {
    const { lossChange } = await ablate(live, units, tokens, unit, { top: 2 });
    const expected = plainLossChange(
      hook,
      tokens,
      rows.map((row) => row[unit]!),
      units.direction(unit),
    );
    expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(1e-4);
    expect(largestDifference(lossChange, expected)).toBeLessThan(TOLERANCE);
  }
  await live.close();
});

test("features of a text are those of its activations", async () => {
  const live = await openLiveModel(engine, model, "blocks.1.mlp.hook_post");
  const units = neuronUnits(live.dIn);
  const tokens = textOf(9, 3);
  const { activation } = await live.read(tokens);
  expect(await featuresOfText(live, units, tokens)).toEqual(await units.encode(activation));
  await live.close();
});

describe("many contexts", () => {
  async function requestsOf(
    live: { read: (tokens: Int32Array) => Promise<{ activation: Float32Array }> },
    units: Units,
  ) {
    const contexts = Array.from({ length: 9 }, (_, i) => textOf(24, i));
    const requests = [];
    for (const tokens of contexts) {
      const sparse = await units.encode((await live.read(tokens)).activation);
      for (const unit of [3, 4, 5, 6, 7]) {
        requests.push({ tokens, unit, ...activeAt(sparse, unit) });
      }
    }
    return requests;
  }

  test.each(["blocks.2.mlp.hook_post", "blocks.0.mlp.hook_post"])(
    "%s: each is what it is alone",
    async (hook) => {
      const live = await openLiveModel(engine, model, hook);
      const units = neuronUnits(live.dIn);
      const requests = await requestsOf(live, units);
      const order: number[] = [];
      const progress: number[] = [];
      const all: Float32Array[] = [];
      await ablateContexts(
        live,
        units,
        requests,
        (index, { lossChange, activations }) => {
          order.push(index);
          all.push(lossChange);
          expect([...activations].filter((f) => f > 0).length).toBe(requests[index]!.positions.length);
        },
        { top: 2, onProgress: (done) => progress.push(done) },
      );
      expect(order).toEqual([...requests.keys()]);
      expect(progress).toEqual([32, 45]);
      for (const [i, { tokens, unit }] of requests.entries()) {
        const { lossChange } = await ablate(live, units, tokens, unit, { top: 2 });
        expect(largestDifference(all[i]!, lossChange)).toBeLessThan(1e-5);
      }
      await live.close();
    },
  );

  test("stops between groups", async () => {
    const live = await openLiveModel(engine, model, "blocks.2.mlp.hook_post");
    const units = neuronUnits(live.dIn);
    const requests = await requestsOf(live, units);
    const controller = new AbortController();
    let done = 0;
    const run = ablateContexts(live, units, requests, () => done++, {
      top: 1,
      signal: controller.signal,
    });
    controller.abort();
    await expect(run).rejects.toThrow(/abort/);
    expect(done).toBe(32);
    await live.close();
  });
});
