/** `monosemantic sweep` as a user starts it. What a study file may say is tested in study-file.test.ts. */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createStudy } from "../../src/study/create-study.ts";
import { Random } from "../../src/random.ts";
import { type Plan } from "../../src/study/plan.ts";
import { type Finished, LAUNCHER, start } from "./processes.ts";
import { sentence } from "../text/sentences.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-sweep-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "widths.json");

beforeAll(() => {
  const random = Random.of(4, "sweep");
  mkdirSync(join(folder, "text"));
  for (let i = 0; i < 100; i++) writeFileSync(join(folder, "text", `${i}.txt`), sentence(random, 300));
  writeFileSync(
    file,
    JSON.stringify({
      title: "Widths",
      base: {
        model: resolve("test/fixtures/models/text"),
        data: "./text",
        hook: "blocks.1.hook_resid_pre",
        heldoutShare: 0.2,
        tokens: "8k",
        batch: 256,
        evaluationTokens: "2k",
      },
      grid: { expansion: [2, 4] },
      seeds: [3, 4],
      threads: 1,
      memory: "4G",
      measure: { compare: { tokens: "1k" } },
    }),
  );
});

function sweep(...args: string[]): Promise<Finished> {
  // The speed of this machine is measured once for all tests of this file.
  return start(process.execPath, [LAUNCHER, "sweep", ...args], { XDG_CACHE_HOME: folder }).finished;
}
const json = (...path: string[]) => JSON.parse(readFileSync(join(...path), "utf8"));
const weights = (study: string, group: string, trial: string) =>
  readFileSync(join(study, "parts", `train-${group}`, "result", "saes", trial, "sae_weights.safetensors"));

test("a dry run says what would be done, and writes nothing", async () => {
  const out = join(folder, "dry");
  const { code, stdout } = await sweep(file, "--dry-run", "--out", out);
  expect(code).toBe(0);
  for (const words of [
    "Widths: 4 trials",
    "expansion  2, 4",
    "x4-seed3",
    "train-g1",
    "compare-c2",
    "report",
  ]) {
    expect(stdout).toContain(words);
  }
  expect(existsSync(out)).toBe(false);

  const asJson = await sweep(file, "--dry-run", "--out", out, "--json");
  const plan = JSON.parse(asJson.stdout) as Plan;
  expect(plan.trials.map(({ name }) => name)).toEqual(["x2-seed3", "x2-seed4", "x4-seed3", "x4-seed4"]);
  expect(plan.parts.every(({ forecast }) => forecast.seconds > 0 && forecast.memoryBytes > 0)).toBe(true);
});

test("a dry run for Slurm shows every job script, by the profile", async () => {
  const profile = join(folder, "cluster.json");
  writeFileSync(profile, JSON.stringify({ partition: "long", cpus: 2, memory: "3G" }));
  const { code, stdout } = await sweep(file, "--dry-run", "--engine", "slurm", "--profile", profile);
  expect(code).toBe(0);
  expect(stdout).toContain("#SBATCH --partition=long");
  for (const stage of ["join", "train", "measure", "compare", "report"])
    expect(stdout).toContain(`${stage}.sbatch`);
});

test("mistakes are one sentence, before anything is written", async () => {
  const wrong = join(folder, "wrong.json");
  const out = join(folder, "wrong");
  writeFileSync(wrong, JSON.stringify({ ...json(file), memory: "0.5G" }));
  const cases: [string[], RegExp][] = [
    [[join(folder, "missing.json")], /missing\.json does not exist/],
    [
      [wrong],
      /wrong\.json: trial 1 of the grid \(expansion 2, seed 3\) needs about .* and a part may take 0\.5 GiB/,
    ],
    [[file, "--threads", "1000"], /1000 threads are asked for, expected at most \d+ on this machine/],
    [[file, "--profile", "x.json"], /--profile x\.json is of a Slurm site: add --engine slurm/],
    [[file, "--engine", "slurm", "--jobs", "2"], /--jobs 2 is for --engine local/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr, stdout } = await sweep(...args, "--out", out, "--quiet");
    expect(stderr).toMatch(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect([code, stdout, existsSync(out)]).toEqual([2, "", false]);
  }
});

test("a study runs to its end, and is not begun twice", async () => {
  const out = join(folder, "out");
  const { seeds: _, ...two } = json(file);
  writeFileSync(join(folder, "two.json"), JSON.stringify(two));
  const { code, stderr } = await sweep(join(folder, "two.json"), "--out", out);
  expect(stderr).not.toContain("monosemantic:");
  expect(code).toBe(0);
  const plan = json(out, "plan.json") as Plan;
  for (const { name } of plan.parts) expect(readdirSync(join(out, "parts", name, "result"))).not.toEqual([]);
  expect(json(out, "study.json").base.data).toBe(join(folder, "text"));

  const again = await sweep(join(folder, "two.json"), "--out", out);
  expect(again.code).toBe(2);
  expect(again.stderr).toContain(
    `${out} holds this study already: go on with it by "monosemantic resume ${out}"`,
  );
  const other = await sweep(file, "--out", out, "--dry-run");
  expect(other.stderr).toContain(`${out} holds another study: give another --out`);

  // The same trials one by one: nothing comes out otherwise.
  const single = join(folder, "single.json");
  writeFileSync(single, JSON.stringify({ ...two, groupSize: 1 }));
  const apart = join(folder, "apart");
  expect((await sweep(single, "--out", apart)).code).toBe(0);
  expect(json(apart, "plan.json").groups).toHaveLength(2);
  for (const [i, { name }] of plan.trials.entries()) {
    expect(weights(apart, `g${i + 1}`, name).equals(weights(out, "g1", name))).toBe(true);
  }
}, 300_000);

test("a study takes no place that is taken", () => {
  const plan = { title: "x", parts: [] } as unknown as Plan;
  const study = { plan, json: {}, engine: { engine: "local" } } as const;
  const taken = join(folder, "taken");
  mkdirSync(taken);
  writeFileSync(join(taken, "thesis.txt"), "");
  expect(() => createStudy(taken, study)).toThrow(/is not empty and holds no study/);
  expect(() => createStudy(file, study)).toThrow(/is a file, expected a folder/);
  const empty = join(folder, "new", "place");
  mkdirSync(empty, { recursive: true });
  createStudy(empty, study);
  expect(readdirSync(empty).sort()).toEqual(["engine.json", "plan.json", "study.json"]);
  expect(readdirSync(join(folder, "new"))).toEqual(["place"]);
  const behind = join(folder, "behind a link");
  mkdirSync(behind);
  symlinkSync(behind, join(folder, "link"));
  createStudy(join(folder, "link"), study);
  expect(readdirSync(behind).sort()).toEqual(["engine.json", "plan.json", "study.json"]);
});
