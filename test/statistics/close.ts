import { expect } from "vitest";

/** Numbers, or lists of them, that are the same to a share of the expected one. */
export function expectClose(found: unknown, expected: unknown, tolerance = 1e-8): void {
  if (Array.isArray(expected)) {
    const list = Array.from(found as ArrayLike<unknown>);
    expect(list).toHaveLength(expected.length);
    expected.forEach((value, i) => expectClose(list[i], value, tolerance));
    return;
  }
  expect(found).toBeTypeOf("number");
  expect(Math.abs((found as number) - (expected as number))).toBeLessThanOrEqual(
    tolerance * Math.max(1e-6, Math.abs(expected as number)),
  );
}

/** How many of `trials` simulated intervals hold the truth, as a share. */
export function coverage(
  trials: number,
  truth: number,
  intervalOf: (trial: number) => readonly [number, number] | null,
): number {
  let held = 0;
  for (let trial = 0; trial < trials; trial++) {
    const interval = intervalOf(trial);
    if (interval !== null && interval[0] <= truth && truth <= interval[1]) held++;
  }
  return held / trials;
}
