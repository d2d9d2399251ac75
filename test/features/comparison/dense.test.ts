import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../../src/engine/engine.ts";
import type { TallyBatch } from "../../../src/features/pass/batch.ts";
import { DenseCorrelation } from "../../../src/features/comparison/dense-correlation.ts";
import { hasTwin, meanMaxCosine, nearestDirections } from "../../../src/features/comparison/directions.ts";
import { NO_MATCH } from "../../../src/features/comparison/pairs.ts";
import { Random } from "../../../src/random.ts";
import { column, plainPearson, rowsOf } from "./sparse.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start({ workers: 2 });
});
afterAll(() => engine.close());

const random = Random.of(1, "dense comparison");
const normals = (length: number) => Float32Array.from({ length }, () => random.normal());

describe("directions", () => {
  const D = 6;
  const row = (W: Float32Array, i: number) => W.subarray(i * D, (i + 1) * D);
  const cosine = (x: Float32Array, y: Float32Array) => {
    const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, k) => sum + value * b[k]!, 0);
    return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
  };

  test("nearest both ways, as plain loops find them, whatever the tile; a feature without a direction has none", async () => {
    const a = { d_in: D, d_sae: 11, W_enc: normals(11 * D), W_dec: normals(11 * D) };
    const b = { d_in: D, d_sae: 7, W_enc: normals(7 * D), W_dec: normals(7 * D) };
    a.W_dec.fill(0, 2 * D, 3 * D);
    const found = await nearestDirections(engine, a, b, { tile: 4 });
    const whole = await nearestDirections(engine, a, b);
    for (const [name, matrix] of [
      ["decoder", "W_dec"],
      ["encoder", "W_enc"],
    ] as const) {
      for (let i = 0; i < 11; i++) {
        const cosines = Array.from({ length: 7 }, (_, j) => cosine(row(a[matrix], i), row(b[matrix], j)));
        if (Number.isNaN(cosines[0])) {
          expect(found[name].a.index[i]).toBe(NO_MATCH);
          continue;
        }
        expect(found[name].a.index[i]).toBe(cosines.indexOf(Math.max(...cosines)));
        expect(found[name].a.value[i]).toBeCloseTo(Math.max(...cosines), 5);
      }
      for (let j = 0; j < 7; j++) {
        const cosines = Array.from(
          { length: 11 },
          (_, i) => cosine(row(a[matrix], i), row(b[matrix], j)) || -2,
        );
        if (name === "decoder") cosines[2] = -2;
        expect(found[name].b.index[j]).toBe(cosines.indexOf(Math.max(...cosines)));
      }
      expect([...whole[name].a.index]).toEqual([...found[name].a.index]);
    }
    const values = [...found.decoder.a.value].filter((_, i) => i !== 2);
    expect(meanMaxCosine(found.decoder.a, found.decoder.a.index.keys())).toBeCloseTo(
      values.reduce((sum, value) => sum + value, 0) / 10,
      6,
    );
    expect(meanMaxCosine(found.decoder.a, [2])).toBeNull();
  });

  test("a twin is near by decoder and encoder, and the same one", async () => {
    const identity = (order: readonly number[]) => {
      const W = new Float32Array(4 * D);
      order.forEach((k, i) => (W[i * D + k] = 2));
      return W;
    };
    const a = { d_in: D, d_sae: 4, W_enc: identity([0, 1, 2, 3]), W_dec: identity([0, 1, 2, 3]) };
    // Encoders 1 and 2 are exchanged; decoder 3 points the other way.
    const b = { d_in: D, d_sae: 4, W_enc: identity([0, 2, 1, 3]), W_dec: identity([0, 1, 2, 3]) };
    b.W_dec[3 * D + 3] = -1;
    const nearest = await nearestDirections(engine, a, b);
    expect([0, 1, 2, 3].map((unit) => hasTwin(nearest, "a", unit))).toEqual([true, false, false, false]);
    expect([0, 1, 2, 3].map((unit) => hasTwin(nearest, "b", unit))).toEqual([true, false, false, false]);
  });
});

test("neurons with neurons, in batches, the last one shorter, equal plain loops", async () => {
  const tokens = 50;
  const relu = (units: number) =>
    Array.from({ length: tokens }, () =>
      Array.from({ length: units }, () => Math.fround(Math.max(0, random.normal()))),
    );
  const [a, b] = [relu(5), relu(4)];
  for (const row of a) row[3] = 0;
  for (const [t, row] of b.entries()) row[2] = Math.fround(a[t]![1]! * 2);
  const dense = await DenseCorrelation.create(engine, 20, { set: 1, units: 5 }, { set: 0, units: 4 });
  for (let at = 0; at < tokens; at += 20) {
    const take = (rows: number[][]) => rowsOf(rows.slice(at, at + 20));
    const size = Math.min(20, tokens - at);
    await dense.add({
      tokens: new Int32Array(size),
      context: 10,
      activations: [take(b), take(a)],
    } as unknown as TallyBatch);
  }
  const { a: ofA, b: ofB, best } = dense.result(1);
  const r = (i: number, j: number) => plainPearson(column(a, i), column(b, j));
  for (let i = 0; i < 5; i++) {
    const all = [0, 1, 2, 3].map((j) => r(i, j));
    expect(best.a.value[i]).toBeCloseTo(Math.max(0, ...all), 5);
    expect(best.a.index[i]).toBe(Math.max(...all) > 0 ? all.indexOf(Math.max(...all)) : NO_MATCH);
  }
  expect(best.b.index[2]).toBe(1);
  expect(best.b.value[2]).toBeCloseTo(1, 6);
  expect(ofA.counted).toBe(4);
  expect(ofB).toMatchObject({ counted: 4, interval: null });
  await dense.close();
});
