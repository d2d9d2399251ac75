/** When a part is tried again. */

import { describe, expect, test } from "vitest";
import { verdictOn } from "../../src/study/retries.ts";
import { retrySchema } from "../../src/study/retry-policy.ts";
import type { AttemptView, Ending } from "../../src/study/state.ts";

const policy = retrySchema.parse({});
const AT = "2026-01-01T00:00:00.000Z";

type Ended = readonly [Ending | null, number | null];

/** Attempts that ended so, each at a checkpoint. */
function attempts(...ended: readonly Ended[]): AttemptView[] {
  return ended.map(([ending, checkpoint], i) => ({
    record: { number: i + 1, id: `${i}`, host: "h", pid: 1, started: AT, continues: null, slurm: null },
    progress: { at: AT, phase: "", done: 0, total: null, unit: null, memoryBytes: 0, checkpoint },
    outcome: ending === null ? null : { ending, sentence: `${ending}!`, at: AT, signal: null },
  }));
}
const times = (n: number, one: Ended) => Array.from({ length: n }, () => one);
const verdict = (...ended: readonly Ended[]) => verdictOn(attempts(...ended), 0, policy);

test("nothing has happened yet", () => {
  expect(verdict()).toEqual({ again: true, notBefore: 0, memoryFactor: 1, sentence: null });
  expect(verdict(["cancelled", null], ["superseded", null])).toMatchObject({ again: true, sentence: null });
});

describe("interruptions", () => {
  test("that get further are the normal case, however many", () => {
    expect(verdict(...Array.from({ length: 50 }, (_, i) => ["interrupted", i] as const))).toMatchObject({
      again: true,
    });
    expect(verdict(...Array.from({ length: 50 }, (_, i) => ["killed", i] as const))).toMatchObject({
      again: true,
    });
  });

  test("that save nothing new end", () => {
    expect(verdict(["interrupted", 7], ...times(3, ["time-limit", 7]))).toMatchObject({ again: true });
    expect(verdict(["interrupted", 7], ...times(4, ["time-limit", 7]))).toMatchObject({
      again: false,
      sentence: expect.stringContaining("before it could save anything new 4 times"),
    });
    expect(verdict(["interrupted", 7], ...times(3, ["time-limit", 7]), ["interrupted", 8])).toMatchObject({
      again: true,
    });
    expect(verdict(...times(4, ["interrupted", null]))).toMatchObject({ again: false });
  });

  test("of a machine have their own number", () => {
    expect(verdict(...times(10, ["node-failure", null])).again).toBe(true);
    expect(verdict(...times(11, ["killed", null])).again).toBe(false);
  });
});

test("an error of its own counts whatever was saved, and is forgiven", () => {
  expect(verdict(["failed", 1])).toMatchObject({ again: true, sentence: "failed!" });
  const twice = attempts(["failed", 1], ["failed", 2]);
  expect(verdictOn(twice, 0, policy)).toMatchObject({ again: false, sentence: "failed 2 times: failed!" });
  expect(verdictOn(twice, 2, policy)).toMatchObject({ again: true });
  expect(
    verdictOn(
      [
        ...twice,
        ...attempts(["failed", 3], ["failed", 3]).map((one, i) => ({
          ...one,
          record: { ...one.record, number: 3 + i },
        })),
      ],
      2,
      policy,
    ),
  ).toMatchObject({ again: false });
});

test("with more memory each time, and after a while on a full disk", () => {
  expect(verdict(...times(2, ["out-of-memory", null]))).toMatchObject({ again: true, memoryFactor: 2.25 });
  expect(verdict(...times(3, ["out-of-memory", null])).again).toBe(false);
  expect(verdict(["disk-full", null]).notBefore).toBe(Date.parse(AT) + 60_000);
  expect(verdict(...times(21, ["disk-full", 4])).again).toBe(false);
  // Room was made, and it got on.
  expect(verdict(...times(20, ["disk-full", 4]), ["disk-full", 5])).toMatchObject({ again: true });
});
