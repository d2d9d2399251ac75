import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ComparisonResult } from "../../src/features/comparison/result.ts";
import { openSafetensors } from "../../src/files/safetensors.ts";
import { type WritableTensor, writeSafetensors } from "../../src/files/safetensors-write.ts";
import { loadTokenizer } from "../../src/model/tokenizer.ts";
import { Random } from "../../src/random.ts";
import { type Sae } from "../../src/sae/dictionary.ts";
import { writeSae } from "../../src/sae/saelens.ts";
import { tokenizeCorpus } from "../../src/text/tokenize.ts";
import { sentence } from "../text/sentences.ts";
import { monosemantic } from "./processes.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-compare-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const MODEL = "test/fixtures/models/text";
const HOOK = "blocks.1.hook_resid_pre";
const D = 16;
const FEATURES = 40;

const random = Random.of(1, "compare");
const text = join(folder, "text.txt");
writeFileSync(text, sentence(random, 6000));

const W_dec = Float32Array.from({ length: FEATURES * D }, () => random.normal() / 4);
const order = random.permutation(FEATURES);

/** A random dictionary, its features in the order given. */
function dictionary(path: string, features: ArrayLike<number>): string {
  const rows = Float32Array.from(
    { length: features.length * D },
    (_, e) => W_dec[features[Math.floor(e / D)]! * D + (e % D)]!,
  );
  const sae: Sae = {
    architecture: "standard",
    d_in: D,
    d_sae: features.length,
    W_enc: rows,
    W_dec: rows,
    b_enc: new Float32Array(features.length).fill(-0.02),
    b_dec: new Float32Array(D),
    apply_b_dec_to_input: false,
    normalize_activations: "none",
    metadata: { hook_name: HOOK, context_size: 24, model_name: "text" },
  };
  mkdirSync(path, { recursive: true });
  writeSae(path, sae);
  return path;
}

const all = Array.from({ length: FEATURES }, (_, i) => i);
const plain = dictionary(join(folder, "plain"), all);
const permuted = dictionary(join(folder, "permuted"), order);
const half = dictionary(join(folder, "half"), all.slice(0, FEATURES / 2));

const common = ["--tokens", "3k", "--threads", "1"];
const compare = (...args: string[]) => monosemantic("compare", ...args, ...common);
const resultIn = (path: string) =>
  JSON.parse(readFileSync(join(path, "compare.json"), "utf8")) as ComparisonResult;

/** A run directory as far as a comparison reads one. */
async function runFolder(name: string, model: string, ...saes: string[]): Promise<string> {
  const run = join(folder, name);
  for (const sae of saes) cpSync(sae, join(run, "saes", sae.split("/").at(-1)!), { recursive: true });
  const record = {
    format: 1,
    status: "complete",
    model: { name: "text", folder: model },
    hook: HOOK,
    config: { context: 24 },
    saes: [],
  };
  writeFileSync(join(run, "run.json"), JSON.stringify(record));
  await tokenizeCorpus({
    sources: [text],
    tokenizer: loadTokenizer(MODEL),
    context: 24,
    folder: join(run, "tokens"),
    heldoutShare: 0,
    maxTokens: 5000,
    workers: 1,
  });
  return run;
}

test("a permuted copy: the permutation, twins, medians of 1, in compare.json and on the terminal", async () => {
  const out = join(folder, "copies");
  const { code, stdout, stderr } = await compare(
    plain,
    permuted,
    "--model",
    MODEL,
    "--data",
    text,
    "--out",
    out,
  );
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/best-match correlation, median +1\.000 \(1\.000 to 1\.000\) +1\.000/);
  expect(stdout).toMatch(/features with a twin +100\.0 % +100\.0 %/);
  const result = resultIn(out);
  expect(result.text).toMatchObject({ tokens: 3000, contexts: 125, context: 24 });
  expect(result.neurons).toBeNull();
  expect(result.activation.a_in_b.held_out_median).toBeCloseTo(1, 9);
  expect(result.directions!.b_in_a).toMatchObject({ twins: FEATURES, twin_share: 1 });
  expect(result.directions!.b_in_a.mmcs).toBeCloseTo(1, 5);
  expect(result.features.b).toHaveLength(FEATURES);
  const column = result.features.columns.indexOf("match");
  for (const row of result.features.b) if (row[1]! >= 10) expect(row[column]).toBe(order[row[0]!]);
  expect(result.splitting.listed).toBe(result.edges.length);
});

describe("dictionaries of run directories", () => {
  let first: string;
  let second: string;
  const other = join(folder, "other-model");
  beforeAll(async () => {
    // The same model with its weights moved a little: other neurons, nearly.
    cpSync(MODEL, other, { recursive: true });
    const file = openSafetensors(join(MODEL, "model.safetensors"));
    const tensors: Record<string, WritableTensor> = {};
    for (const name of file.names) {
      if (name === "lm_head.weight") continue;
      const data = file.readFloats(name);
      tensors[name] = {
        dims: file.info(name).shape,
        data: data.map((value) => value * (1 + 0.02 * random.normal())),
      };
    }
    file.close();
    writeSafetensors(join(other, "model.safetensors"), tensors);
    first = await runFolder("first", MODEL, plain, half);
    second = await runFolder("second", other, permuted);
  });

  test("two widths of one run, on its tokens: each feature of the smaller is in the larger", async () => {
    const out = join(folder, "widths");
    const { code, stdout } = await compare(
      join(first, "saes", "half"),
      join(first, "saes", "plain"),
      "--out",
      out,
      "--json",
    );
    expect(code).toBe(0);
    const result = resultIn(out);
    const { features: _features, edges: _edges, ...summary } = result;
    expect(JSON.parse(stdout)).toEqual({ path: join(out, "compare.json"), ...summary });
    expect(result.activation.a_in_b.median).toBeCloseTo(1, 6);
    expect(result.activation.b_in_a.median).toBeLessThan(0.99);
    expect(result.directions!.a_in_b.twin_share).toBe(1);
    // In 16 dimensions one more may be near by chance.
    expect(Math.abs(result.directions!.b_in_a.twin_share - 0.5)).toBeLessThan(0.1);
  });

  test("two models: each behind its own cut, neurons beside them, no directions", async () => {
    const out = join(folder, "models");
    const { code, stderr, stdout } = await compare(join(first, "saes", "plain"), second, "--out", out);
    expect(code, stderr).toBe(0);
    const result = resultIn(out);
    expect(result.directions).toBeNull();
    expect(result.a.model_sha256).not.toBe(result.b.model_sha256);
    // Features as neurons are nearly the same in both, and not quite.
    for (const { median } of [result.neurons!.a_in_b, result.activation.a_in_b]) {
      expect(median).toBeGreaterThan(0.8);
      expect(median).toBeLessThan(0.99999);
    }
    expect(stdout).toMatch(/of neurons, for comparison/);
    const column = result.features.columns.indexOf("match");
    const right = result.features.b.filter((row) => row[column] === order[row[0]!]).length;
    expect(right).toBeGreaterThan(0.8 * FEATURES);
  });

  test.each([
    ["one", () => [plain, "--model", MODEL], /^monosemantic: 1 dictionary is given, two can be compared/],
    ["three", () => [plain, half, permuted, "--model", MODEL], /3 dictionaries are given/],
    [
      "several in one run",
      () => [first, second],
      /first holds 2 dictionaries: give one of .*saes\/half, .*saes\/plain/,
    ],
    ["no model", () => [plain, half, "--data", text], /plain lies in no run directory.*--model/],
    [
      "no text",
      () => [plain, half, "--model", MODEL],
      /neither dictionary lies in a run directory with tokens.*--data/,
    ],
    [
      "another tokenizer",
      () => [plain, half, "--model", `${MODEL},${join(folder, "renamed")}`, "--data", text],
      /different tokenizers/,
    ],
    ["another model's run", () => [second, second, "--model", MODEL], /is not the one|weights/],
  ])("%s: refused in a sentence", async (name, args, words) => {
    if (name === "another tokenizer") {
      cpSync(MODEL, join(folder, "renamed"), { recursive: true });
      const path = join(folder, "renamed", "tokenizer.json");
      writeFileSync(path, `${readFileSync(path, "utf8")} `);
    }
    const record = join(second, "run.json");
    const parsed = JSON.parse(readFileSync(record, "utf8")) as { model: Record<string, unknown> };
    if (name === "another model's run") {
      writeFileSync(
        record,
        JSON.stringify({ ...parsed, model: { ...parsed.model, weights_sha256: "0".repeat(64) } }),
      );
    }
    const out = join(folder, "refused");
    const { code, stderr } = await compare(...args(), "--out", out);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(words);
    expect(stderr.trim().split("\n").at(-1)).toMatch(words);
    expect(existsSync(out)).toBe(false);
  });
});
