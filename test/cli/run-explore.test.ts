/** `run --explore`: the page opens on what is analysed, explanations come while it is open, and nothing is left running. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import { sentence } from "../text/sentences.ts";
import { LAUNCHER, monosemantic, start } from "./processes.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-run-explore-"));
afterAll(() => rmSync(folder, { recursive: true }));

const random = Random.of(1, "words");
mkdirSync(join(folder, "text"));
for (let i = 0; i < 60; i++) writeFileSync(join(folder, "text", `${i}.txt`), sentence(random, 300));

const MODEL = join(process.cwd(), "test/fixtures/models/text");
const flags = (out: string) =>
  (
    `run --model ${MODEL} --data ${join(folder, "text")} --hook blocks.1.mlp.hook_post --context 24 --heldout-share 0.2 ` +
    `--tokens 10k --batch 256 --expansion 2 --evaluation-tokens 2k --threads 1 --features-tokens 10k --ablations 0 ` +
    `--control-units 4 --explore --out ${out}`
  ).split(" ");

/** Somebody looks, on a machine without a screen. */
const WATCHED = { CI: "", DISPLAY: "", WAYLAND_DISPLAY: "" };

test("the explorer opens first, explanations appear in it, and Ctrl-C ends both", async () => {
  const out = join(folder, "watched");
  const { child, saw, finished } = start(process.execPath, [LAUNCHER, ...flags(out)], WATCHED);
  let printed = "";
  child.stderr!.on("data", (chunk) => (printed += chunk));
  await saw("the explorer is at ");
  const address = /the explorer is at (http:\/\/[\d.:]+)/.exec(printed)![1]!;
  const [run] = (await (await fetch(`${address}/api/runs`)).json()) as { id: string }[];
  await saw("every feature is explained and scored");
  const answer = await fetch(`${address}/api/runs/${run!.id}/x2/interpretations`);
  const [interpretation] = (await answer.json()) as { name: string; subjects: { subject: string }[] }[];
  expect(interpretation!.name).toBe("offline");
  expect(interpretation!.subjects.map(({ subject }) => subject)).toContain("shuffled-weights");
  child.kill("SIGINT");
  // All output is closed: nobody is left that could write.
  expect((await finished).code).toBe(0);
});

test("Ctrl-C while features are explained ends that too, and it can be gone on with", async () => {
  const out = join(folder, "stopped");
  const { child, saw, finished } = start(process.execPath, [LAUNCHER, ...flags(out)], WATCHED);
  await saw("control on shuffled weights");
  child.kill("SIGINT");
  const { code, stderr } = await finished;
  expect(code).toBe(0);
  expect(stderr).not.toMatch(/at .*\.ts:\d+/);
  const again = await monosemantic("explain", out, "--control-units", "4", "--threads", "1", "--json");
  expect(again.code).toBe(0);
  const { interpretations } = JSON.parse(again.stdout) as { interpretations: { file: string }[] };
  expect(readFileSync(interpretations[0]!.file, "utf8")).toContain('"conclusion":"');
});

test("where CI is set everything is done before it ends", async () => {
  const out = join(folder, "ci");
  const { code, stdout } = await start(process.execPath, [LAUNCHER, ...flags(out), "--json"], { CI: "true" })
    .finished;
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ out });
  expect(readFileSync(join(out, "interpretation", "x2", "offline.json"), "utf8")).toContain(
    '"shuffled-weights"',
  );
});
