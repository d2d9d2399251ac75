import { expect } from "vitest";

/** Within 1e-9, and a number. */
export function expectClose(found: number | null | undefined, expected: number): void {
  expect(found).toBeTypeOf("number");
  expect(Math.abs(found! - expected)).toBeLessThan(1e-9 * Math.max(1, Math.abs(expected)));
}
