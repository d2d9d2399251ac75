/** Runs that share a cache of activations: the same dictionaries as without one, and one harvest for all of them. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import { LAUNCHER, monosemantic, start } from "../cli/processes.ts";
import { records } from "../text/sentences.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-cache-"));
afterAll(() => rmSync(folder, { recursive: true }));

const random = Random.of(7, "cache");
const data = join(folder, "text.jsonl");
writeFileSync(data, records(random, 200));

const FLAGS = {
  model: "test/fixtures/models/text",
  data,
  hook: "blocks.1.hook_resid_pre",
  context: "24",
  "heldout-share": "0.2",
  tokens: "60k",
  "text-tokens": "20k",
  batch: "256",
  "buffer-mb": "0.5",
  threads: "2",
};
const command = (name: string, out: string, more: Record<string, string> = {}) => [
  name,
  ...Object.entries({ ...FLAGS, ...more, out: join(folder, out) }).flatMap(([flag, v]) => [`--${flag}`, v]),
];
const json = (...path: string[]) => JSON.parse(readFileSync(join(folder, ...path), "utf8"));
const weights = (out: string, sae: string) =>
  readFileSync(join(folder, out, "saes", sae, "sae_weights.safetensors"));
const phases = (out: string) => json(out, "run.json").phases.map(({ name }: { name: string }) => name);

async function succeed(...args: string[]): Promise<string> {
  const { code, stderr } = await monosemantic(...args);
  expect(code, stderr).toBe(0);
  return stderr;
}

test("from a cache, filled now or before, dictionaries are the same to the bit as without, over three passes", async () => {
  const cache = join(folder, "cache");
  await succeed(...command("train", "plain", { expansion: "2,4" }));
  const first = await succeed(...command("train", "first", { expansion: "2,4", cache }));
  expect(first).toMatch(/the cache in .* takes [\d.]+ MB: \d+ activations of \d+ numbers as f32 in 1 shards/);
  expect(first).toMatch(/harvesting into the cache/);
  const harvested = readFileSync(join(cache, "manifest.json"));

  // Another grid, and with an evaluation; the held-out text is no part of the cache.
  const second = await succeed(
    ...command("run", "second", { expansion: "2,8", cache, "evaluation-tokens": "2k" }),
  );
  expect(second).not.toMatch(/harvesting into the cache/);
  expect(phases("second")).toContain("checking the cache");
  expect(readFileSync(join(cache, "manifest.json")).equals(harvested)).toBe(true);

  const plain = ["x2", "x4"].map((sae) => weights("plain", sae));
  expect(weights("first", "x2").equals(plain[0]!)).toBe(true);
  expect(weights("first", "x4").equals(plain[1]!)).toBe(true);
  expect(weights("second", "x2").equals(plain[0]!)).toBe(true);

  // Half precision: nearly the same, and never taken for the other.
  const half = join(folder, "half");
  await succeed(...command("train", "rounded", { expansion: "2", cache: half, "cache-dtype": "f16" }));
  const rounded = weights("rounded", "x2");
  expect(rounded.equals(plain[0]!)).toBe(false);
  const size = (place: string) =>
    json(place, "manifest.json").shards.reduce((sum: number, { bytes }: { bytes: number }) => sum + bytes, 0);
  expect(size("half")).toBe(size("cache") / 2);

  const other = await monosemantic(
    ...command("train", "other", { expansion: "2", cache, hook: "blocks.0.hook_resid_pre" }),
  );
  expect(other.code).toBe(1);
  expect(other.stderr).toMatch(
    /monosemantic: the cache .* holds activations at blocks\.1\.hook_resid_pre, not at blocks\.0\.hook_resid_pre: give/,
  );
  const text = await monosemantic(
    ...command("train", "text", { expansion: "2", cache, "text-tokens": "10k" }),
  );
  expect(text.stderr).toMatch(/holds activations on \d+ contexts of .*, not on \d+ contexts of .*: give/);
});

test("killed while it trains from a cache, a run goes on from it, and to the same end without it", async () => {
  const cache = join(folder, "killed-cache");
  const options = { expansion: "4", "checkpoint-minutes": "1e-6" };
  await succeed(...command("train", "alone", { expansion: "4" }));
  const { child, finished } = start(process.execPath, [
    LAUNCHER,
    ...command("train", "killed", { ...options, cache }),
    "--quiet",
  ]);
  const checkpoints = join(folder, "killed", "checkpoint");
  await expect
    .poll(() => existsSync(checkpoints) && readdirSync(checkpoints).length > 1, {
      timeout: 60_000,
      interval: 5,
    })
    .toBe(true);
  child.kill("SIGKILL");
  await finished;
  const resumed = await succeed(...command("train", "killed", options), "--resume");
  expect(resumed).toMatch(/resuming from the checkpoint of step \d/);
  expect(weights("killed", "x4").equals(weights("alone", "x4"))).toBe(true);
});

test("--cache-dtype alone makes no sense", async () => {
  const { code, stderr } = await monosemantic(...command("train", "dtype", { "cache-dtype": "f16" }));
  expect(code).toBe(2);
  expect(stderr).toMatch(/--cache-dtype says how a cache is written: name its folder with --cache/);
});
