import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import { foldScale, type Sae } from "../../src/sae/dictionary.ts";
import { SaeForward } from "../../src/sae/forward.ts";
import { Pool } from "../../src/sae/pool.ts";
import { resolveOptions } from "../../src/sae/presets.ts";
import { SaeTrainer } from "../../src/sae/trainer.ts";
import { largestDifference } from "../close.ts";
import { plainForward, randomSae } from "./plain-forward.ts";
import { independent, synthetic } from "./synthetic.ts";

const [d_in, d_sae, rows] = [19, 150, 100];
const random = Random.of(5);
const x = Float32Array.from({ length: rows * d_in }, () => 1 + 2 * random.normal());

let pool: Pool;
beforeAll(() => {
  pool = new Pool(2);
});
afterAll(() => pool.close());

async function check(sae: Sae): Promise<number> {
  const forward = await SaeForward.create(pool, sae);
  const { rowOffsets, indices, values, reconstruction } = await forward.reconstruct(x);
  const encoded = await forward.encode(x);
  expect([encoded.rowOffsets, encoded.indices, encoded.values]).toEqual([rowOffsets, indices, values]);
  const plain = plainForward(sae, x);
  let ordered = true;
  for (let row = 0; row < rows; row++) {
    const f = new Float64Array(sae.d_sae);
    for (let e = rowOffsets[row]!; e < rowOffsets[row + 1]!; e++) {
      f[indices[e]!] = values[e]!;
      ordered &&= values[e]! > 0 && (e === rowOffsets[row]! || indices[e]! > indices[e - 1]!);
    }
    const worst = (a: ArrayLike<number>, b: readonly number[]) =>
      Math.max(...b.map((value, k) => Math.abs(value - a[k]!)));
    expect(worst(f, plain.f[row]!)).toBeLessThan(1e-4);
    const out = reconstruction.subarray(row * d_in, (row + 1) * d_in);
    expect(worst(out, plain.reconstruction[row]!)).toBeLessThan(1e-4);
  }
  expect(ordered).toBe(true);
  await forward.close();
  return rowOffsets[rows]! / rows;
}

describe("encoding and decoding equal the definitions in plain loops", () => {
  test.each(["standard", "topk", "jumprelu", "gated"] as const)("%s", async (architecture) => {
    const l0 = await check(randomSae(architecture, d_in, d_sae));
    expect(l0).toBeGreaterThan(1);
    if (architecture === "topk") expect(l0).toBe(5);
  });

  test("encoder on x itself", () =>
    check(randomSae("standard", d_in, d_sae, { apply_b_dec_to_input: false })));
  test("layer norm", () => check(randomSae("topk", d_in, d_sae, { normalize_activations: "layer_norm" })));
  test("a negative jump threshold keeps what relu would", () =>
    check(randomSae("jumprelu", d_in, d_sae, { threshold: new Float32Array(d_sae).fill(-0.5) })));
});

test("a few rows give what they give among many", async () => {
  const forward = await SaeForward.create(pool, randomSae("gated", d_in, d_sae));
  const whole = await forward.encode(x);
  for (const n of [1, 3, 15, 16, 17]) {
    for (const first of [0, rows - n]) {
      const few = await forward.encode(x.subarray(first * d_in, (first + n) * d_in));
      const [from, to] = [whole.rowOffsets[first]!, whole.rowOffsets[first + n]!];
      expect(few.rowOffsets).toEqual(whole.rowOffsets.slice(first, first + n + 1).map((at) => at - from));
      expect(few.indices).toEqual(whole.indices.slice(from, to));
      expect(largestDifference(few.values, whole.values.subarray(from, to))).toBeLessThan(1e-5);
    }
  }
  await forward.close();
});

test("topk with fewer positive features than k keeps them all", async () => {
  const sae = randomSae("topk", d_in, 8, { k: 8 });
  const forward = await SaeForward.create(pool, sae);
  const { rowOffsets } = await forward.encode(x);
  expect(rowOffsets[rows]! / rows).toBeLessThan(8);
  await forward.close();
});

test("more rows than one call takes, and no rows at all", async () => {
  const sae = randomSae("standard", d_in, d_sae);
  const forward = await SaeForward.create(pool, sae);
  const many = new Float32Array(9000 * d_in);
  for (let row = 0; row < 9000; row++)
    many.set(x.subarray((row % rows) * d_in, ((row % rows) + 1) * d_in), row * d_in);
  const long = await forward.reconstruct(many);
  const short = await forward.reconstruct(x);
  expect(long.rowOffsets[rows]).toBe(short.rowOffsets[rows]);
  expect(long.reconstruction.slice(8900 * d_in, 9000 * d_in)).toEqual(short.reconstruction.slice());
  expect((await forward.encode(new Float32Array())).rowOffsets).toEqual(Uint32Array.of(0));
  await forward.close();
});

test("a scale folded in is the same as scaling the activations", async () => {
  const sae = randomSae("jumprelu", d_in, d_sae, { normalize_activations: "expected_average_only_in" });
  await expect(SaeForward.create(pool, sae)).rejects.toThrow(/fold the scale in first/);
  const s = 2.5;
  const folded = plainForward(foldScale(sae, s), x);
  const scaled = plainForward(
    { ...sae, normalize_activations: "none" },
    x.map((value) => s * value),
  );
  folded.reconstruction.forEach((row, j) =>
    row.forEach((value, k) => expect(value).toBeCloseTo(scaled.reconstruction[j]![k]! / s, 4)),
  );
});

test("what a trainer hands over computes on raw activations what it trained on scaled ones", async () => {
  const data = synthetic({ d: d_in, features: 30, sample: independent(0.1), offset: 1 });
  const options = resolveOptions({ expansion: 4, batch: 256, tokens: 50 * 256, lr: 1e-2 }, d_in);
  const trainer = await SaeTrainer.create(pool, { d_in, options });
  trainer.initialise(data.batch(0, 1000));
  for (let step = 1; step < 50; step++) await trainer.step(data.batch(step, 256));
  const sae = trainer.dictionary();
  const forward = await SaeForward.create(pool, sae);
  const batch = data.batch(50, 256);
  const { reconstruction, rowOffsets } = await forward.reconstruct(batch);
  const report = await trainer.step(batch);
  const errors = reconstruction.reduce((sum, value, k) => sum + (value - batch[k]!) ** 2, 0);
  expect((errors / 256) * trainer.scale ** 2).toBeCloseTo(report.mse, 3);
  expect(rowOffsets[256]! / 256).toBeCloseTo(report.l0, 1);
  for (let i = 0; i < sae.d_sae; i++) {
    expect(Math.hypot(...sae.W_dec.subarray(i * d_in, (i + 1) * d_in))).toBeCloseTo(1, 5);
  }
  await forward.close();
  await trainer.close();
});
