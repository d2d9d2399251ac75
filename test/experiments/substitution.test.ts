/** Losses with x, with the reconstruction and with 0 in its place, against float64 plain loops. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { substitute } from "../../src/experiments/substitution.ts";
import { openLiveModel } from "../../src/model/live-model.ts";
import type { Sae } from "../../src/sae/dictionary.ts";
import { SaeForward } from "../../src/sae/forward.ts";
import { Pool } from "../../src/sae/pool.ts";
import { largestDifference } from "../close.ts";
import { fixtureModel, lossesOf, plainLogProbabilities, plainRead } from "../model/plain-model.ts";
import { plainForward, randomSae } from "../sae/plain-forward.ts";

const TOLERANCE = 5e-5;
const model = fixtureModel("sharded");
const hook = "blocks.1.mlp.hook_post";
const tokens = Int32Array.from({ length: 13 }, (_, i) => (i * 31) % 97);

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

async function substituted(sae: Sae) {
  const live = await openLiveModel(engine, model, hook);
  const forward = await SaeForward.create(pool, sae);
  const result = await substitute(live, forward, tokens);
  await forward.close();
  await live.close();
  return result;
}

const lossesWith = (rows: (x: Float64Array) => ArrayLike<number>) => {
  const { activation, carry } = plainRead(model, hook, tokens);
  return lossesOf(plainLogProbabilities(model, hook, { activation: rows(activation), carry }), tokens);
};

/** relu(x) − relu(−x) = x. */
function identity(d_in: number): Sae {
  const signs = Float32Array.from({ length: 2 * d_in * d_in }, (_, e) => {
    const [feature, k] = [Math.floor(e / d_in), e % d_in];
    return feature % d_in === k ? (feature < d_in ? 1 : -1) : 0;
  });
  return {
    ...randomSae("standard", d_in, 2 * d_in),
    W_enc: signs,
    W_dec: signs,
    b_enc: new Float32Array(2 * d_in),
    b_dec: new Float32Array(d_in),
  };
}

test("a dictionary that reconstructs everything leaves every loss as it is", async () => {
  const { clean, reconstructed, ablated, features } = await substituted(identity(24));
  expect(clean[0]).toBe(0);
  expect(
    largestDifference(
      clean,
      lossesWith((x) => x),
    ),
  ).toBeLessThan(TOLERANCE);
  expect(largestDifference(reconstructed, clean)).toBeLessThan(1e-6);
  expect(
    largestDifference(
      ablated,
      lossesWith((x) => x.map(() => 0)),
    ),
  ).toBeLessThan(TOLERANCE);
  expect(largestDifference(ablated, clean)).toBeGreaterThan(1e-3);
  expect(features.rowOffsets.length).toBe(tokens.length + 1);
});

test("any other: the losses of its reconstruction", async () => {
  const sae = randomSae("standard", 24, 40);
  const { reconstructed } = await substituted(sae);
  const expected = lossesWith((x) => plainForward(sae, Float32Array.from(x)).reconstruction.flat());
  expect(largestDifference(reconstructed, expected)).toBeLessThan(TOLERANCE);
});
