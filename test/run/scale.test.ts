/** Dictionaries made for scaled activations whose file does not say the scale: a run's own text tells it, and always the same. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { unscaledInRun } from "../../src/run/dictionaries.ts";
import { openHarvest, openSource, type Source, tokensFor } from "../../src/run/source.ts";
import { expectedNormScale } from "../../src/sae/geometric-median.ts";
import type { TokenShards, TokenSplit } from "../../src/text/shards.ts";
import { randomSae } from "../sae/plain-forward.ts";
import { MODEL } from "../explorer/explored-run.ts";

const CONTEXT = 6;
const folder = mkdtempSync(join(tmpdir(), "scale-"));
let engine: Engine;
let source: Source;
let shards: TokenShards;

beforeAll(async () => {
  engine = await Engine.start({ workers: 1 });
  for (let i = 0; i < 12; i++)
    writeFileSync(join(folder, `${i}.txt`), `document ${i} says that ${i ** 3} is ${i} cubed, `.repeat(3));
  source = await openSource({ model: MODEL, hook: "blocks.1.hook_resid_post", context: CONTEXT });
  const request = {
    data: [folder],
    heldoutShare: 0.5,
    trainTokens: 1e6,
    heldoutTokens: 1e6,
    minTrainTokens: 0,
    folder: join(folder, "tokens"),
    threads: 1,
  };
  shards = await tokensFor(source, request, {});
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true });
});

async function scaleOf(split: TokenSplit): Promise<number> {
  const cut = await openHarvest(engine, source);
  const batch = new Int32Array(cut.batch * CONTEXT);
  const tokens = split.contexts * CONTEXT;
  split.read(0, split.contexts, batch.subarray(0, tokens));
  const { activation } = await cut.prefix(batch);
  await cut.close();
  return expectedNormScale(activation.subarray(0, tokens * cut.dIn), cut.dIn);
}

test.each([
  ["held-out text where there is some", false],
  ["training text else", true],
])("on %s, whatever the length of context that the model was opened with", async (_, withoutHeldout) => {
  const sae = randomSae("standard", 16, 20, { normalize_activations: "expected_average_only_in" });
  const none = { ...shards.heldout, contexts: 0 };
  const text = withoutHeldout ? { ...shards, train: shards.train, heldout: none } : shards;
  const expected = await scaleOf(withoutHeldout ? shards.train : shards.heldout);
  for (const context of [CONTEXT, 4, 24]) {
    const found = await unscaledInRun(engine, { ...source, context }, text, sae);
    expect(found.normalize_activations).toBe("none");
    expect(sae.b_enc[3]! / found.b_enc[3]!).toBeCloseTo(expected, 4);
  }
  expect(await scaleOf(shards.train)).not.toBeCloseTo(await scaleOf(shards.heldout), 4);
});
