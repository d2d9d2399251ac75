/** Columns of random activations beside a dense table, saved and restored between any two batches. */

import { describe, expect, test } from "vitest";
import type { ReadTensors } from "../../../src/files/checkpoints.ts";
import { ColumnsCollector } from "../../../src/interpretation/evidence/columns.ts";
import { randomText } from "../../features/random-activations.ts";

const chosen = [5, 0, 3];
const collector = (units: number, of = chosen) =>
  new ColumnsCollector({ name: "columns", set: 0, units, chosen: of });
const plain = (one: ColumnsCollector) => one.columns().map(({ rows, values }) => [[...rows], [...values]]);

describe("columns of chosen units", () => {
  // Thousands of entries a unit, so that blocks of every size are filled.
  const text = randomText({
    sizes: Array.from({ length: 40 }, (_, i) => 1 + (i % 12)),
    context: 64,
    density: 0.7,
  });

  test("are what a dense table says", () => {
    const one = collector(text.units);
    const expected = chosen.map((): [number[], number[]] => [[], []]);
    let first = 0;
    for (const batch of text.batches) {
      one.add(batch);
      const { rowOffsets, indices, values } = batch.activations[0]!;
      for (let row = 0; row < batch.tokens.length; row++, first++) {
        for (const [place, unit] of chosen.entries()) {
          for (let e = rowOffsets[row]!; e < rowOffsets[row + 1]!; e++) {
            if (indices[e] !== unit) continue;
            expected[place]![0].push(first);
            expected[place]![1].push(values[e]!);
          }
        }
      }
    }
    expect(plain(one)).toEqual(expected);
    expect(plain(one)).toEqual(expected);
    expect(expected[0]![0].length).toBeGreaterThan(10_000);
    expect(expected[1]![0]).toEqual([]);
  });

  test("leave out batches on which the set is not read", () => {
    const sparse = collector(text.units);
    const dense = collector(text.units);
    for (const [b, batch] of text.batches.entries()) {
      sparse.add(b % 3 === 0 ? batch : { ...batch, activations: [undefined] });
      if (b % 3 === 0) dense.add(batch);
    }
    expect(plain(sparse)).toEqual(plain(dense));
  });

  test("are the same after being saved and restored anywhere", () => {
    const straight = collector(text.units);
    for (const batch of text.batches) straight.add(batch);
    for (const stop of [0, 1, 7, text.batches.length]) {
      const first = collector(text.units);
      for (const batch of text.batches.slice(0, stop)) first.add(batch);
      const saved = first.save();
      const second = collector(text.units);
      second.restore({
        tensors: structuredClone(saved.tensors) as ReadTensors,
        state: structuredClone(saved.state),
      });
      for (const batch of text.batches.slice(stop)) {
        first.add(batch);
        second.add(batch);
      }
      expect(plain(first)).toEqual(plain(straight));
      expect(plain(second)).toEqual(plain(straight));
    }
    const { tensors, state } = straight.save();
    expect(() => collector(text.units, [1, 2]).restore({ tensors: tensors as ReadTensors, state })).toThrow(
      "other units",
    );
  });

  test("refuse a unit that is chosen twice or that there is none of", () => {
    expect(() => collector(7, [1, 1])).toThrow("unit 1");
    expect(() => collector(7, [7])).toThrow("unit 7");
  });
});
