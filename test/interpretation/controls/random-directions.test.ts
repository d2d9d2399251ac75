/** Random directions with real parts: unit vectors whose densities are those of features. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../../src/engine/engine.ts";
import { contextsToRead, heldoutFirst } from "../../../src/features/pass/contexts-to-read.ts";
import {
  estimateRandomDirections,
  type RandomDirections,
  type RandomDirectionsRequest,
} from "../../../src/interpretation/controls/random-directions.ts";
import { readEvidence } from "../../../src/interpretation/evidence/read-evidence.ts";
import { Pool } from "../../../src/sae/pool.ts";
import { CONTEXT, openText, type ReadText } from "../evidence/read-text.ts";

const COUNT = 40;
const DENSITIES = [0, 0.002, 0, 0.01, 0.05, 0.2, 0];

const folder = mkdtempSync(join(tmpdir(), "monosemantic-random-directions-"));
let engine: Engine;
let pool: Pool;
let text: ReadText;
beforeAll(async () => {
  engine = await Engine.start({ workers: 2 });
  pool = new Pool(2);
  text = await openText(engine, folder, 700);
});
afterAll(async () => {
  await Promise.all([engine.close(), pool.close()]);
  rmSync(folder, { recursive: true });
});

const estimate = (more: Partial<RandomDirectionsRequest> = {}) =>
  estimateRandomDirections({
    pool,
    shards: text.shards,
    reader: text.readers[0],
    concurrency: 2,
    count: COUNT,
    densities: DENSITIES,
    seed: 3,
    ...more,
  });

/** Of the tokens of the text that are no separators, the share at which each direction is active. */
async function densities({ units }: RandomDirections, contexts = heldoutFirst(text.shards, Infinity)) {
  const [{ passage, columns }] = (await readEvidence({
    shards: text.shards,
    contexts,
    sets: [{ units, reader: text.readers[0], chosen: Array.from({ length: units.count }, (_, i) => i) }],
    concurrency: 2,
    seed: 0,
    tokenText: String,
  })) as [Awaited<ReturnType<typeof readEvidence>>[number]];
  const tokens = passage.documents.filter((document) => document >= 0).length;
  const active = columns.map(({ rows }) => rows.filter((row) => passage.documents[row]! >= 0).length);
  return { tokens, found: active.map((count) => count / tokens) };
}

describe("random directions", () => {
  test("have length 1, no two alike, and follow from the seed", async () => {
    const [one, again, other] = await Promise.all([estimate(), estimate(), estimate({ seed: 4 })]);
    for (let i = 0; i < COUNT; i++) {
      const direction = one.units.direction(i);
      expect(direction.reduce((sum, value) => sum + value ** 2, 0)).toBeCloseTo(1, 5);
      expect(again.units.direction(i)).toEqual(direction);
      expect(other.units.direction(i)).not.toEqual(direction);
      const next = one.units.direction((i + 1) % COUNT);
      expect(direction.reduce((sum, value, k) => sum + value * next[k]!, 0)).toBeLessThan(0.9);
    }
    expect([again.wanted, again.reached]).toEqual([one.wanted, one.reached]);
    expect(one.units).toMatchObject({ kind: "feature", count: COUNT });
    await Promise.all([one, again, other].map((directions) => directions.close()));
  });

  test("are as dense as features that are alive: exactly on the sample, nearly on other text", async () => {
    const wanted = DENSITIES.filter((density) => density > 0);
    const all = await estimate({ tokens: Infinity });
    expect(new Set(all.wanted)).toEqual(new Set(wanted));
    const { tokens, found } = await densities(all);
    expect(tokens).toBeGreaterThan(20_000);
    for (const [i, density] of found.entries()) {
      expect(density).toBeCloseTo(all.reached[i]!, 9);
      // Equal values, of which a text of twelve words has many, are on together or not at all.
      const expected = all.wanted[i]! * tokens;
      expect(Math.abs(density * tokens - expected)).toBeLessThanOrEqual(2 + 0.1 * expected);
    }
    await all.close();

    const half = heldoutFirst(text.shards, tokens / 2);
    const sampled = await estimate({ contexts: half });
    const elsewhere = await densities(
      sampled,
      contextsToRead(text.shards, { heldout: 0, train: 400 * CONTEXT }),
    );
    for (const [i, density] of elsewhere.found.entries()) {
      const expected = sampled.wanted[i]!;
      expect(Math.abs(density - expected)).toBeLessThan(0.4 * expected + 5 / elsewhere.tokens);
    }
    await sampled.close();
  });

  test("are never denser than the share of tokens above the mean", async () => {
    const dense = await estimate({ densities: [0.999], count: 3 });
    for (const density of dense.reached) {
      expect(density).toBeGreaterThan(0.2);
      expect(density).toBeLessThan(0.8);
    }
    await dense.close();
  });

  test("need a feature that is alive", async () => {
    await expect(estimate({ densities: [0, 0] })).rejects.toThrow("no feature is alive");
  });
});
