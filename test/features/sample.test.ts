/** The sample of activations, what is read off it token by token, and the map. */

import { describe, expect, test } from "vitest";
import {
  ActivationSample,
  commonContexts,
  type SampledRows,
} from "../../src/features/relations/activation-sample.ts";
import { analyseTokensInThread, mapInThread } from "../../src/features/relations/analysis-thread.ts";
import { BestNeighbours, type NeighbourTable } from "../../src/features/relations/best-neighbours.ts";
import type { SavedCollector, TallyBatch } from "../../src/features/pass/batch.ts";
import { mapOfDirections } from "../../src/features/relations/map.ts";
import { analyseTokens } from "../../src/features/relations/token-analysis.ts";
import { Random } from "../../src/random.ts";
import { type Dense, randomDense, sparse } from "./sparse-units.ts";

const [context, perBatch, batches] = [4, 3, 20];
const sets = [
  { units: 10, dense: randomDense(batches * perBatch * context, 10, 0.2, 1) },
  { units: 6, dense: randomDense(batches * perBatch * context, 6, 0.8, 2) },
];
const tokens = Int32Array.from({ length: batches * perBatch * context }, (_, i) => (i * 7) % 13);

function batch(n: number): TallyBatch {
  const first = n * perBatch;
  const [begin, end] = [first * context, (first + perBatch) * context];
  return {
    split: n < 5 ? "heldout" : "train",
    context,
    // Numbers restart with the split, as they do in an analysis.
    contexts: Int32Array.from({ length: perBatch }, (_, i) => (first + i) % 15),
    tokens: tokens.slice(begin, end),
    documents: new Int32Array(perBatch * context),
    activations: sets.map(({ units, dense }) => sparse(dense.slice(begin, end), units)),
  };
}

function collected(options: Partial<ConstructorParameters<typeof ActivationSample>[0]>, from = 0) {
  const set = options.set ?? 0;
  const sample = new ActivationSample({ set, units: sets[set]!.units, context, ...options });
  for (let n = from; n < batches; n++) sample.add(batch(n));
  return sample;
}

function expectContexts(rows: SampledRows, dense: Dense, numbers: readonly number[]) {
  expect([...rows.numbers]).toEqual(numbers);
  expect(rows.rowOffsets.length).toBe(numbers.length * context + 1);
  numbers.forEach((number, i) => {
    for (let t = 0; t < context; t++) {
      const [row, source] = [i * context + t, number * context + t];
      expect(rows.tokens[row]).toBe(tokens[source]);
      const found = Array.from({ length: rows.units }, () => 0);
      for (let e = rows.rowOffsets[row]!; e < rows.rowOffsets[row + 1]!; e++) {
        found[rows.indices[e]!] = rows.values[e]!;
      }
      expect(found).toEqual(dense[source]);
    }
  });
}

const every = (stride: number) =>
  [...Array(batches * perBatch).keys()].filter((number) => number % stride === 0);

describe("the sample of activations", () => {
  test("is everything where everything fits", () => {
    expectContexts(collected({}).rows(), sets[0]!.dense, every(1));
  });

  test("strides evenly when the number of contexts is known", () => {
    const rows = collected({ contexts: 60, maxTokens: 20 * context }).rows();
    expectContexts(rows, sets[0]!.dense, every(3));
  });

  test("doubles its stride when tokens or entries are too many", () => {
    expectContexts(collected({ maxTokens: 20 * context }).rows(), sets[0]!.dense, every(4));
    // 21 contexts are full at number 21, which does not lie on the new stride.
    expectContexts(collected({ maxTokens: 21 * context }).rows(), sets[0]!.dense, every(4));
    for (let maxEntries = 60; maxEntries < 200; maxEntries += 10) {
      const rows = collected({ maxEntries }).rows();
      expect(rows.values.length).toBeLessThanOrEqual(maxEntries);
      expect(rows.values.length).toBeGreaterThan(maxEntries / 3);
      const stride = rows.numbers[1]!;
      expect(Math.log2(stride) % 1).toBe(0);
      expectContexts(rows, sets[0]!.dense, every(stride));
    }
  });

  test("samples of two sets of units have contexts in common", () => {
    const options = { contexts: 60, maxTokens: 30 * context, maxEntries: 150 };
    const [features, neurons] = [collected(options).rows(), collected({ ...options, set: 1 }).rows()];
    expect(neurons.numbers.length).toBeLessThan(features.numbers.length);
    for (const [a, b] of [commonContexts(features, neurons), commonContexts(neurons, features).reverse()]) {
      expectContexts(a!, sets[0]!.dense, [...neurons.numbers]);
      expectContexts(b!, sets[1]!.dense, [...neurons.numbers]);
    }
  });

  test("samples of units of which one is read on a share of the batches have that share in common", () => {
    const options = { contexts: 15, maxTokens: 5 * context, whereRead: 1 };
    const rows = [0, 1].map((set) => {
      const sample = new ActivationSample({ set, units: sets[set]!.units, context, ...options });
      for (let n = 0; n < batches; n++) {
        const [features, neurons] = batch(n).activations;
        sample.add({ ...batch(n), activations: [features, n % 4 === 0 ? neurons : undefined] });
      }
      return sample.rows();
    });
    // Every third context of batches 0, 4, … 16: the first of each.
    const chosen = [0, 4, 8, 12, 16].map((n) => n * perBatch * context);
    for (const [set, { numbers, tokens: kept }] of rows.entries()) {
      expect([...numbers]).toEqual([0, 3, 6, 9, 12]);
      expect([...kept]).toEqual(chosen.flatMap((at) => Array.from(tokens.subarray(at, at + context))));
      const [common] = commonContexts(rows[set]!, rows[1 - set]!);
      expect(common.numbers).toEqual(numbers);
    }
  });

  test("goes on from what was saved as if nothing had happened", () => {
    const options = { set: 0, units: 10, context, maxEntries: 130 };
    const before = new ActivationSample(options);
    for (let n = 0; n < 11; n++) before.add(batch(n));
    const saved = copy(before.save());
    const after = new ActivationSample(options);
    after.restore(saved);
    for (let n = 11; n < batches; n++) after.add(batch(n));
    expect(after.rows()).toEqual(collected(options).rows());
    expect(() => new ActivationSample({ ...options, units: 11 }).restore(saved)).toThrow(
      "sample of 10 units",
    );
  });

  test("a context beyond the bound is an error, not a silent hole", () => {
    expect(() => collected({ maxEntries: 3 })).toThrow("a sample holds 3");
  });
});

function copy({ tensors, state }: SavedCollector) {
  const copies = Object.entries(tensors).map(([name, { dims, data }]) => [
    name,
    { dims, data: (data as Int32Array).slice() },
  ]);
  return { tensors: Object.fromEntries(copies), state: JSON.parse(JSON.stringify(state)) as unknown };
}

describe("tokens that a unit fires on", () => {
  const rows = tokens.length;
  const dense = randomDense(rows, 8, 0.3, 9);
  for (const [i, row] of dense.entries()) {
    row[2] = tokens[i] === 5 ? 1.5 : 0; // a token detector
    row[3] = tokens[i] === 5 || tokens[i] === 6 ? 1 : 0;
    row[6] = 0;
  }
  const sample = sparse(dense, 8, tokens, context);
  const analysis = analyseTokens(sample, 4);

  test("equal plain loops", () => {
    for (let unit = 0; unit < 8; unit++) {
      const table = Array.from({ length: 13 }, (_, token) => {
        const values = dense.filter((_, i) => tokens[i] === token).map((row) => row[unit]!);
        const active = values.filter((value) => value > 0);
        return {
          token,
          occurred: values.length,
          active: active.length,
          total: active.reduce((a, b) => a + b, 0),
        };
      }).filter(({ active }) => active > 0);
      const fired = table.reduce((sum, { active }) => sum + active, 0);
      const entropy = -table.reduce(
        (sum, { active }) => sum + (active / fired) * Math.log2(active / fired),
        0,
      );
      const found = analysis[unit]!;
      if (fired === 0) {
        expect(found).toEqual({ tokens: [], entropy: null });
        continue;
      }
      expect(found.entropy).toBeCloseTo(entropy, 12);
      const expected = table.sort((a, b) => b.total - a.total || a.token - b.token).slice(0, 4);
      expect(found.tokens.map(({ token, active, occurred }) => ({ token, active, occurred }))).toEqual(
        expected.map(({ token, active, occurred }) => ({ token, active, occurred })),
      );
      found.tokens.forEach(({ mean }, i) => {
        expect(mean).toBeCloseTo(expected[i]!.total / expected[i]!.active, 10);
      });
    }
  });

  test("a token detector has entropy 0 and its token; two tokens one bit", () => {
    const occurred = tokens.filter((token) => token === 5).length;
    expect(analysis[2]).toEqual({
      tokens: [{ token: 5, active: occurred, occurred, mean: 1.5 }],
      entropy: 0,
    });
    expect(analysis[3]!.entropy).toBeCloseTo(1, 2);
    expect(analysis[3]!.tokens.map(({ token }) => token).sort()).toEqual([5, 6]);
  });

  test("in a thread they are the same", async () => {
    expect(await analyseTokensInThread(sample)).toEqual(analyseTokens(sample));
  });
});

/** Exact neighbours of random directions around two axes, in plain loops; every tenth unit is left out. */
function twoGroups(perGroup: number): { table: NeighbourTable; group: (unit: number) => number } {
  const random = Random.of(12);
  const directions = Array.from({ length: 2 * perGroup }, (_, i) =>
    Array.from({ length: 20 }, (_, d) => (d === i % 2 ? 3 : 0) + 0.5 * random.normal()),
  );
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, d) => sum + value * b[d]!, 0);
  const best = new BestNeighbours(directions.length, 14);
  directions.forEach((a, i) =>
    directions.forEach((b, j) => {
      if (i === j || i % 10 === 0 || j % 10 === 0) return;
      const cosine = Math.fround(dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)));
      if (cosine > best.floor[i]!) best.insert(i, j, cosine);
    }),
  );
  return { table: best.table, group: (unit) => unit % 2 };
}

describe("the map", () => {
  const { table, group } = twoGroups(60);

  test("keeps two groups of directions apart, leaves out units without neighbours", () => {
    const { units, places, epochs } = mapOfDirections(table, { seed: 3 });
    expect(units.length).toBe(108);
    expect(epochs).toBe(500);
    expect(units.some((unit) => unit % 10 === 0)).toBe(false);
    const at = (i: number) => [places[2 * i]!, places[2 * i + 1]!] as const;
    // The nearest point on the map is of the same group for all, and groups' centres are far apart beside their width.
    for (let i = 0; i < units.length; i++) {
      const distances = Array.from(units, (_, j) =>
        i === j ? Infinity : Math.hypot(at(i)[0] - at(j)[0], at(i)[1] - at(j)[1]),
      );
      expect(group(units[distances.indexOf(Math.min(...distances))]!)).toBe(group(units[i]!));
    }
    const centre = (which: number) => {
      const members = [...units.keys()].filter((i) => group(units[i]!) === which);
      return [0, 1].map((axis) => members.reduce((sum, i) => sum + at(i)[axis]!, 0) / members.length);
    };
    const [a, b] = [centre(0), centre(1)];
    const closer = [...units.keys()].filter((i) => {
      const [mine, other] = group(units[i]!) === 0 ? [a, b] : [b, a];
      const distance = (c: number[]) => Math.hypot(at(i)[0] - c[0]!, at(i)[1] - c[1]!);
      return distance(mine) < distance(other);
    });
    expect(closer.length).toBe(units.length);
  });

  test("is the same to the bit with the same seed, in a thread too, and another with another", async () => {
    const first = mapOfDirections(table, { seed: 3 });
    let reported = 0;
    const second = await mapInThread(table, {
      seed: 3,
      onProgress: ({ epoch, epochs }) => (reported = epoch / epochs),
    });
    expect(second).toEqual(first);
    expect(reported).toBe(1);
    expect(mapOfDirections(table, { seed: 4 }).places).not.toEqual(first.places);
    expect(mapOfDirections(table, { seed: 3, minDistance: 0.5 }).places).not.toEqual(first.places);
  });

  test.each([0, 1, 2, 3, 5, 9])("of %d units", (count) => {
    const best = new BestNeighbours(20, 14);
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < count; j++) if (i !== j) best.insert(i, j, Math.fround(1 / (1 + Math.abs(i - j))));
    }
    const { units, places } = mapOfDirections(best.table, { seed: 0 });
    // One unit alone has no neighbour, so nothing says that it is wanted.
    expect(units.length).toBe(count === 1 ? 0 : count);
    expect(places.length).toBe(2 * units.length);
    expect(places.every(Number.isFinite)).toBe(true);
  });

  test("identical directions are no reason to fail", () => {
    const best = new BestNeighbours(40, 14);
    for (let i = 0; i < 40; i++) {
      for (let j = 0; j < 40; j++) if (i !== j && 1 > best.floor[i]!) best.insert(i, j, 1);
    }
    expect(mapOfDirections(best.table, { seed: 0 }).places.every(Number.isFinite)).toBe(true);
  });

  test("too few neighbours are refused", () => {
    const best = new BestNeighbours(40, 5);
    for (let i = 0; i < 40; i++) best.insert(i, (i + 1) % 40, 0.5);
    expect(() => mapOfDirections(best.table, { seed: 0 })).toThrow("14 are needed");
  });
});
