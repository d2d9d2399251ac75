import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { writeSafetensors } from "../../src/files/safetensors-write.ts";
import { Random } from "../../src/random.ts";
import { monosemantic } from "./processes.ts";
import { sentence, WORDS } from "../text/sentences.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-evaluate-"));
afterAll(() => rmSync(folder, { recursive: true }));

const MODEL = "test/fixtures/models/text";
const HOOK = "blocks.1.hook_resid_pre";
const D = 16;

const text = join(folder, "text.txt");
const random = Random.of(1, "words");
writeFileSync(text, sentence(random, 3000));

/** f = relu([x, −x]), x̂ = f₊ − f₋ = x: a dictionary that loses nothing; with a deep bias, one that never fires. */
function dictionary(
  name: string,
  { bias = 0, hook = HOOK, ...cfg }: Record<string, unknown> & { bias?: number; hook?: string } = {},
) {
  const path = join(folder, "saes", name);
  mkdirSync(path, { recursive: true });
  const both = (sign: number) =>
    Float32Array.from({ length: D * D }, (_, i) => (i % (D + 1) === 0 ? sign : 0));
  const [plus, minus] = [both(1), both(-1)];
  const W_enc = new Float32Array(D * 2 * D);
  for (let d = 0; d < D; d++) {
    W_enc[d * 2 * D + d] = 1;
    W_enc[d * 2 * D + D + d] = -1;
  }
  writeSafetensors(join(path, "sae_weights.safetensors"), {
    W_enc: { dims: [D, 2 * D], data: W_enc },
    W_dec: { dims: [2 * D, D], data: Float32Array.of(...plus, ...minus) },
    b_enc: { dims: [2 * D], data: new Float32Array(2 * D).fill(bias) },
    b_dec: { dims: [D], data: new Float32Array(D) },
  });
  const metadata = {
    hook_name: hook,
    context_size: 24,
    model_name: "text",
    sae_lens_version: "6.0.0",
    prepend_bos: true,
  };
  const common = { d_in: D, d_sae: 2 * D, dtype: "float32", device: "cpu", apply_b_dec_to_input: true };
  const rest = {
    architecture: "standard",
    normalize_activations: "none",
    reshape_activations: "none",
    metadata,
  };
  writeFileSync(join(path, "cfg.json"), JSON.stringify({ ...common, ...rest, ...cfg }));
  return path;
}

const evaluate = (...args: string[]) =>
  monosemantic("evaluate", "--model", MODEL, "--data", text, "--evaluation-tokens", "2k", ...args);

const resultIn = (path: string) => JSON.parse(readFileSync(join(path, "evaluation.json"), "utf8"));

test("a dictionary that loses nothing scores 1, one that never fires scores 0", async () => {
  const perfect = dictionary("perfect");
  const silent = dictionary("silent", { bias: -1e4 });
  const { code, stdout, stderr } = await evaluate("--sae", `${perfect},${silent}`, "--all-text", "--json");
  expect(stderr).not.toContain("monosemantic:");
  expect(code).toBe(0);
  expect(JSON.parse(stdout).saes.map(({ name }: { name: string }) => name)).toEqual(["perfect", "silent"]);

  const good = resultIn(perfect);
  expect(good).toMatchObject({ hook: HOOK, context: 24, d_in: D, d_sae: 2 * D, l0: D, dead_fraction: 0 });
  expect(good.tokens).toBe(Math.floor(2000 / 24) * 24);
  expect(good.ce_sae).toBeCloseTo(good.ce_clean, 6);
  expect(good.loss_recovered_zero).toBeCloseTo(1, 4);
  expect(good.explained_variance).toBeCloseTo(1, 6);

  const none = resultIn(silent);
  expect(none).toMatchObject({ l0: 0, dead_fraction: 1 });
  expect(none.ce_sae).toBeCloseTo(none.ce_zero, 6);
  expect(none.loss_recovered_zero).toBeCloseTo(0, 4);
});

test("--out keeps the dictionary's own folder as it is; a run directory stands for all its dictionaries", async () => {
  const own = dictionary("own");
  const out = join(folder, "results");
  const { code, stdout } = await evaluate("--sae", folder, "--all-text", "--out", out);
  expect(code).toBe(0);
  expect(stdout).toMatch(/own: loss recovered 100.0 %/);
  expect(existsSync(join(out, "own", "evaluation.json"))).toBe(true);
  expect(existsSync(join(own, "evaluation.json"))).toBe(false);
});

test("a scale that the file leaves open is estimated from the text", async () => {
  const scaled = dictionary("scaled", { normalize_activations: "expected_average_only_in" });
  expect((await evaluate("--sae", scaled, "--all-text")).code).toBe(0);
  expect(resultIn(scaled).explained_variance).toBeCloseTo(1, 6);
});

test("what a dictionary's file says against the numbers is said in one line", async () => {
  const metadata = { hook_name: HOOK, context_size: 24, model_name: "text" };
  const bare = dictionary("bare", { metadata: { ...metadata, prepend_bos: false } });
  const ours = dictionary("ours", { metadata: { ...metadata, monosemantic: { heldout_share: 0.04 } } });
  const place = ["--out", join(folder, "cautions")];
  const all = await evaluate("--sae", `${bare},${ours}`, "--all-text", ...place);
  expect(all.code).toBe(0);
  expect(cautions(all)).toEqual([
    expect.stringMatching(/^caution: bare saw contexts without BOS .*prepend_bos/),
  ]);
  const documents = join(folder, "documents.jsonl");
  const lines = Array.from({ length: 60 }, (_, i) => JSON.stringify({ text: `${i} ${WORDS.join(" ")}` }));
  writeFileSync(documents, lines.join("\n"));
  const source = ["--model", MODEL, "--data", documents, "--evaluation-tokens", "24"];
  const share = (value: string) =>
    monosemantic("evaluate", ...source, "--sae", ours, ...place, "--heldout-share", value);
  expect(cautions(await share("0.5"))).toEqual([
    expect.stringMatching(/^caution: ours held out 0\.04 of the documents in training, less than .* 0\.5: /),
  ]);
  expect(cautions(await share("0.04"))).toEqual([]);
});

const cautions = ({ stderr }: { stderr: string }) =>
  stderr.split("\n").filter((line) => line.startsWith("caution"));

describe("mistakes", () => {
  const other = () => dictionary("other", { hook: "blocks.0.hook_resid_pre" });

  test.each<[string, () => string[], number, RegExp]>([
    ["no dictionary", () => ["--sae", join(folder, "nothing")], 1, /nothing/],
    ["an empty run", () => ["--sae", emptyRun()], 1, /holds no dictionary: train one first/],
    [
      "two hook points",
      () => ["--sae", `${dictionary("one")},${other()}`],
      2,
      /hook_name: .*take them apart, or give --hook/,
    ],
    [
      "another width",
      () => ["--sae", dictionary("wide", { hook: "blocks.0.mlp.hook_post" })],
      1,
      /width 16.*width 64/,
    ],
    ["held-out text in one document", () => ["--sae", dictionary("one")], 1, /held-out text.*were asked for/],
  ])("%s", async (_, args, exitCode, sentence) => {
    const list = args();
    const all =
      list.some((word) => word.includes("one")) && list.length === 2 && exitCode === 1 ? [] : ["--all-text"];
    const { code, stdout, stderr } = await evaluate(...list, ...all, "--quiet");
    expect(stderr).toMatch(sentence);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: "" });
  });

  function emptyRun(): string {
    const path = join(folder, "empty");
    mkdirSync(join(path, "saes"), { recursive: true });
    return path;
  }
});
