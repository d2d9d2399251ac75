/** Nearest units by direction and by activation, and neurons in a direction, beside plain loops. */

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { alignedNeurons, isNeuronBasis } from "../../src/features/logits/alignment.ts";
import {
  correlatedOthersInThread,
  correlatedUnitsInThread,
} from "../../src/features/relations/analysis-thread.ts";
import { type NeighbourTable, neighboursOf } from "../../src/features/relations/best-neighbours.ts";
import { correlatedOthers, correlatedUnits } from "../../src/features/relations/correlation.ts";
import { decoderNeighbours } from "../../src/features/relations/decoder-neighbours.ts";
import { readConfig } from "../../src/model/config.ts";
import { Random } from "../../src/random.ts";
import { type Dense, randomDense, sparse } from "./sparse-units.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start({ workers: 2 });
});
afterAll(() => engine.close());

/** The k best of row i, where `value` says how good j is; undefined leaves j out. */
function plainBest(count: number, k: number, value: (j: number) => number | undefined) {
  return Array.from({ length: count }, (_, index) => ({ index, value: value(index) }))
    .filter((entry): entry is { index: number; value: number } => entry.value !== undefined)
    .sort((a, b) => b.value - a.value || a.index - b.index)
    .slice(0, k);
}

function expectTable(
  table: NeighbourTable,
  rows: number,
  plain: (row: number) => ReturnType<typeof plainBest>,
) {
  for (let row = 0; row < rows; row++) {
    const [found, expected] = [neighboursOf(table, row), plain(row)];
    expect(found.map(({ index }) => index)).toEqual(expected.map(({ index }) => index));
    found.forEach(({ value }, n) => expect(value).toBeCloseTo(expected[n]!.value, 5));
  }
}

describe("nearest directions", () => {
  const [count, dIn, k] = [53, 11, 6];
  const random = Random.of(1);
  const rows = Array.from({ length: count }, () =>
    Float32Array.from({ length: dIn }, () => 3 * random.normal()),
  );
  rows[20]!.fill(0);
  rows[41] = rows[7]!.map((value) => 2 * value);
  const units = { count, dIn, direction: (index: number) => rows[index]! };
  const cosine = (a: Float32Array, b: Float32Array) => {
    const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, d) => sum + value * y[d]!, 0);
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  };

  test.each([1000, 53, 16, 7, 1])("equal plain loops, in tiles of %d", async (tile) => {
    const table = await decoderNeighbours(engine, units, { k, tile });
    expectTable(table, count, (i) =>
      plainBest(count, k, (j) => (i === j || i === 20 || j === 20 ? undefined : cosine(rows[i]!, rows[j]!))),
    );
    expect(neighboursOf(table, 7)[0]!.index).toBe(41);
    expect(neighboursOf(table, 7)[0]!.value).toBeCloseTo(1, 6);
    expect(neighboursOf(table, 7)[0]!.value).toBeLessThanOrEqual(1);
  });

  test("only among the units that are wanted", async () => {
    const among = [2, 3, 5, 7, 20, 30, 41];
    const table = await decoderNeighbours(engine, units, { k, among, tile: 4 });
    const wanted = new Set(among.filter((unit) => unit !== 20));
    expectTable(table, count, (i) =>
      plainBest(count, k, (j) =>
        i !== j && wanted.has(i) && wanted.has(j) ? cosine(rows[i]!, rows[j]!) : undefined,
      ),
    );
    const empty = await decoderNeighbours(engine, units, { k, among: [20] });
    expect(empty.counts.every((n) => n === 0)).toBe(true);
  });

  test("of equal cosines the lower number comes first", async () => {
    const same = { count: 9, dIn: 2, direction: () => Float32Array.of(1, 0) };
    const table = await decoderNeighbours(engine, same, { k: 3, tile: 2 });
    expect(neighboursOf(table, 5).map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(neighboursOf(table, 1).map(({ index }) => index)).toEqual([0, 2, 3]);
  });
});

/** Pearson correlation of two columns over all rows, from the definition; undefined without variance. */
function pearson(a: Dense, i: number, b: Dense, j: number): number | undefined {
  const column = (table: Dense, unit: number) => table.map((row) => row[unit]!);
  const centred = (values: number[]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.map((value) => value - mean);
  };
  const [x, y] = [centred(column(a, i)), centred(column(b, j))];
  const dot = (p: number[], q: number[]) => p.reduce((sum, value, n) => sum + value * q[n]!, 0);
  const scale = Math.sqrt(dot(x, x) * dot(y, y));
  return scale > 0 ? dot(x, y) / scale : undefined;
}

describe("correlation", () => {
  const [units, others] = [23, 9];
  const features = randomDense(300, units, 0.15, 2);
  const neurons = randomDense(300, others, 0.6, 3);
  for (const row of features) {
    row[4] = 0;
    row[11] = row[6]!;
    row[15] = row[6]! > 0 ? 0 : 1;
    row[17] = 2;
  }
  for (const [i, row] of neurons.entries()) row[3] = 2 * features[i]![6]!;
  const [a, b] = [sparse(features, units), sparse(neurons, others)];
  const positive = (r: number | undefined) => (r !== undefined && r > 0 ? r : undefined);

  test("of units with each other equals plain loops", async () => {
    const table = correlatedUnits(a, 5);
    expectTable(table, units, (i) =>
      plainBest(units, 5, (j) => (i === j ? undefined : positive(pearson(features, i, features, j)))),
    );
    expect(neighboursOf(table, 6)[0]).toEqual({ index: 11, value: 1 });
    expect(neighboursOf(table, 4)).toEqual([]);
    expect(neighboursOf(table, 17)).toEqual([]);
    expect(await correlatedUnitsInThread(a, 5)).toEqual(table);
  });

  test("of features with neurons equals plain loops", async () => {
    const table = correlatedOthers(a, b, 4);
    expectTable(table, units, (i) => plainBest(others, 4, (j) => positive(pearson(features, i, neurons, j))));
    expect(neighboursOf(table, 11)[0]!.index).toBe(3);
    expect(neighboursOf(table, 11)[0]!.value).toBeCloseTo(1, 6);
    expect(await correlatedOthersInThread(a, b, 4)).toEqual(table);
  });

  test("needs the same tokens, and can be stopped", async () => {
    expect(() => correlatedOthers(a, sparse(neurons.slice(1), others), 2)).toThrow("300 and 299 rows");
    await expect(correlatedOthersInThread(a, sparse([], others), 2)).rejects.toThrow("300 and 0 rows");
    const stopped = new AbortController();
    const result = correlatedUnitsInThread(a, 5, { signal: stopped.signal });
    stopped.abort(new Error("enough"));
    await expect(result).rejects.toThrow("enough");
  });

  test("without tokens there is none", () => {
    expect(correlatedUnits(sparse([], units), 3).counts.every((n) => n === 0)).toBe(true);
  });
});

describe("neurons in a direction", () => {
  test("the largest in size, with sign and share", () => {
    const found = alignedNeurons(Float32Array.of(0.5, -2, 0, 1, -1), 3);
    expect(found).toEqual([
      { index: 1, value: -2, share: 2 / 4.5 },
      { index: 3, value: 1, share: 1 / 4.5 },
      { index: 4, value: -1, share: 1 / 4.5 },
    ]);
    expect(alignedNeurons(Float32Array.of(0, 3, 0), 3)).toEqual([{ index: 1, value: 3, share: 1 }]);
    expect(alignedNeurons(new Float32Array(4), 3)).toEqual([]);
  });

  test("equal a sort of all", () => {
    const random = Random.of(6);
    const direction = Float32Array.from({ length: 200 }, () => random.normal());
    const order = [...direction.keys()].sort((i, j) => Math.abs(direction[j]!) - Math.abs(direction[i]!));
    expect(alignedNeurons(direction, 8).map(({ index }) => index)).toEqual(order.slice(0, 8));
  });

  test("only where the basis is neurons", () => {
    const config = readConfig(join(import.meta.dirname, "../fixtures/models/gelu"));
    expect(isNeuronBasis(config, "blocks.1.mlp.hook_post")).toBe(true);
    expect(isNeuronBasis(config, "blocks.1.mlp.hook_pre")).toBe(true);
    expect(isNeuronBasis(config, "blocks.0.hook_resid_post")).toBe(false);
    expect(isNeuronBasis(config, "blocks.0.hook_mlp_out")).toBe(false);
  });
});
