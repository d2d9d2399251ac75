/** With a seed of the stream's own, a dictionary is the same to the bit whatever else is trained beside it. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import type { RunRequest } from "../../src/run/request.ts";
import { run } from "../../src/run/run.ts";
import type { SaeRequest } from "../../src/sae/options.ts";
import { records } from "../text/sentences.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-stream-seed-"));
const data = join(folder, "text.jsonl");
beforeAll(() => writeFileSync(data, records(Random.of(3, "stream seed"), 200)));
afterAll(() => rmSync(folder, { recursive: true }));

/** Features that hardly ever fire at first, and a restart in the middle, which draws inputs from the buffer. */
const dictionary = (more: SaeRequest): SaeRequest => ({
  batch: 128,
  tokens: 20_000,
  dead: "bricken-resample",
  resample_at: [0.4, 0.6],
  resample_inputs: 1024,
  ...more,
});

async function trained(out: string, dictionaries: SaeRequest[], names: string[], streamSeed?: number) {
  const request: RunRequest = {
    model: "test/fixtures/models/text",
    hook: "blocks.1.hook_resid_pre",
    context: 24,
    data: [data],
    heldoutShare: 0.2,
    // Several rounds, so that the order within a round matters too.
    bufferMb: 0.2,
    whenTextEnds: "epoch",
    dictionaries,
    streamSeed,
    names,
    evaluationTokens: 2000,
    evaluateAt: [],
    out: join(folder, out),
    resume: false,
    checkpointMinutes: 60,
    threads: 1,
    config: {},
    command: [],
  };
  await run(request);
  const read = (path: string) => readFileSync(join(request.out, path));
  return {
    seed: JSON.parse(read("run.json").toString()).seed,
    weights: read("saes/wanted/sae_weights.safetensors"),
    evaluation: JSON.parse(read("saes/wanted/evaluation.json").toString()),
    resampled: read("metrics.jsonl")
      .toString()
      .split("\n")
      .some((line) => line.includes('"wanted"') && line.includes('"resample"')),
  };
}

test("alone and between two others, with restarts of dead features", async () => {
  const wanted = dictionary({ expansion: 4, Lambda: 3, seed: 5 });
  const alone = await trained("alone", [wanted], ["wanted"], 11);
  const others = [
    dictionary({ expansion: 2, Lambda: 1, seed: 0 }),
    dictionary({ expansion: 8, Lambda: 6, seed: 2 }),
  ];
  const between = await trained("between", [others[0]!, wanted, others[1]!], ["a", "wanted", "b"], 11);
  expect(alone.resampled).toBe(true);
  expect([alone.seed, between.seed]).toEqual([11, 11]);
  expect(between.weights.equals(alone.weights)).toBe(true);
  const { seconds: _a, ...left } = between.evaluation;
  const { seconds: _b, ...right } = alone.evaluation;
  expect(left).toEqual(right);

  const own = await trained("own", [wanted], ["wanted"]);
  expect(own.seed).toBe(5);
  expect(own.weights.equals(alone.weights)).toBe(false);
});
