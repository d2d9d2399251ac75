/** Trees and forests beside scikit-learn's, and forests that have nothing to say. */

import { describe, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import { forestData, growForest } from "../../src/statistics/forest.ts";
import { partialDependence } from "../../src/statistics/partial-dependence.ts";
import { RegressionTree } from "../../src/statistics/regression-tree.ts";
import fixture from "../fixtures/statistics/trees.json" with { type: "json" };
import { expectClose } from "./close.ts";

const table = { a: fixture.x[0]!, b: fixture.x[1]!, c: fixture.x[2]! };
const data = forestData(table, fixture.y);

describe("beside scikit-learn", () => {
  test("one tree", () => {
    const rows = fixture.y.map((_, i) => i);
    const tree = new RegressionTree(data.factors, data.outcome, rows, { minLeaf: 3, tried: 3 }, Random.of(1));
    expectClose(
      rows.map((row) => tree.predict((factor) => data.factors[factor]!.codes[row]!)),
      fixture.tree,
    );
    const alone = { data, trees: [tree], outOfBag: [], rSquared: null, importances: [] };
    const curves = partialDependence(alone, { seed: 1, replicates: 1, replicateTrees: 1 });
    expectClose(
      curves.map(({ points }) => points.map(({ mean }) => mean.value)),
      fixture.tree_dependence,
    );
  });

  test("a forest: out-of-bag R² and curves, to what bags differ in", () => {
    const forest = growForest(data, { seed: 1, trees: 300 });
    expect(Math.abs(forest.rSquared! - fixture.forest_r_squared)).toBeLessThan(0.02);
    const curves = partialDependence(forest, { seed: 1, replicates: 2, replicateTrees: 2 });
    curves.forEach(({ points }, f) =>
      points.forEach(({ mean }, k) =>
        expect(Math.abs(mean.value - fixture.forest_dependence[f]![k]!)).toBeLessThan(0.15),
      ),
    );
  });
});

/** A grid of two factors with three seeds each; `noise` is drawn once a configuration, and a little for each seed. */
function study(signal: number, noise: number) {
  const random = Random.of(5, "forest study");
  const rows = [1, 2, 4, 8, 16, 32].flatMap((width) =>
    ["relu", "topk", "gated", "jump"].flatMap((kind) => {
      const shift = noise * random.normal();
      return [0, 1, 2].map((seed) => ({
        width,
        kind,
        seed,
        configuration: `${width} ${kind}`,
        y:
          signal * (Math.log2(width) + (kind === "topk" || kind === "gated" ? 4 : 0)) +
          shift +
          0.05 * random.normal(),
      }));
    }),
  );
  return {
    table: {
      width: rows.map(({ width }) => width),
      kind: rows.map(({ kind }) => kind),
      seed: rows.map(({ seed }) => seed),
    },
    y: rows.map(({ y }) => y),
    configurations: rows.map(({ configuration }) => configuration),
  };
}

describe("a study with effects", () => {
  const { table: factors, y, configurations } = study(1, 0.3);
  const grown = growForest(forestData(factors, y, configurations), { seed: 1, trees: 100 });
  const options = { seed: 1, replicates: 20, replicateTrees: 20 };

  test("R², importances and shares say which", () => {
    expect(grown.rSquared).toBeGreaterThan(0.85);
    const [width, kind, seed] = grown.importances.map(({ importance }) => importance!);
    expect(Math.min(width!, kind!)).toBeGreaterThan(0.3);
    expect(Math.abs(seed!)).toBeLessThan(0.02);
    const shares = partialDependence(grown, options).map(({ share }) => share!.value);
    expect(shares[0]! + shares[1]!).toBeGreaterThan(0.95);
    expect(shares[2]).toBeLessThan(0.01);
  });

  test("curves rise with what they are of, in intervals around them", () => {
    const [width, kind] = partialDependence(grown, options);
    const values = width!.points.map(({ mean }) => mean.value);
    expect(values).toEqual([...values].sort((a, b) => a - b));
    expect(values.at(-1)! - values[0]!).toBeGreaterThan(4);
    for (const { mean } of [...width!.points, ...kind!.points]) {
      expect(mean.interval![0]).toBeLessThan(mean.value + 0.3);
      expect(mean.interval![1]).toBeGreaterThan(mean.value - 0.3);
      expect(mean.interval![1] - mean.interval![0]).toBeLessThan(3);
    }
    expect(kind!.points.map(({ level }) => level)).toEqual(["gated", "jump", "relu", "topk"]);
    expect(kind!.points[3]!.mean.interval![0]).toBeGreaterThan(kind!.points[2]!.mean.interval![1]);
  });

  test("the same seed grows the same", () => {
    const again = growForest(forestData(factors, y, configurations), { seed: 1, trees: 100 });
    expect(again.outOfBag).toEqual(grown.outOfBag);
    expect(partialDependence(again, options)).toEqual(partialDependence(grown, options));
  });
});

describe("a study without", () => {
  test("R² is not above 0, unless seeds of one configuration are taken for strangers", () => {
    const { table: factors, y, configurations } = study(0, 1);
    const settings = { width: factors.width, kind: factors.kind };
    expect(
      growForest(forestData(settings, y, configurations), { seed: 1, trees: 100 }).rSquared,
    ).toBeLessThan(0.1);
    expect(growForest(forestData(settings, y), { seed: 1, trees: 100 }).rSquared).toBeGreaterThan(0.8);
  });

  test("a constant outcome, and trials without a value", () => {
    const constant = growForest(forestData({ a: [1, 2, 3, 4], b: [1, 1, 1, 2] }, [0.1, 0.1, 0.1, null]), {
      seed: 1,
      trees: 10,
    });
    expect(constant.rSquared).toBeNull();
    expect(constant.importances).toEqual([{ name: "a", importance: null }]);
    expect(partialDependence(constant, { seed: 1, replicates: 2 })[0]!.share).toBeNull();
    expect(() => growForest(forestData({ a: [1] }, [null]), { seed: 1 })).toThrow("trials");
  });
});
