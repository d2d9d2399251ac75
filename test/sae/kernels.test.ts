import { expect, test } from "vitest";
import { compileKernels, instantiate, loadKernels } from "../../src/sae/kernels.ts";
import { PLAN_BYTES, SCRATCH_BYTES } from "../../src/sae/plan.ts";

test("host and kernels agree on the records' fields", async () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const kernels = instantiate(await loadKernels(), memory);
  expect(kernels.planBytes()).toBe(PLAN_BYTES);
  expect(kernels.scratchBytes()).toBe(SCRATCH_BYTES);
});

test("a source that does not compile is reported with its place", async () => {
  await expect(
    compileKernels({ "index.ts": "export function f(): i32 { return missing; }" }),
  ).rejects.toThrow(/do not compile[\s\S]*missing/);
});
