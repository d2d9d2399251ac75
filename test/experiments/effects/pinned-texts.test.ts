/** Texts with a unit pinned, against whole passes in plain loops with the same random numbers. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../../src/engine/engine.ts";
import { divergenceOf, pinnedTexts } from "../../../src/experiments/effects/pinned-texts.ts";
import { neuronUnits, saeUnits, type Units } from "../../../src/features/units.ts";
import { sampleToken } from "../../../src/model/sampling.ts";
import { Random } from "../../../src/random.ts";
import { SaeForward } from "../../../src/sae/forward.ts";
import { Pool } from "../../../src/sae/pool.ts";
import { fixtureModel, plainLogProbabilities, plainRead } from "../../model/plain-model.ts";
import { plainForward, randomSae } from "../../sae/plain-forward.ts";

const model = fixtureModel("sharded");
const HOOK = "blocks.1.mlp.hook_post";
const SEED = 8;
const TOKENS = 5;

let engine: Engine;
let pool: Pool;
beforeAll(async () => {
  engine = await Engine.start({ workers: 1, threads: 2 });
  pool = new Pool(1);
});
afterAll(async () => {
  await engine.close();
  await pool.close();
});

const random = Random.of(2, "prompts");
const prompts = Array.from({ length: 3 }, () =>
  Int32Array.from({ length: 4 }, () => random.integer(model.config.vocabSize)),
);

/** Log-probabilities of the next token, `unit` held at `value` at every token; f of a row by plain loops. */
function plainNext(
  tokens: number[],
  units: Units,
  f: (x: Float32Array) => number[][],
  pin: { unit: number; value: number } | null,
): Float32Array {
  const { activation, carry } = plainRead(model, HOOK, Int32Array.from(tokens));
  const changed = activation.slice();
  if (pin) {
    const d = units.direction(pin.unit);
    f(Float32Array.from(activation)).forEach((row, i) => {
      for (let k = 0; k < d.length; k++) changed[i * d.length + k]! += (pin.value - row[pin.unit]!) * d[k]!;
    });
  }
  return Float32Array.from(plainLogProbabilities(model, HOOK, { activation: changed, carry }).at(-1)!);
}

describe("pinned texts", () => {
  test.each(["features", "neurons"])("of %s", async (kind) => {
    const { dMlp } = model.config;
    const sae = randomSae("standard", dMlp, 30, { b_enc: new Float32Array(30).fill(-1) });
    const forward = await SaeForward.create(pool, sae);
    const units = kind === "features" ? saeUnits(forward) : neuronUnits(dMlp);
    const f = (x: Float32Array): number[][] =>
      kind === "features"
        ? plainForward(sae, x).f.map((row) => Array.from(row))
        : Array.from({ length: x.length / dMlp }, (_, i) =>
            Array.from(x.subarray(i * dMlp, (i + 1) * dMlp), (value) => Math.max(0, value)),
          );
    const chosen = [2, 9];
    const values = [6, 3];
    const request = { engine, model, hook: HOOK, units, chosen, values, prompts, tokens: TOKENS, seed: SEED };
    const found = await pinnedTexts(request);

    const all = [found.plain, ...found.pinned];
    expect(all).toHaveLength(3);
    const plainTexts: number[][] = [];
    for (const [text, { sampled, kl, active }] of all.entries()) {
      const pin = text === 0 ? null : { unit: chosen[text - 1]!, value: values[text - 1]! };
      const whole: number[][] = [];
      let divergence = 0;
      for (const [p, prompt] of prompts.entries()) {
        const draws = Random.of(SEED, `continuation of prompt ${p}`);
        const tokens = Array.from(prompt);
        divergence +=
          divergenceOf(plainNext(tokens, units, f, null), plainNext(tokens, units, f, pin)) / prompts.length;
        for (let t = 0; t < TOKENS; t++) {
          tokens.push(sampleToken(plainNext(tokens, units, f, pin), { temperature: 1, topP: 1 }, draws));
        }
        whole.push(tokens);
      }
      expect(Array.from(sampled)).toEqual(whole.flatMap((tokens) => tokens.slice(4)));
      expect(kl).toBeCloseTo(divergence, 4);
      for (const [place, unit] of chosen.entries()) {
        const on = whole.flatMap((tokens) =>
          f(Float32Array.from(plainRead(model, HOOK, Int32Array.from(tokens)).activation))
            .slice(4)
            .map((row) => Number(row[unit]! > 0)),
        );
        expect(active[place]).toBeCloseTo(on.reduce((a, b) => a + b, 0) / on.length, 10);
      }
      plainTexts.push(Array.from(sampled));
    }
    expect(found.plain.kl).toBe(0);
    expect(plainTexts[1]).not.toEqual(plainTexts[0]);
    expect(await pinnedTexts(request)).toEqual(found);
    await forward.close();
  });
});

test("a divergence from logits", () => {
  const p = Float32Array.from([0, Math.log(3)]);
  const q = Float32Array.from([5, 5]);
  expect(divergenceOf(p, q)).toBeCloseTo(0.25 * Math.log(0.5) + 0.75 * Math.log(1.5), 6);
  expect(divergenceOf(p, p)).toBe(0);
});
