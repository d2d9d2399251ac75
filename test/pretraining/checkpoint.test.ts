/** The checkpoint of a pretraining run: comes back whole, or not at all. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadCheckpoint, saveCheckpoint } from "../../src/pretraining/checkpoint.ts";
import { freshState } from "../../src/pretraining/trainer.ts";

const home = mkdtempSync(join(tmpdir(), "pretraining-checkpoint-"));
afterAll(() => rmSync(home, { recursive: true }));

function state(step: number, value: number) {
  const made = freshState({ a: new Float32Array(6).fill(value), "b.c": new Float32Array(2).fill(-value) });
  for (const { m, v } of Object.values(made.moments)) {
    m.fill(value + 1);
    v.fill(value + 2);
  }
  made.step = step;
  return made;
}

test("weights, moments and step come back", () => {
  const work = join(home, "whole");
  expect(loadCheckpoint(work, state(0, 0), "options")).toBe(false);
  saveCheckpoint(work, state(20, 3), "options");
  saveCheckpoint(work, state(40, 5), "options");
  const loaded = state(0, 0);
  expect(loadCheckpoint(work, loaded, "options")).toBe(true);
  expect(loaded).toEqual(state(40, 5));
  expect(() => loadCheckpoint(work, loaded, "others")).toThrow(/belongs to other options/);
});

test("a flipped bit is found, and the way on is said", () => {
  const work = join(home, "flipped");
  saveCheckpoint(work, state(20, 3), "options");
  saveCheckpoint(work, state(40, 5), "options");
  const place = join(work, "checkpoint", "00000040");
  const path = join(place, "model.safetensors");
  const bytes = readFileSync(path);
  bytes[bytes.length - 3]! ^= 4;
  writeFileSync(path, bytes);
  const loaded = state(0, 0);
  expect(() => loadCheckpoint(work, loaded, "options")).toThrow(
    `checkpoint file ${path} is missing or damaged (its checksum is not the recorded one); the one of step 20 before it ` +
      `is good: delete ${place} to go on from there`,
  );
  expect(loaded).toEqual(state(0, 0));
  rmSync(place, { recursive: true });
  expect(loadCheckpoint(work, loaded, "options")).toBe(true);
  expect(loaded).toEqual(state(20, 3));
});

test("one of before there were checksums is named", () => {
  const work = mkdtempSync(join(home, "former-"));
  writeFileSync(join(work, "checkpoint.safetensors"), "");
  expect(() => loadCheckpoint(work, state(0, 0), "options")).toThrow(/of an earlier version, .*: delete it/);
});
