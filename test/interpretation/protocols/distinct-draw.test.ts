import { expect, test } from "vitest";
import { drawDistinct } from "../../../src/interpretation/protocols/distinct-draw.ts";
import { ascendingOrder } from "../../../src/interpretation/protocols/order.ts";
import { Random } from "../../../src/random.ts";

test("a draw has each place at most once, refuses what it is told to, and ends when none is left", () => {
  for (let seed = 0; seed < 50; seed++) {
    const even = drawDistinct(20, 30, Random.of(seed), (place) => (place % 2 === 0 ? place : null));
    expect(even.toSorted((a, b) => a - b)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
    expect(drawDistinct(20, 3, Random.of(seed), (place) => place)).toHaveLength(3);
  }
});

test("every place is drawn as often as every other, at every turn", () => {
  const counts = Array.from({ length: 3 }, () => Array.from({ length: 5 }, () => 0));
  for (let seed = 0; seed < 5000; seed++) {
    const drawn = drawDistinct(5, 3, Random.of(seed, "draw"), (place) => place);
    for (const [turn, place] of drawn.entries()) counts[turn]![place]!++;
  }
  for (const count of counts.flat()) expect(Math.abs(count - 1000)).toBeLessThan(130);
});

test("order is by value, of equals the first one first", () => {
  const random = Random.of(0, "order");
  for (const size of [0, 1, 2, 500]) {
    const values = Float32Array.from({ length: size }, () => random.integer(50) / 7 + 1e-30);
    const plain = [...values.keys()].sort((a, b) => values[a]! - values[b]! || a - b);
    expect([...ascendingOrder(values)]).toEqual(plain);
    // Of a part of a larger array.
    expect([...ascendingOrder(values.subarray(1))]).toEqual(plain.filter((i) => i > 0).map((i) => i - 1));
  }
});
