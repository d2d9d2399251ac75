/** The whole of `pretrain` on a small text: better than its baselines, the same bits after a kill, readable by the loader. */

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadModel } from "../../src/model/load.ts";
import { readLines } from "../../src/files/lines.ts";
import { Random } from "../../src/random.ts";

const home = mkdtempSync(join(tmpdir(), "pretrain-"));
const text = join(home, "text");
afterAll(() => rmSync(home, { recursive: true }));

/** Sentences whose third word follows from the first, which a bigram cannot see. */
beforeAll(() => {
  const random = Random.of(0, "text");
  const pick = (words: string[]) => words[random.integer(words.length)]!;
  const documents = Array.from({ length: 400 }, (_, i) => {
    const sentences = Array.from({ length: 30 }, () => {
      const animal = pick(["cat", "dog", "bird", "fish"]);
      const sound = { cat: "meows", dog: "barks", bird: "sings", fish: "bubbles" }[animal];
      return `the ${animal} ${pick(["often", "never", "always"])} ${sound}.`;
    });
    return JSON.stringify({ text: `${i}: ${sentences.join(" ")}` });
  });
  writeFileSync(`${text}.jsonl`, documents.join("\n"));
});

const OPTIONS =
  "--d-model 32 --d-mlp 64 --heads 2 --vocab 300 --context 32 --batch 16 --micro-batch 8 --tokens 100000 --lr 0.01 " +
  "--warmup 10 --checkpoint-every 20 --evaluation-tokens 2000 --threads 2 --json";

const flags = (out: string) => ["pretrain", "--data", `${text}.jsonl`, "--out", out, ...OPTIONS.split(" ")];

function monosemantic(args: string[]) {
  const child = spawn(process.execPath, [join(import.meta.dirname, "../../bin/monosemantic.js"), ...args]);
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (data) => (stdout += data));
  child.stderr.on("data", (data) => (stderr += data));
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, stdout, stderr })),
  );
}

test("learns what a bigram cannot, and goes on after kill -9 with the same bits", async () => {
  const straight = join(home, "straight");
  const { code, stdout, stderr } = await monosemantic(flags(straight));
  expect(stderr + code).toMatch(/0$/);
  const result = JSON.parse(stdout) as {
    validation_loss: number;
    baselines: { unigram: number; bigram: number };
  };
  expect(result.baselines.bigram).toBeLessThan(result.baselines.unigram);
  expect(result.validation_loss).toBeLessThan(result.baselines.bigram - 0.05);

  const model = await loadModel(straight);
  expect(model.config).toMatchObject({ nLayer: 1, dModel: 32, dMlp: 64, activation: "relu", vocabSize: 300 });
  expect(model.tokenizer!.decode(model.tokenizer!.encode("the cat often meows."))).toBe(
    "the cat often meows.",
  );
  expect(readFileSync(join(straight, "README.md"), "utf8")).toContain("bits a byte");

  // The killed run shares tokenizer and shards with the first, so that it is killed in training, not before.
  const killed = join(home, "killed");
  for (const part of ["tokenizer.json", "tokenizer_config.json", "work/tokens"]) {
    cpSync(join(straight, part), join(killed, part), { recursive: true });
  }
  const metrics = join(killed, "work/metrics.jsonl");
  const running = spawn(process.execPath, [
    join(import.meta.dirname, "../../bin/monosemantic.js"),
    ...flags(killed),
  ]);
  const closed = new Promise((resolve) => running.on("close", resolve));
  while (readLines(metrics).length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
  running.kill("SIGSTOP");
  const second = await monosemantic(flags(killed));
  expect(second.code).toBe(1);
  expect(second.stderr).toContain(`${join(killed, "work")} is in use by process ${running.pid}, since`);
  running.kill("SIGKILL");
  await closed;
  expect(readLines(metrics).at(-1)!["step"]).toBeLessThan(196);
  expect((await monosemantic(flags(killed))).code).toBe(0);
  expect(
    readFileSync(join(killed, "model.safetensors")).equals(readFileSync(join(straight, "model.safetensors"))),
  ).toBe(true);
  const steps = readLines(metrics).map((line) => line["step"]);
  expect(steps).toEqual([...new Set(steps)].sort((a, b) => Number(a) - Number(b)));
}, 120_000);

test("contradictions are refused in one sentence", async () => {
  const refused = async (flag: string, value: string) => {
    const args = flags(join(home, "refused"));
    const { code, stderr } = await monosemantic(args.with(args.indexOf(flag) + 1, value));
    return `${code}: ${stderr}`;
  };
  expect(await refused("--heads", "3")).toMatch(/^2: .*32 is not divisible by --heads 3/);
  expect(await refused("--micro-batch", "5")).toMatch(
    /^2: .*--batch 16 is not a whole number of --micro-batch 5/,
  );
});
