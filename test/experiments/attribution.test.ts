/** Direct attribution and the ablations that check it, against float64 plain loops. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { attribute } from "../../src/experiments/attribution.ts";
import { neuronUnits, saeUnits, type Units } from "../../src/features/units.ts";
import { type LiveModel, openLiveModel } from "../../src/model/live-model.ts";
import { SaeForward } from "../../src/sae/forward.ts";
import { Pool } from "../../src/sae/pool.ts";
import { fixtureModel, plainLogits, plainLogProbabilities } from "../model/plain-model.ts";
import { plainForward, randomSae } from "../sae/plain-forward.ts";

const model = fixtureModel("sharded");
const tokens = Int32Array.from({ length: 17 }, (_, i) => (i * 29 + 5) % 97);
const position = 8;

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

async function withLive(hook: string, use: (live: LiveModel) => Promise<void>): Promise<void> {
  const live = await openLiveModel(engine, model, hook);
  await use(live);
  await live.close();
}

/** The activation with f·d taken away at the position. */
async function without(live: LiveModel, units: Units, unit: number, f: number, share = 1) {
  const { activation, carry } = await live.read(tokens);
  const rows = Float64Array.from(activation);
  units.direction(unit).forEach((d, k) => (rows[position * live.dIn + k]! -= share * f * d));
  return { activation: rows, carry };
}

describe.each([
  "blocks.2.mlp.hook_post",
  "blocks.2.hook_mlp_out",
  "blocks.1.mlp.hook_post",
  "blocks.0.hook_resid_pre",
])("%s", (hook) => {
  test("every active feature, the largest first; the largest are ablated at that position alone", () =>
    withLive(hook, async (live) => {
      const sae = randomSae("standard", live.dIn, 40);
      const forward = await SaeForward.create(pool, sae);
      const units = saeUnits(forward);
      const found = await attribute(live, units, tokens, position, { check: 4 });
      const { activation, carry } = await live.read(tokens);
      const { f } = plainForward(sae, activation);
      expect(found.length).toBe(f[position]!.filter((value) => value > 0).length);
      for (const { feature, activation: value } of found)
        expect(value).toBeCloseTo(f[position]![feature]!, 4);
      const sizes = found.map(({ direct }) => Math.abs(direct));
      expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
      expect(found.map(({ ablated }) => ablated !== null)).toEqual(found.map((_, i) => i < 4));
      const next = tokens[position + 1]!;
      const logP = (rows: ArrayLike<number>) =>
        plainLogProbabilities(model, hook, { activation: rows, carry })[position]![next]!;
      for (const { feature, activation: value, ablated } of found.slice(0, 4)) {
        const taken = await without(live, units, feature, value);
        expect(ablated).toBeCloseTo(logP(activation) - logP(taken.activation), 4);
      }
      await forward.close();
    }));
});

test("in the last layer it is what a small part of the unit does to the logit, as long as the stream keeps its length", () =>
  withLive("blocks.2.mlp.hook_post", async (live) => {
    const units = neuronUnits(live.dIn);
    const found = await attribute(live, units, tokens, position, { check: 0 });
    const next = tokens[position + 1]!;
    const { config, weights } = model;
    const bias = Array.from({ length: config.vocabSize }, (_, v) =>
      weights["ln_f.bias"]!.reduce(
        (sum, b, d) => sum + b * weights["lm_head.weight"]![v * config.dModel + d]!,
        0,
      ),
    );
    // Of the logit without ln_f's bias, which goes as 1/σ.
    const logit = (row: readonly number[]) => {
      const rest = row.map((value, v) => value - bias[v]!);
      return rest[next]! - rest.reduce((sum, value) => sum + value, 0) / rest.length;
    };
    const sigma = async (rows: { activation: Float64Array; carry: Float32Array | undefined }) => {
      const { dModel } = config;
      const weight = weights["h.2.mlp.c_proj.weight"]!;
      const stream = Array.from({ length: dModel }, (_, d) => {
        let sum = weights["h.2.mlp.c_proj.bias"]![d]! + rows.carry![position * dModel + d]!;
        for (let k = 0; k < live.dIn; k++)
          sum += rows.activation[position * live.dIn + k]! * weight[k * dModel + d]!;
        return sum;
      });
      const mean = stream.reduce((sum, value) => sum + value, 0) / dModel;
      const variance = stream.reduce((sum, value) => sum + (value - mean) ** 2, 0) / dModel;
      return Math.sqrt(variance + config.layerNormEpsilon);
    };
    expect(found.length).toBeGreaterThan(5);
    const clean = await without(live, units, 0, 0);
    const scale = await sigma(clean);
    const logitOf = async (rows: typeof clean) =>
      logit(plainLogits(model, live.hook, rows)[position]!) * (await sigma(rows));
    for (const { feature, activation, direct } of found.slice(0, 6)) {
      for (const share of [1, 1e-3]) {
        const taken = await without(live, units, feature, activation, share);
        // With σ as it was, the logit is linear: exactly the share is gone.
        const change = ((await logitOf(clean)) - (await logitOf(taken))) / scale;
        expect(change / share).toBeCloseTo(direct, 4);
      }
    }
  }));
