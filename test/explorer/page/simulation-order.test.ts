/** Excerpts of a simulation: how far prediction and truth lie apart, and their order. */

import { expect, test } from "vitest";
import {
  disagreement,
  groupWords,
  inOrder,
  type SimulatedExcerpt,
} from "../../../src/explorer/page/unit/simulation-order.ts";

const excerpt = (
  group: string,
  interval: number | null,
  real: readonly number[],
  simulated: readonly number[] | null,
): SimulatedExcerpt => ({ group, interval, tokens: real.map(String), real, simulated });

const close = excerpt("interval", 3, [0, 9], [0, 8]);
const far = excerpt("interval", 7, [0, 9], [9, 0]);
const failed = excerpt("top", 11, [5, 5], null);
const any = excerpt("random", null, [0, 0], [0, 3]);

test("the mean difference over tokens; none without an answer", () => {
  expect(disagreement(close)).toBe(0.5);
  expect(disagreement(far)).toBe(9);
  expect(disagreement(failed)).toBeNull();
});

test("largest disagreement first, failures last; or groups, high intervals before low ones", () => {
  const all = [close, failed, any, far];
  expect(inOrder(all, "disagreement")).toEqual([far, any, close, failed]);
  expect(inOrder(all, "group")).toEqual([failed, far, close, any]);
  expect(all[0]).toBe(close);
});

test("a group that is not known comes last and keeps its name", () => {
  const odd = excerpt("novel", null, [1], [1]);
  expect(inOrder([odd, any], "group")).toEqual([any, odd]);
  expect([odd, any, close, failed].map(groupWords)).toEqual(["novel", "any text", "interval 4", "strongest"]);
});
