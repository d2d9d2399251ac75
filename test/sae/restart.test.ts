import { afterAll, beforeAll, expect, test } from "vitest";
import { reinitialiseRare } from "../../src/sae/dead-features.ts";
import { Pool } from "../../src/sae/pool.ts";
import { resolveOptions } from "../../src/sae/presets.ts";
import { SaeTrainer } from "../../src/sae/trainer.ts";
import { Random } from "../../src/random.ts";
import { independent, synthetic } from "./synthetic.ts";

const [d, batch, STEPS] = [19, 100, 8];
/** As many features fire on a smaller share of the tokens as on a larger one. */
const medianShare = (fired: readonly number[]) =>
  fired.toSorted((a, b) => a - b)[fired.length >> 1]! / (STEPS * batch);
const data = synthetic({ d, features: 60, sample: independent(0.05), offset: 0.2, noise: 0.01 });

let pool: Pool;
beforeAll(() => {
  pool = new Pool(1);
});
afterAll(() => pool.close());

const norm = (row: Float32Array) => Math.hypot(...row);

test.each([
  { normalised: true, cleared: true },
  { normalised: false, cleared: true },
  { normalised: true, cleared: false },
])("a restart with %o changes what it says and nothing else", async (how) => {
  const options = resolveOptions({ expansion: 200 / d, batch, tokens: STEPS * batch, dead: "none" }, d);
  const trainer = await SaeTrainer.create(pool, { d_in: d, options });
  trainer.initialise(data.batch(0, batch));
  for (let step = 1; step <= STEPS; step++) await trainer.step(data.batch(step, batch));
  const { parameters } = trainer;
  const copy = (name: string) => Float32Array.from(trainer.save().tensors[name]!.data as Float32Array);
  const [moments, decoder] = [copy("W_enc_v"), copy("W_dec")];
  expect(moments.every((value) => value > 0)).toBe(true);
  const features = [...Array(trainer.d_sae).keys()];
  const rare = medianShare(features.map((i) => parameters.fired(i)));
  const count = reinitialiseRare(parameters, rare, STEPS * batch, how, Random.of(0));
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThan(trainer.d_sae);
  let restarted = 0;
  for (let i = 0; i < trainer.d_sae; i++) {
    const row = (values: Float32Array) => values.subarray(i * d, (i + 1) * d);
    if (parameters.fired(i) >= rare * STEPS * batch) {
      expect(parameters.decoderRow(i)).toEqual(row(decoder));
      expect(row(copy("W_enc_v"))).toEqual(row(moments));
      continue;
    }
    restarted++;
    expect(parameters.bias(i)).toBe(0);
    if (how.normalised) expect(norm(parameters.decoderRow(i))).toBeCloseTo(1, 5);
    expect(row(copy("W_enc_v"))).toEqual(how.cleared ? new Float32Array(d) : row(moments));
  }
  expect(restarted).toBe(count);
  if (!how.normalised) {
    // Kaiming's rows have the norm √2 on average.
    const rows = features.filter((i) => parameters.fired(i) < rare * STEPS * batch);
    const mean = rows.reduce((sum, i) => sum + norm(parameters.decoderRow(i)), 0) / rows.length;
    expect(Math.abs(mean - Math.SQRT2)).toBeLessThan(0.1);
  }
  await trainer.close();
});
