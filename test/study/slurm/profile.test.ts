/** The site profile: what it takes, what it says of a mistake, and what a stage asks for. */

import { describe, expect, test } from "vitest";
import { memoryBytes, parseProfile, siteOf, timeSeconds } from "../../../src/study/slurm/profile.ts";

const parse = (value: unknown) => parseProfile(value, "site.json");

test("an empty profile has defaults, and each stage its own values over the general ones", () => {
  expect(parse({})).toMatchObject({ signalSeconds: 120, tendMinutes: 30, retries: { outOfMemory: 2 } });
  const profile = parse({
    partition: "cpu",
    time: "12:00:00",
    environment: { A: "1", B: "2" },
    stages: { train: { partition: "gpu", gpus: "a100:1", environment: { B: "3" } }, tend: { time: "5" } },
  });
  expect(siteOf(profile, "train")).toEqual({
    partition: "gpu",
    gpus: "a100:1",
    time: "12:00:00",
    environment: { A: "1", B: "3" },
  });
  expect(siteOf(profile, "report")).toMatchObject({ partition: "cpu", time: "12:00:00" });
  // What looks after a study is small, whatever the others are.
  expect(siteOf(profile, "tend")).toMatchObject({
    partition: "cpu",
    time: "5",
    cpus: 1,
    memory: "2G",
    gpus: 0,
  });
});

describe("a mistake is said in one sentence", () => {
  test.each([
    [{ partion: "cpu" }, /site\.json: unknown key "partion"; nearest: partition/],
    [{ stages: { trian: {} } }, /unknown key "stages\.trian"; nearest: train/],
    [{ stages: { train: { tiem: "1" } } }, /unknown key "stages\.train\.tiem"; nearest: time/],
    [{ time: "two days" }, /"time" is "two days": has to be like 90, 12:00:00 or 2-00:00:00/],
    [{ memory: "16 GB" }, /"memory" is "16 GB": has to be like 16G/],
    [{ modules: ["a b"] }, /"modules\.0" is "a b": has to be one word/],
    [{ time: "1" }, /the time limit 1 of tokenise is not longer than signalSeconds \(120\)/],
    [[], /found \[\], expected a JSON object/],
  ])("%j", (value, sentence) => {
    expect(() => parse(value)).toThrow(sentence);
  });
});

test("times and memory are read as Slurm reads them", () => {
  expect(["90", "1:30", "2:00:00", "1-12", "1-12:30", "1-00:00:30"].map(timeSeconds)).toEqual([
    5400, 90, 7200, 129_600, 131_400, 86_430,
  ]);
  expect(timeSeconds("UNLIMITED")).toBe(Infinity);
  expect([memoryBytes("512"), memoryBytes("16G"), memoryBytes(0)]).toEqual([2 ** 29, 2 ** 34, null]);
});
