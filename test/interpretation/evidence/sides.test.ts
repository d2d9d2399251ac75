/** Documents are dealt to the sides by their keys and the seed alone. */

import { describe, expect, test } from "vitest";
import { SIDES } from "../../../src/interpretation/evidence/passage.ts";
import { dealSides } from "../../../src/interpretation/evidence/sides.ts";

const shares = (sides: Uint8Array) =>
  SIDES.map((_, side) => sides.filter((one) => one === side).length / sides.length);

describe("the sides of documents", () => {
  test("are two, one and two fifths, however keys are spread", () => {
    const count = 50_000;
    const spreads = [
      (i: number) => i,
      (i: number) => 2 * i + 1,
      (i: number) => 5 * i,
      (i: number) => 2 ** 20 * i,
    ];
    for (const spread of spreads) {
      for (const seed of [0, 1, 12_345]) {
        const keys = Float64Array.from({ length: count }, (_, i) => spread(i));
        const [explain, choose, score] = shares(dealSides(count, seed, keys));
        // Four standard deviations of 50,000 draws are below 0.009.
        expect(Math.abs(explain! - 0.4)).toBeLessThan(0.009);
        expect(Math.abs(choose! - 0.2)).toBeLessThan(0.009);
        expect(Math.abs(score! - 0.4)).toBeLessThan(0.009);
      }
    }
  });

  test("do not depend on which others are read", () => {
    const all = dealSides(1000, 7);
    const keys = Float64Array.from({ length: 200 }, (_, i) => 5 * i + 3);
    expect(dealSides(200, 7, keys)).toEqual(Uint8Array.from(keys, (key) => all[key]!));
    expect(dealSides(500, 7)).toEqual(all.slice(0, 500));
    expect(dealSides(1000, 7)).toEqual(all);
    const changed = dealSides(1000, 8).filter((side, i) => side !== all[i]).length;
    expect(changed / 1000).toBeGreaterThan(0.5);
  });

  test("are all there as soon as there are three documents", () => {
    for (let count = 3; count < 20; count++) {
      for (let seed = 0; seed < 100; seed++) {
        expect(new Set(dealSides(count, seed)).size, `${count} documents, seed ${seed}`).toBe(3);
      }
    }
    for (let seed = 0; seed < 20; seed++) {
      expect([...dealSides(2, seed)].sort()).toEqual([0, 2]);
      expect([...dealSides(1, seed)]).toEqual([0]);
    }
    expect(dealSides(0, 1)).toEqual(new Uint8Array(0));
  });
});
