import { describe, expect, test } from "vitest";
import { compareActivations } from "../../../src/features/comparison/activations.ts";
import { compareInThread } from "../../../src/features/comparison/comparison-thread.ts";
import { comparePairs, NO_MATCH } from "../../../src/features/comparison/pairs.ts";
import { Random } from "../../../src/random.ts";
import { column, plainPearson, rowsOf } from "./sparse.ts";

const OPTIONS = { minActive: 1, threshold: 0.4, correlated: 0.2, maxEdges: 1000, seed: 0 };

/** Sparse activations [tokens][units], each unit of another density. */
function activations(random: Random, tokens: number, units: number): number[][] {
  return Array.from({ length: tokens }, () =>
    Array.from({ length: units }, (_, unit) =>
      random.uniform() < 0.5 / (unit + 1) ? Math.fround(random.uniform() * 3 + 0.01) : 0,
    ),
  );
}

describe("pairs of features", () => {
  test("equal plain loops over all pairs", () => {
    const random = Random.of(1, "pairs");
    const a = activations(random, 300, 6);
    // Half of b's features follow one of a's, so that there is something to find.
    const b = activations(random, 300, 8).map((row, t) =>
      row.map((g, j) => (j < 4 ? Math.fround(a[t]![j]! + (t % 3 === 0 ? g : 0)) : g)),
    );
    const { correlation, masked, edges } = comparePairs(rowsOf(a), rowsOf(b), OPTIONS);
    const cosine = (f: readonly number[], g: readonly number[], mask: readonly number[]) => {
      const on = mask.flatMap((value, t) => (value > 0 ? [t] : []));
      const dot = (x: readonly number[], y: readonly number[]) =>
        on.reduce((sum, t) => sum + x[t]! * y[t]!, 0);
      return dot(f, g) / (Math.sqrt(dot(f, f) * dot(g, g)) || 1);
    };
    const r = a[0]!.map((_, i) => b[0]!.map((_, j) => plainPearson(column(a, i), column(b, j))));
    const m = a[0]!.map((_, i) =>
      b[0]!.map((_, j) => {
        const [f, g] = [column(a, i), column(b, j)];
        return Math.max(cosine(f, g, f), cosine(f, g, g));
      }),
    );
    const check = (table: number[][], best: { index: Int32Array; value: Float32Array }) => {
      table.forEach((row, i) => {
        const most = Math.max(...row);
        expect(best.index[i]).toBe(most > 0 ? row.indexOf(most) : NO_MATCH);
        expect(best.value[i]).toBeCloseTo(Math.max(0, most), 6);
      });
    };
    const turned = (table: number[][]) => table[0]!.map((_, j) => table.map((row) => row[j]!));
    check(r, correlation.a);
    check(turned(r), correlation.b);
    check(m, masked.a);
    check(turned(m), masked.b);
    const expected = m.flatMap((row, i) =>
      row.flatMap((value, j) => (value > 0.4 ? [{ i, j, value, r: r[i]![j]! }] : [])),
    );
    const found = Array.from(edges.a, (i, e) => ({
      i,
      j: edges.b[e]!,
      value: edges.cosine[e]!,
      r: edges.correlation[e]!,
    }));
    found.sort((x, y) => x.i - y.i || x.j - y.j);
    expect(found.map(({ i, j }) => [i, j])).toEqual(expected.map(({ i, j }) => [i, j]));
    for (const [e, { value, r }] of expected.entries()) {
      expect(found[e]!.value).toBeCloseTo(value, 6);
      expect(found[e]!.r).toBeCloseTo(r, 6);
    }
    expect(edges.count).toBe(expected.length);
    expect([...edges.degreeA]).toEqual(m.map((row) => row.filter((value) => value > 0.4).length));
    expect([...edges.correlatedA]).toEqual(
      m.map((row, i) => row.filter((value, j) => value > 0.4 && r[i]![j]! > 0.2).length),
    );
    expect([...edges.degreeB]).toEqual(turned(m).map((row) => row.filter((value) => value > 0.4).length));
  });

  test("edges are counted beyond those that are listed", () => {
    const a = Array.from({ length: 4 }, () => [1, 1, 1]);
    const { edges } = comparePairs(rowsOf(a), rowsOf(a), { ...OPTIONS, maxEdges: 2 });
    expect(edges).toMatchObject({ count: 9 });
    expect(edges.a).toHaveLength(2);
    expect([...edges.degreeA]).toEqual([3, 3, 3]);
  });

  test("features active on too few tokens take no part, on either side", () => {
    const a = [...Array.from({ length: 20 }, (_, t) => [t % 2, Number(t === 3)]), [0, 0]];
    const few = comparePairs(rowsOf(a), rowsOf(a), { ...OPTIONS, minActive: 2 });
    expect([...few.correlation.a.index]).toEqual([0, NO_MATCH]);
    expect([...few.correlation.b.index]).toEqual([0, NO_MATCH]);
    const all = comparePairs(rowsOf(a), rowsOf(a), OPTIONS);
    expect([...all.correlation.a.index]).toEqual([0, 1]);
  });
});

describe("a comparison", () => {
  const random = Random.of(2, "comparison");

  test("of a permuted copy finds the permutation, in a thread too", async () => {
    const a = activations(random, 640, 12);
    const order = random.permutation(12);
    const b = a.map((row) => Array.from(order, (unit) => row[unit]!));
    const found = compareActivations(rowsOf(a), rowsOf(b), 16, OPTIONS);
    expect([...found.pairs.correlation.b.index]).toEqual([...order]);
    expect(found.matches.a).toEqual({ counted: 12, median: 1, interval: [1, 1], heldOutMedian: 1 });
    expect(found.matches.b.median).toBe(1);
    const threaded = await compareInThread({ a: rowsOf(a), b: rowsOf(b), context: 16, options: OPTIONS });
    expect(threaded).toEqual(found);
  });

  test("of a feature that splits: an edge to each part, and the parts' correlations below one", () => {
    // a0 fires where any of b0, b1, b2 does; a1 and b3 have nothing to do with them.
    const parts = Array.from({ length: 2400 }, () => {
      const which = random.integer(60);
      return [0, 1, 2].map((part) => (part === which ? 1 + random.uniform() : 0));
    });
    const a = parts.map((row, t) => [Math.max(...row), Number(t % 31 === 0)]);
    const b = parts.map((row, t) => [...row, Number(t % 29 === 0)]);
    const { pairs } = compareActivations(rowsOf(a), rowsOf(b), 24, { ...OPTIONS, minActive: 5 });
    const edges = Array.from(pairs.edges.a, (i, e) => `${i}-${pairs.edges.b[e]}`).sort();
    expect(edges).toEqual(["0-0", "0-1", "0-2"]);
    expect([...pairs.edges.degreeA]).toEqual([3, 0]);
    expect([...pairs.edges.correlatedA]).toEqual([3, 0]);
    expect([...pairs.edges.correlatedB]).toEqual([1, 1, 1, 0]);
    for (const part of [0, 1, 2]) {
      expect(pairs.masked.b.value[part]).toBeCloseTo(1, 6);
      expect(pairs.correlation.b.value[part]).toBeLessThan(0.8);
    }
  });

  test("of unrelated rare features: matches look good, and not on other contexts", () => {
    const sparse = () =>
      Array.from({ length: 3200 }, () =>
        Array.from({ length: 60 }, () => (random.uniform() < 0.003 ? 1 : 0)),
      );
    const { a } = compareActivations(rowsOf(sparse()), rowsOf(sparse()), 16, OPTIONS).matches;
    expect(a.median).toBeGreaterThan(0.08);
    expect(a.heldOutMedian).toBeLessThan(0.03);
  });

  test("of few contexts has an interval around the median, of one context none", () => {
    const a = activations(random, 480, 10);
    const b = a.map((row) => row.map((f) => (f > 0 ? f + random.uniform() : 0)));
    const { matches } = compareActivations(rowsOf(a), rowsOf(b), 12, OPTIONS);
    expect(matches.a.interval![0]).toBeLessThan(matches.a.median!);
    expect(matches.a.interval![1]).toBeGreaterThan(matches.a.median!);
    expect(matches.a.interval![1] - matches.a.interval![0]).toBeLessThan(0.1);
    const alone = compareActivations(rowsOf(a), rowsOf(b), 480, OPTIONS).matches.a;
    expect(alone).toMatchObject({ interval: null, heldOutMedian: null, median: matches.a.median });
  });

  test("of features that never fire is empty, not wrong", () => {
    const nothing = rowsOf(Array.from({ length: 32 }, () => [0, 0]));
    const { matches, pairs } = compareActivations(nothing, nothing, 16, OPTIONS);
    expect(matches.a).toEqual({ counted: 0, median: null, interval: null, heldOutMedian: null });
    expect(pairs.edges.count).toBe(0);
  });

  test("can be stopped", async () => {
    const a = rowsOf(activations(random, 64, 4));
    const stop = new AbortController();
    const running = compareInThread({ a, b: a, context: 16, options: OPTIONS }, stop.signal);
    stop.abort(new Error("stopped"));
    await expect(running).rejects.toThrow("stopped");
  });
});
