/** Dictionaries saved by SAELens, read here, against the activations and reconstructions that SAELens computes. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSafetensors } from "../../src/files/safetensors.ts";
import { SaeForward } from "../../src/sae/forward.ts";
import { Pool } from "../../src/sae/pool.ts";
import { readSae } from "../../src/sae/saelens.ts";

const SAES = join(import.meta.dirname, "..", "fixtures", "saes");
/** Not implemented, and refused by name. */
const REFUSED = "standard-constant_norm_rescale";

let pool: Pool;
beforeAll(() => {
  pool = new Pool(2);
});
afterAll(() => pool.close());

const names = readdirSync(SAES).filter((name) => existsSync(join(SAES, name, "cfg.json")));

test.each(names.filter((name) => name !== REFUSED))("%s", async (name) => {
  const file = openSafetensors(join(SAES, name, "expected.safetensors"));
  const [x, acts, expected] = ["x", "feature_acts", "reconstruction"].map((tensor) =>
    file.readFloats(tensor),
  );
  file.close();
  // SAELens leaves the scale to its caller, so the dictionary works on x as it is here.
  const sae = { ...readSae(join(SAES, name)) };
  if (sae.normalize_activations === "expected_average_only_in") sae.normalize_activations = "none";
  const forward = await SaeForward.create(pool, sae);
  const { rowOffsets, indices, values, reconstruction } = await forward.reconstruct(x!);
  await forward.close();
  const f = new Float32Array(acts!.length);
  for (let j = 0; j + 1 < rowOffsets.length; j++)
    for (let e = rowOffsets[j]!; e < rowOffsets[j + 1]!; e++) f[j * sae.d_sae + indices[e]!] = values[e]!;
  const worst = (a: Float32Array, b: Float32Array) =>
    a.reduce((most, value, e) => Math.max(most, Math.abs(value - b[e]!)), 0);
  expect(acts!.some((value) => value > 0)).toBe(true);
  expect(worst(acts!, f)).toBeLessThan(1e-5);
  expect(worst(expected!, reconstruction)).toBeLessThan(1e-5);
});

test("a normalisation that is not implemented is refused", () => {
  expect(() => readSae(join(SAES, REFUSED))).toThrow(/constant_norm_rescale.* is not implemented/);
});
