/**
 * Dictionaries that normalise each row before they encode it stretch what they decode by the row's standard deviation, and with it
 * what each feature adds: x̂ = mean(x) + σ(x) (b_dec + Σ f_i d_i).
 */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { ablate, ablateContexts, activeAt, withoutUnit } from "../../src/experiments/ablation.ts";
import { attribute } from "../../src/experiments/attribution.ts";
import { saeUnits, type Units } from "../../src/features/units.ts";
import { type LiveModel, openLiveModel } from "../../src/model/live-model.ts";
import type { Reading } from "../../src/model/reading.ts";
import { ARCHITECTURES, type Sae } from "../../src/sae/dictionary.ts";
import { SaeForward } from "../../src/sae/forward.ts";
import { Pool } from "../../src/sae/pool.ts";
import { largestDifference } from "../close.ts";
import { fixtureModel, lossesOf, plainLogProbabilities, plainRead } from "../model/plain-model.ts";
import { plainForward, plainScales, randomSae } from "../sae/plain-forward.ts";

const model = fixtureModel("sharded");
const hook = "blocks.1.hook_resid_mid";
const tokens = Int32Array.from({ length: 17 }, (_, i) => (i * 29 + 5) % 97);

let engine: Engine;
let pool: Pool;
let live: LiveModel;
beforeAll(async () => {
  engine = await Engine.start({ workers: 1 });
  pool = new Pool(1);
  live = await openLiveModel(engine, model, hook);
});
afterAll(async () => {
  await live.close();
  await engine.close();
  await pool.close();
});

async function withUnits(
  change: Partial<Sae>,
  use: (units: Units, reading: Reading, forward: SaeForward) => Promise<void>,
): Promise<void> {
  const sae = randomSae(change.architecture ?? "standard", live.dIn, 40, change);
  const forward = await SaeForward.create(pool, sae);
  await use(saeUnits(forward), await live.read(tokens), forward);
  await forward.close();
}

describe.each(ARCHITECTURES.flatMap((a) => (["layer_norm", "none"] as const).map((n) => [a, n] as const)))(
  "%s, normalised by %s",
  (architecture, normalize_activations) => {
    test("all features taken away one after the other leave what the dictionary makes without features", () =>
      withUnits({ architecture, normalize_activations }, async (units, reading, forward) => {
        const { activation: x } = reading;
        const { d_in, b_dec } = forward.sae;
        const { reconstruction, ...sparse } = await forward.reconstruct(x);
        const removed = new Float64Array(x.length);
        for (const unit of new Set(sparse.indices)) {
          const { rows, positions } = withoutUnit(units, reading, { unit, ...activeAt(sparse, unit) });
          Array.from(positions).forEach((position, i) => {
            for (let k = 0; k < d_in; k++)
              removed[position * d_in + k]! += x[position * d_in + k]! - rows[i * d_in + k]!;
          });
        }
        const scales = plainScales(forward.sae, x);
        const centred = normalize_activations === "layer_norm";
        const left = reconstruction.map((value, at) => {
          const row = x.subarray(at - (at % d_in), at - (at % d_in) + d_in);
          const mean = centred ? row.reduce((sum, one) => sum + one, 0) / d_in : 0;
          return value - (mean + scales[Math.floor(at / d_in)]! * b_dec[at % d_in]!);
        });
        expect(Math.max(...left.map(Math.abs))).toBeGreaterThan(0.1);
        expect(largestDifference(removed, left)).toBeLessThan(1e-4);
      }));
  },
);

test("losses of an ablation, live and with stored activations, are those of two whole forward passes", () =>
  withUnits({ normalize_activations: "layer_norm" }, async (units, reading, { sae }) => {
    const { f } = plainForward(sae, reading.activation);
    const scales = plainScales(sae, reading.activation);
    const unit = f[3]!.findIndex((value) => value > 1);
    const direction = units.direction(unit);
    const { activation, carry } = plainRead(model, hook, tokens);
    const without = activation.map((value, at) => {
      const row = Math.floor(at / live.dIn);
      return value - scales[row]! * f[row]![unit]! * direction[at % live.dIn]!;
    });
    const [clean, changed] = [activation, without].map((rows) =>
      lossesOf(plainLogProbabilities(model, hook, { activation: rows, carry }), tokens),
    );
    const expected = clean!.map((loss, t) => changed![t]! - loss);
    expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(1e-3);
    const found = await ablate(live, units, tokens, unit, { top: 1 });
    expect(largestDifference(found.lossChange, expected)).toBeLessThan(5e-5);

    const stored = { tokens, unit, ...activeAt(await units.encode(reading.activation), unit) };
    await ablateContexts(
      live,
      units,
      [stored],
      (_, { lossChange }) => expect(lossChange).toEqual(found.lossChange),
      {
        top: 1,
      },
    );
  }));

test("attribution counts what a feature adds to the row", () =>
  withUnits({ normalize_activations: "layer_norm" }, async (units, reading, { sae }) => {
    const position = 8;
    const scale = plainScales(sae, reading.activation)[position]!;
    const gradient = await live.directGradient(reading, position);
    const found = await attribute(live, units, tokens, position, { check: 3 });
    expect(Math.abs(scale - 1)).toBeGreaterThan(0.1);
    for (const { feature, activation, direct } of found) {
      const along = units.direction(feature).reduce((sum, d, k) => sum + d * gradient[k]!, 0);
      expect(direct).toBeCloseTo(scale * activation * along, 5);
    }
    const { carry, activation } = reading;
    const next = tokens[position + 1]!;
    const logP = (rows: ArrayLike<number>) =>
      plainLogProbabilities(model, hook, { activation: rows, carry })[position]![next]!;
    for (const { feature, activation: f, ablated } of found.slice(0, 3)) {
      const taken = Float64Array.from(activation);
      units.direction(feature).forEach((d, k) => (taken[position * live.dIn + k]! -= scale * f * d));
      expect(ablated).toBeCloseTo(logP(activation) - logP(taken), 4);
    }
  }));
