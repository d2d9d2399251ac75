/** The eight-bit sieve against the products that it stands for: whatever the numbers, it loses no candidate. */

import { expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import { instantiate, loadKernels } from "../../src/sae/kernels.ts";
import { layoutIn } from "../../src/sae/layout.ts";
import { sharedMemory } from "../../src/sae/memory.ts";
import type { ObjectiveName } from "../../src/sae/objectives.ts";
import { CHUNK, clearCandidates, FLAG, writePlan, writeScratch } from "../../src/sae/plan.ts";
import { resolveOptions } from "../../src/sae/presets.ts";
import { stepKind } from "../../src/sae/step-kind.ts";

const features = 64;
const random = Random.of(1, "screen");
const normal = () => random.normal();

interface Case {
  readonly objective?: ObjectiveName;
  readonly d: number;
  readonly weight: (i: number, k: number) => number;
  readonly input: (row: number, k: number) => number;
  readonly bias: number;
  readonly cut?: number;
}

/** Candidates with products in float32, and how many of them screening lost. */
async function screened(sample: Case): Promise<{ candidates: number; lost: number }> {
  const { objective = "relu-l1", d, cut = 0 } = sample;
  const options = resolveOptions({ objective, k: 4, k_aux: 0, expansion: features / d }, d);
  const kind = stepKind(options, features);
  const { shards, stride } = layoutIn({ d_in: d, d_sae: features, batch: CHUNK, workers: 1, kind }, 1);
  const [shard] = shards;
  const { fields, plan, capacity, blocks, slotBytes } = shard!;
  const [scratch] = shard!.scratch;
  const { record } = scratch!;
  const memory = sharedMemory(shard!.bytes);
  const kernels = instantiate(await loadKernels(), memory);
  writeScratch(memory, record, scratch!.fields);
  writePlan(memory, plan, {
    ...fields,
    features,
    batch: CHUNK,
    rowBytes: 4 * stride,
    capacity,
    blocks,
    slotBytes,
  });
  writePlan(memory, plan, {
    objective: kind.kernel,
    k: kind.k,
    groups: 1,
    flags: FLAG.screen,
    bandwidth: 0.1,
  });
  const floats = new Float32Array(memory.buffer);
  const words = new Uint32Array(memory.buffer);
  for (let i = 0; i < features; i++) {
    for (let k = 0; k < d; k++) floats[fields.W_enc / 4 + i * stride + k] = sample.weight(i, k);
    floats[fields.b_enc / 4 + i] = sample.bias;
  }
  for (let row = 0; row < CHUNK; row++) {
    for (let k = 0; k < d; k++) floats[fields.input / 4 + row * stride + k] = sample.input(row, k);
  }
  kernels.refresh(plan, 0);
  kernels.quantiseRows(plan, 0, CHUNK, record, kernels.worstError(plan));

  const z = scratch!.fields.z;
  const product = (i: number, row: number, a: (i: number, k: number) => number, b: typeof a) => {
    let sum = 0;
    for (let k = 0; k < stride; k++) sum += a(i, k) * b(row, k);
    return sum;
  };
  const found = (collect: () => void): Set<number> => {
    clearCandidates(memory, record);
    kernels.setCuts(record, CHUNK, cut);
    if (kind.ranked)
      floats.fill(-Infinity, scratch!.fields.tops / 4, scratch!.fields.tops / 4 + CHUNK * kind.k);
    collect();
    const count = words[record / 4 + 4]!;
    const { feature, key } = scratch!.fields;
    return new Set(
      Array.from({ length: count }, (_, e) => words[feature / 4 + e]! * CHUNK + (words[key / 4 + e]! >> 1)),
    );
  };
  const bytes = new Uint8Array(memory.buffer);
  const signed = new Int8Array(memory.buffer);
  for (let e = 0; e < features * CHUNK; e++) {
    words[z / 4 + e] = product(
      Math.floor(e / CHUNK),
      e % CHUNK,
      (i, k) => bytes[fields.W_q + i * stride + k]!,
      (row, k) => signed[scratch!.fields.xq + k * CHUNK + row]!,
    );
  }
  const sieved = found(() => {
    kernels.screenCuts(record);
    kernels.screenTile(plan, record, 0, CHUNK, 0, features);
  });
  for (let e = 0; e < features * CHUNK; e++) {
    floats[z / 4 + e] = product(
      Math.floor(e / CHUNK),
      e % CHUNK,
      (i, k) => floats[fields.W_enc / 4 + i * stride + k]!,
      (row, k) => floats[fields.input / 4 + row * stride + k]!,
    );
  }
  const all = found(() => kernels.collectTile(plan, record, CHUNK, 0, features));
  return { candidates: all.size, lost: [...all].filter((e) => !sieved.has(e)).length };
}

const gauss = { d: 64, weight: normal, input: normal };

test.each([
  ["ordinary numbers", { ...gauss, bias: -8 }],
  ["sums beyond 2²⁴", { d: 1536, weight: normal, input: () => 1 + 0.01 * normal(), bias: -50 }],
  ["one outlier dimension", { ...gauss, input: (_, k) => (k === 7 ? 3000 : normal()), bias: 0 }],
  [
    "features of zeros, a bias of less than a quantum",
    { d: 1536, weight: () => 0, input: () => 1, bias: 1e-3 },
  ],
  ["rows of zeros", { ...gauss, input: (row) => (row % 2 === 0 ? 0 : normal()), bias: 1e-3 }],
  ["inputs whose squares are 0", { ...gauss, input: () => 1e-25 * normal(), bias: 0 }],
  ["weights whose squares are 0", { ...gauss, weight: () => 1e-25 * normal(), bias: 0 }],
  ["inputs near the least float", { ...gauss, input: () => 1e-38 * normal(), bias: 0 }],
  ["weights near the least float", { ...gauss, weight: () => 1e-38 * normal(), bias: 1 }],
  ["a bias and a cut that cancel", { ...gauss, objective: "topk", bias: 1e6, cut: 1e6 }],
] satisfies [string, Case][])("%s", async (_, sample: Case) => {
  const { candidates, lost } = await screened(sample);
  expect(candidates).toBeGreaterThan(100);
  expect(lost).toBe(0);
});
