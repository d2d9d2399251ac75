/** Errors that say there is no memory left, as the parts of the program really word them. */

import { expect, test } from "vitest";
import { Failure, outOfMemory } from "../src/errors.ts";

const thrown = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
};

test.each<[string, unknown]>([
  ["a shared array", thrown(() => new SharedArrayBuffer(2 ** 50))],
  ["an array", thrown(() => new Float32Array(new ArrayBuffer(2 ** 50)))],
  ["ONNX Runtime", new Error("Failed to allocate memory for requested buffer of size 1207959552")],
  ["C++", new Error("std::bad_alloc")],
  ["a worker", new Error("Worker terminated due to reaching memory limit: JS heap out of memory")],
])("%s: one sentence with what to do", (_, error) => {
  expect(outOfMemory(error)).toBeInstanceOf(Failure);
  expect(outOfMemory(error)!.message).toMatch(/^out of memory \(.+\): ask for fewer features, .*--resume/);
});

test("anything else is left as it is", () => {
  expect(outOfMemory(new Error("the allocation of marks failed"))).toBeUndefined();
  expect(outOfMemory(new Failure("buffer allocation failed"))).toBeUndefined();
});
