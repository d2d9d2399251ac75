/** `monosemantic explain` as a process: requests that cannot both be meant. */

import { expect, test } from "vitest";
import { monosemantic } from "./processes.ts";

test("a number of features is not passed over when all are asked for", async () => {
  const { code, stdout, stderr } = await monosemantic(
    "explain",
    "run",
    "--sampling",
    "all",
    "--features",
    "10",
  );
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr.trim()).toBe(
    "monosemantic: --sampling all takes every feature, so --features 10 has no say: leave one of the two out",
  );
});
