/** What training leaves behind, folded and run on raw x, against the objective's own float64 forward pass on s·x. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import { finishedDictionary, type TrainedDictionary } from "../../src/sae/finished.ts";
import { SaeForward } from "../../src/sae/forward.ts";
import { type ObjectiveName, OBJECTIVES } from "../../src/sae/objectives.ts";
import { Pool } from "../../src/sae/pool.ts";
import { referenceState } from "../../src/sae/reference/state.ts";
import { referenceForward } from "../../src/sae/reference/step.ts";
import { readSae, writeSae } from "../../src/sae/saelens.ts";
import { plainForward } from "./plain-forward.ts";

const [d_in, d_sae, rows, s, k] = [19, 57, 40, 2.5, 6];
const x = ((random) => Float32Array.from({ length: rows * d_in }, () => 0.4 + random.normal()))(
  Random.of(11),
);
const scaled = Float64Array.from(x, (value) => s * value);

let pool: Pool;
beforeAll(() => {
  pool = new Pool(2);
});
afterAll(() => pool.close());

/** What training reports about the batch, with activations by row. */
function trainedOn(objective: ObjectiveName, apply_b_dec_to_input: boolean) {
  const random = Random.of(5, objective);
  const normals = (length: number, scale = 1) => Float32Array.from({ length }, () => scale * random.normal());
  const parameters: Record<string, Float32Array> = {
    W_enc: normals(d_sae * d_in, 0.3),
    // Norms far from 1: only april-2024 may change the matrices.
    W_dec: normals(d_sae * d_in, 0.2),
    b_dec: normals(d_in),
    ...(objective === "gated"
      ? { b_gate: normals(d_sae), r_mag: normals(d_sae, 0.3), b_mag: normals(d_sae) }
      : { b_enc: normals(d_sae) }),
    ...(objective === "jumprelu" && { threshold: normals(d_sae).map(Math.abs) }),
  };
  const options = {
    objective,
    Lambda: 1,
    centred: apply_b_dec_to_input,
    k,
    groups: [20, d_sae],
    targetL0: k,
    sparsityPenalty: 1,
  };
  const state = referenceState(d_in, d_sae, parameters);
  const seen = referenceForward(state, scaled, options);
  const trained: TrainedDictionary = {
    objective,
    d_in,
    d_sae,
    parameters,
    k,
    scale: s,
    apply_b_dec_to_input,
    metadata: { hook_name: "blocks.1.hook_mlp_out" },
  };
  // One batch's selection is a threshold between the smallest kept and the largest dropped activation.
  const all = referenceForward(state, scaled, { ...options, k: d_sae }).f;
  const smallestKept = Math.min(...seen.f.filter((value) => value > 0));
  const largestDropped = Math.max(...all.filter((value, e) => value > 0 && seen.f[e] === 0));
  return { trained, seen, smallestKept, between: (smallestKept + largestDropped) / 2 };
}

const finish = (trained: TrainedDictionary, inferenceThreshold: number) =>
  finishedDictionary({ ...trained, inferenceThreshold });

describe.each(OBJECTIVES)("%s", (objective) => {
  test.each([true, false])(
    "on raw x equals training on s·x, over s; b_dec at the input: %s",
    async (centred) => {
      const { trained, seen, between } = trainedOn(objective, centred);
      const sae = finish(trained, between);
      const norm = (i: number) =>
        objective === "april-2024"
          ? Math.hypot(...trained.parameters["W_dec"]!.subarray(i * d_in, (i + 1) * d_in))
          : 1;
      const forward = await SaeForward.create(pool, sae);
      const { rowOffsets, indices, values, reconstruction } = await forward.reconstruct(x);
      await forward.close();
      const f = new Float64Array(rows * d_sae);
      for (let j = 0; j < rows; j++)
        for (let e = rowOffsets[j]!; e < rowOffsets[j + 1]!; e++) f[j * d_sae + indices[e]!] = values[e]!;
      expect(values.length).toBeGreaterThan(rows);
      seen.f.forEach((value, e) =>
        expect(Math.abs(f[e]! - (value * norm(e % d_sae)) / s)).toBeLessThan(1e-5),
      );
      seen.reconstruction.forEach((value, e) =>
        expect(Math.abs(reconstruction[e]! - value / s)).toBeLessThan(1e-5),
      );
    },
  );

  test("comes back from a SAELens folder as it was", () => {
    const { trained, between } = trainedOn(objective, true);
    const sae = finish(trained, between);
    const folder = mkdtempSync(join(tmpdir(), "monosemantic-test-"));
    writeSae(folder, sae);
    const back = readSae(folder);
    rmSync(folder, { recursive: true });
    expect({ ...back, metadata: {} }).toEqual({ ...sae, metadata: {} });
    expect(back.metadata).toMatchObject(sae.metadata);
  });

  test("keeps what it was told and shares no memory", () => {
    const { trained, between } = trainedOn(objective, false);
    const sae = finish(trained, between);
    expect(sae).toMatchObject({
      d_in,
      d_sae,
      apply_b_dec_to_input: false,
      normalize_activations: "none",
      metadata: trained.metadata,
    });
    const buffers = Object.values(trained.parameters).map(({ buffer }) => buffer);
    for (const value of Object.values(sae))
      if (value instanceof Float32Array) expect(buffers).not.toContain(value.buffer);
    if (objective !== "april-2024") {
      expect(sae.W_enc).toEqual(trained.parameters["W_enc"]);
      expect(sae.W_dec).toEqual(trained.parameters["W_dec"]);
      return;
    }
    for (let i = 0; i < d_sae; i++)
      expect(Math.hypot(...sae.W_dec.subarray(i * d_in, (i + 1) * d_in))).toBeCloseTo(1, 6);
  });
});

test("a feature at the inference threshold itself is not active, as in SAELens", () => {
  const { trained, seen, smallestKept } = trainedOn("batch-topk", true);
  const active = (threshold: number) =>
    plainForward(finish({ ...trained, scale: 1 }, threshold), Float32Array.from(scaled))
      .f.flat()
      .filter((value) => value > 0).length;
  const kept = seen.f.filter((value) => value > 0).length;
  expect(kept).toBe(rows * k);
  expect(active(smallestKept * (1 + 1e-4))).toBe(kept - 1);
  expect(active(smallestKept * (1 - 1e-4))).toBe(kept);
});

test("april-2024: a feature whose decoder row is 0 never fires and breaks nothing", () => {
  const { trained } = trainedOn("april-2024", true);
  trained.parameters["W_dec"]!.fill(0, 0, d_in);
  const { f, reconstruction } = plainForward(finishedDictionary(trained), x);
  expect(f.every((row) => row[0] === 0)).toBe(true);
  expect(reconstruction.flat().every(Number.isFinite)).toBe(true);
});

test("what is missing is named", () => {
  const { trained } = trainedOn("batch-topk", true);
  expect(() => finishedDictionary(trained)).toThrow(/batch-topk has no inferenceThreshold/);
});
