/**
 * The dense step in one graph against the plain float64 loops: on ONNX Runtime's CPU provider, and on its WebGPU provider
 * where there is an adapter, be it the software one that Chromium brings along.
 */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { Graph } from "../../src/engine/graph.ts";
import { largest, stopGradient } from "../../src/engine/operations/selection.ts";
import { mul } from "../../src/engine/operations/elementwise.ts";
import { reduceSum } from "../../src/engine/operations/stretching.ts";
import { gradients } from "../../src/engine/gradients.ts";
import { evaluate } from "../../src/engine/reference.ts";
import { deviceProblem, requireDevice } from "../../src/engine/require-device.ts";
import { Failure, UsageError } from "../../src/errors.ts";
import { DEVICE_OBJECTIVES } from "../../src/sae/device-objectives.ts";
import { DeviceTrainer } from "../../src/sae/device-trainer.ts";
import { resolveOptions } from "../../src/sae/presets.ts";
import {
  batches,
  type Comparison,
  compareWithLoops,
  deviceTrainer,
  type DeviceOutcome,
  STEPS_PER_RUN,
} from "./device-comparison.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start();
});
afterAll(() => engine.close());

function expectEqual(comparison: Comparison, tolerance: number): void {
  expect(comparison.parameters).toBeLessThan(tolerance);
  expect(comparison.moments).toBeLessThan(tolerance);
  expect(comparison.reports).toBeLessThan(tolerance);
  expect(comparison.firings).toBe(0);
}

describe("on the CPU", () => {
  test.each(DEVICE_OBJECTIVES)("20 steps of %s equal the plain loops", async (objective) => {
    const comparison = await compareWithLoops(engine, objective);
    expectEqual(comparison, 1e-5);
    if (objective === "topk") expect(comparison.revived).toBeGreaterThan(4);
  });

  test("also with decoder rows brought to norm 1 before Adam, as the 2023 program does", async () => {
    const published = { preset: "neel-2023", as_published: true, lambda: 1, lr_warmup: 0 } as const;
    const change = { ...published, b_dec_init: "mean", initialisation: "kaiming" } as const;
    expectEqual(await compareWithLoops(engine, "relu-l1", change), 1e-5);
  });

  test("a saved state goes on with the same bits", async () => {
    const straight = deviceTrainer(engine, "topk");
    await straight.run(batches(1, STEPS_PER_RUN));
    const saved = structuredClone(straight.save());
    await straight.run(batches(1 + STEPS_PER_RUN, STEPS_PER_RUN));
    const resumed = deviceTrainer(engine, "topk");
    resumed.restore(saved);
    await resumed.run(batches(1 + STEPS_PER_RUN, STEPS_PER_RUN));
    expect(resumed.save()).toEqual(straight.save());
    expect(resumed.dictionary()).toEqual(straight.dictionary());
    expect(resumed.stepsTaken).toBe(2 * STEPS_PER_RUN);
    await Promise.all([straight.close(), resumed.close()]);
  });

  test("a run that diverges is stopped, and what was before stands", async () => {
    const trainer = deviceTrainer(engine, "relu-l1");
    const before = Float32Array.from(trainer.save().tensors["W_enc"]!.data);
    const broken = batches(1, STEPS_PER_RUN);
    broken[2]![0] = NaN;
    await expect(trainer.run(broken)).rejects.toThrow("training diverged at step 3: the loss is NaN");
    expect(trainer.save().tensors["W_enc"]!.data).toEqual(before);
    await trainer.close();
  });

  test("what has no dense form is refused", () => {
    const options = (request: object) => resolveOptions(request, 12);
    const make = (request: object) => new DeviceTrainer(engine, { d_in: 12, options: options(request) });
    expect(() => make({ objective: "batch-topk", k: 4 })).toThrow(UsageError);
    expect(() => make({ preset: "bricken-2023" })).toThrow("use --dead none or --device cpu");
  });
});

describe("operations", () => {
  test("the largest of each row, and a boundary for gradients", async () => {
    const graph = new Graph("selection");
    const x = graph.input("x", [2, 3]);
    graph.output("largest", largest(x, 2));
    graph.output("slope", gradients(reduceSum(mul(x, stopGradient(x))), [x])[0]!);
    const rows = Float32Array.of(1, 3, 2, -4, -5, -6);
    const expected = { largest: [3, 2, -4, -5], slope: [...rows] };
    const plain = evaluate(graph, { x: rows });
    const program = await engine.load(graph);
    const run = await program.run({ x: rows });
    for (const [name, values] of Object.entries(expected)) {
      expect([...plain[name]!]).toEqual(values);
      expect([...run[name]!]).toEqual(values);
    }
    await program.release();
  });
});

describe("a device that is not there", () => {
  test("CUDA without its download says what to run", async () => {
    const attempt = requireDevice("cuda");
    // With the provider installed there is nothing to say.
    const error = await attempt.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error === undefined) return;
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).message).toMatch(
      /^--device cuda: .*(ONNXRUNTIME_NODE_INSTALL=cuda12|check its driver)/,
    );
  });

  test("the sentences are made of ONNX Runtime's words", () => {
    const missing = "OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library";
    expect(deviceProblem("cuda", missing)).toMatch(
      /not installed .*ONNXRUNTIME_NODE_INSTALL=cuda12 node \/.*onnxruntime-node\/script\/install\.js/,
    );
    const none =
      "/onnxruntime_src/webgpu_context.cc:136 f()::<lambda()> adapter_result.status == Success was false. " +
      "Failed to get a WebGPU adapter: No supported adapters\n";
    expect(deviceProblem("webgpu", none)).toMatch(
      /no GPU was found \(Failed to get a WebGPU adapter: No supp/,
    );
    expect(deviceProblem("cuda", "CUDA failure 100: no CUDA-capable device")).toContain("check its driver");
  });
});

const SWIFTSHADER = { folder: "/usr/lib/chromium", manifest: "/usr/lib/chromium/vk_swiftshader_icd.json" };

/** On the machine's own adapter, else on Chromium's software one. */
async function onWebgpu(): Promise<DeviceOutcome> {
  const program = fileURLToPath(new URL("./device-comparison.ts", import.meta.url));
  const software = {
    ...process.env,
    LD_LIBRARY_PATH: SWIFTSHADER.folder,
    VK_ICD_FILENAMES: SWIFTSHADER.manifest,
  };
  const environments = [process.env, ...(existsSync(SWIFTSHADER.manifest) ? [software] : [])];
  let outcome: DeviceOutcome | undefined;
  for (const env of environments) {
    const { stdout } = await promisify(execFile)(process.execPath, [program, "webgpu"], {
      env,
    });
    outcome = JSON.parse(stdout) as DeviceOutcome;
    if (outcome.missing === undefined) break;
  }
  return outcome!;
}

test(
  "on WebGPU, 20 steps of every objective equal the plain loops, on whatever adapter there is",
  async ({ skip }) => {
    const { missing, comparisons, elsewhere } = await onWebgpu();
    skip(missing !== undefined, missing);
    expect(Object.keys(comparisons)).toEqual([...DEVICE_OBJECTIVES]);
    for (const comparison of Object.values(comparisons)) expectEqual(comparison, 1e-4);
    expect(elsewhere).toEqual({});
  },
  // A software adapter compiles each of some thirty shaders on the CPU.
  600_000,
);
