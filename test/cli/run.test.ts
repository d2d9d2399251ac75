/** The whole job as a user starts it: on a tiny model and a tiny text, but through every part. */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import { LAUNCHER, monosemantic, start } from "./processes.ts";
import { sentence } from "../text/sentences.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-run-"));
afterAll(() => rmSync(folder, { recursive: true }));

const random = Random.of(1, "words");
mkdirSync(join(folder, "text"));
for (let i = 0; i < 200; i++) {
  const text = sentence(random, 300);
  writeFileSync(join(folder, "text", `${i}.txt`), text);
}

const config = join(folder, "tiny.json");
const tiny = {
  model: join(process.cwd(), "test/fixtures/models/text"),
  data: "./text",
  hook: "blocks.1.hook_resid_pre",
  context: 24,
  heldoutShare: 0.2,
  tokens: "20k",
  batch: 256,
  expansion: [2, 4],
  evaluationTokens: "5k",
  threads: 1,
};
writeFileSync(config, JSON.stringify(tiny));

const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));

test("a run leaves what it promises, and refuses to be written over", async () => {
  const out = join(folder, "out");
  const { code, stdout, stderr } = await monosemantic("run", "--config", config, "--out", out, "--json");
  expect(stderr).not.toContain("monosemantic:");
  expect(code).toBe(0);
  const result = JSON.parse(stdout);
  expect(result).toMatchObject({
    out,
    report: join(out, "report.html"),
    saes: [{ name: "x2" }, { name: "x4" }],
  });
  expect(json(join(out, "run.json"))).toMatchObject({
    format: 1,
    status: "complete",
    hook: tiny.hook,
    config: { tokens: 20_000, expansion: [2, 4] },
    command: ["monosemantic", "run", "--config", config, "--out", out, "--json"],
  });
  for (const name of ["x2", "x4"]) {
    const sae = join(out, "saes", name);
    for (const file of ["cfg.json", "sae_weights.safetensors", "evaluation.json"]) {
      expect(existsSync(join(sae, file)), file).toBe(true);
    }
    expect(json(join(sae, "evaluation.json"))).toMatchObject({
      ce_clean: expect.any(Number),
      loss_recovered_zero_ci: [expect.any(Number), expect.any(Number)],
      density_resolution: expect.any(Number),
    });
  }
  expect(readFileSync(join(out, "report.html"), "utf8")).toContain("x4");
  const kinds = readFileSync(join(out, "metrics.jsonl"), "utf8").trim().split("\n");
  expect(new Set(kinds.map((line) => JSON.parse(line).kind))).toContain("train");

  const again = await monosemantic("run", "--config", config, "--out", out, "--quiet");
  expect(again).toMatchObject({ code: 2, stdout: "" });
  expect(again.stderr).toMatch(/already holds a run: add --resume/);
});

test("stopped by Ctrl-C and resumed, it ends with the same bits as one that was left alone", async () => {
  const args = ["run", "--config", config, "--tokens", "100k", "--expansion", "4"];
  const [alone, stopped] = [join(folder, "alone"), join(folder, "stopped")];
  expect((await monosemantic(...args, "--out", alone)).code).toBe(0);

  const running = start(process.execPath, [LAUNCHER, ...args, "--out", stopped]);
  await expect
    .poll(() => existsSync(join(stopped, "metrics.jsonl")), { timeout: 30_000, interval: 20 })
    .toBe(true);
  running.child.kill("SIGINT");
  const first = await running.finished;
  expect(first.stderr).toMatch(/stopping; press/);
  expect(first.code).toBe(130);
  expect(existsSync(join(stopped, "report.html"))).toBe(false);

  expect((await monosemantic(...args, "--out", stopped, "--resume")).code).toBe(0);
  const weights = (out: string) => readFileSync(join(out, "saes", "x4", "sae_weights.safetensors"));
  expect(weights(stopped).equals(weights(alone))).toBe(true);
  const { seconds: _a, ...left } = json(join(alone, "saes", "x4", "evaluation.json"));
  const { seconds: _b, ...right } = json(join(stopped, "saes", "x4", "evaluation.json"));
  expect(right).toEqual(left);
});

test("evaluate and report of the finished run give what the run gave", async () => {
  const out = join(folder, "trained");
  const { code } = await monosemantic("train", "--config", trainConfig(), "--out", out);
  expect(code).toBe(0);
  expect(existsSync(join(out, "saes", "x4", "evaluation.json"))).toBe(false);
  const data = ["--model", tiny.model, "--data", join(folder, "text"), "--heldout-share", "0.2"];
  const place = ["--sae", out, "--evaluation-tokens", "5k", "--threads", "1"];
  expect((await monosemantic("evaluate", ...data, ...place)).code).toBe(0);
  expect(json(join(out, "saes", "x4", "evaluation.json")).tokens).toBe(Math.floor(5000 / 24) * 24);
  const report = await monosemantic("report", out);
  expect(report.stdout).toContain(join(out, "report.html"));
});

/** The same recipe without what only `run` knows. */
function trainConfig(): string {
  const { evaluationTokens: _, ...rest } = tiny;
  const path = join(folder, "train.json");
  writeFileSync(path, JSON.stringify(rest));
  return path;
}
