/** Where the features of the rare-feature plot lie. */

import { expect, test } from "vitest";
import { rareDots } from "../../../src/explorer/page/charts/dot-places.ts";

test("features without a cosine are left out, and those that never fired have a column of their own", () => {
  const { features, dots } = rareDots(
    [-5, null, -2, -3],
    [0.9, 0.5, null, 0.1],
    -7,
    -4,
    (value) => value,
    (value) => value,
  );
  expect([...features]).toEqual([0, 1, 3]);
  expect(Array.from(dots.colour)).toEqual([1, 1, 0]);
  expect(dots.x[1]!).toBeGreaterThan(-7);
  expect(dots.x[1]!).toBeLessThan(-6);
  expect(dots.y[0]!).toBeCloseTo(0.9);
});
