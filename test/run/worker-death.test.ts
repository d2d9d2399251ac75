/**
 * Worker threads that die in the middle of a real run: the run ends with one sentence and exit code 1, never hangs, leaves
 * its checkpoints whole, and goes on from them to the bits of a run that nothing befell.
 */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import { type Finished, LAUNCHER, start } from "../cli/processes.ts";
import { records } from "../text/sentences.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-workers-"));
const random = Random.of(11, "workers");
const data = join(folder, "text.jsonl");
writeFileSync(data, records(random, 80));

/** 19 steps for two dictionaries with a checkpoint after each; the model's passes are spread over the steps. */
const FLAGS = {
  model: "test/fixtures/models/text",
  data,
  hook: "blocks.1.hook_resid_pre",
  context: "24",
  "heldout-share": "0.2",
  tokens: "5k",
  batch: "256",
  expansion: "2,4",
  "buffer-mb": "0.2",
  "evaluation-tokens": "2k",
  "checkpoint-minutes": "1e-6",
  threads: "2",
};

function run(out: string, death?: string, ...more: string[]): Promise<Finished> {
  const flags = Object.entries({ ...FLAGS, out }).flatMap(([flag, value]) => [`--${flag}`, value]);
  const preload = death === undefined ? [] : ["--import", join(import.meta.dirname, "dying-worker.ts")];
  const limit = death?.includes("memory") ? ["--max-old-space-size=128"] : [];
  const words = [...preload, ...limit, LAUNCHER, "run", ...flags, ...more];
  return start(process.execPath, words, death === undefined ? {} : { DYING_WORKER: death }).finished;
}

const weights = (out: string) =>
  ["x2", "x4"].map((name) => readFileSync(join(out, "saes", name, "sae_weights.safetensors")));
function checkpoints(out: string): number[] {
  const place = join(out, "checkpoint");
  const names = existsSync(place) ? readdirSync(place) : [];
  return names.filter((name) => existsSync(join(place, name, "state.json"))).map(Number);
}

const alone = join(folder, "alone");
beforeAll(async () => {
  const { code, stderr } = await run(alone);
  expect(code, stderr).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The run ends with one sentence that `says` what happened, and its record with the same. */
async function dies(death: string, says: RegExp): Promise<string> {
  const out = join(folder, death.replaceAll(" ", "-"));
  const { code, signal, stderr } = await run(out, death);
  const lines = stderr.split("\n").filter((line) => line.startsWith("monosemantic: "));
  expect(lines, stderr).toHaveLength(1);
  expect(lines[0]).toMatch(says);
  expect({ code, signal }).toEqual({ code: 1, signal: null });
  const { status, error } = JSON.parse(readFileSync(join(out, "run.json"), "utf8"));
  expect(status).toBe("failed");
  expect(lines[0]).toContain(error);
  expect(existsSync(join(out, "lock.json"))).toBe(false);
  return out;
}

async function goesOn(out: string, from: number | undefined): Promise<void> {
  const { code, stderr } = await run(out, undefined, "--resume");
  expect(code, stderr).toBe(0);
  if (from !== undefined) expect(stderr).toContain(`resuming from the checkpoint of step ${from}`);
  weights(out).forEach((bytes, i) => expect(bytes.equals(weights(alone)[i]!)).toBe(true));
}

test("one of the dictionaries' workers exits in the middle of a step", async () => {
  const out = await dies("dictionary exit 20", /a dictionary thread died \(exit code 7\): .*--resume/);
  // Two dictionaries a step: the 20th piece is half of step 10.
  expect(checkpoints(out).at(-1)).toBe(9);
  await goesOn(out, 9);
});

test("one of them throws outside of its work", async () => {
  const out = await dies(
    "dictionary throw 21",
    /a dictionary thread died \(the worker broke\): .*add --resume/,
  );
  expect(checkpoints(out).at(-1)).toBe(10);
});

test("one of them throws in its work, away from the barrier where the other waits", async () => {
  const out = await dies("dictionary confuse 21", /unexpected error: .*this is a bug/);
  expect(checkpoints(out).at(-1)).toBe(10);
});

test("one of them uses up its memory", async () => {
  const out = await dies("dictionary memory 10", /out of memory \(.*memory limit.*\): ask for fewer/);
  expect(checkpoints(out).at(-1)).toBe(4);
});

test("one of them exits while it evaluates", async () => {
  const out = await dies("dictionary exit 39", /a dictionary thread died \(exit code 7\)/);
  expect(checkpoints(out).at(-1)).toBe(19);
  await goesOn(out, 19);
});

test("a worker of the engine exits in the middle of the training", async () => {
  const out = await dies("engine exit 3", /an engine thread died \(exit code 7\): .*add --resume/);
  const [last] = checkpoints(out).slice(-1);
  expect(last).toBeGreaterThan(1);
  await goesOn(out, last);
});

test("a worker of the engine ends as if all were well", async () => {
  await dies("engine exit-0 2", /an engine thread died \(exit code 0\)/);
});

test("a tokenising worker exits", async () => {
  const out = await dies("tokenising exit 1", /a tokenising thread died \(exit code 7\): .*add --resume/);
  await goesOn(out, undefined);
});

test("a tokenising worker throws", async () => {
  await dies("tokenising throw 1", /a tokenising thread died \(the worker broke\)/);
});
