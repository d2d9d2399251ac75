import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openSafetensors } from "../../src/files/safetensors.ts";
import { HOME } from "../architecture/imports.ts";
import { monosemantic } from "./processes.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-forward-"));
afterAll(() => rmSync(folder, { recursive: true }));

const TEXT_MODEL = "test/fixtures/models/text";
const SHARED = join(HOME, "..", "shared");

/** Largest absolute difference between a tensor of `file` and `expected`. */
function deviation(file: string, name: string, expected: Float32Array): number {
  const opened = openSafetensors(file);
  const values = opened.readFloats(name);
  opened.close();
  expect(values.length, name).toBe(expected.length);
  return values.reduce((largest, value, i) => Math.max(largest, Math.abs(value - expected[i]!)), 0);
}

const forward = (model: string, out: string, ...args: string[]) =>
  monosemantic("forward", "--model", model, "--out", out, ...args);

test("every number on the way equals the reference's", async () => {
  const reference = openSafetensors(join(HOME, TEXT_MODEL, "expected.safetensors"));
  const [batch, context] = reference.info("tokens").shape as [number, number];
  const tokens = reference.readInts("tokens").subarray(context); // the second context
  const out = join(folder, "all.safetensors");
  const { code, stderr } = await forward(TEXT_MODEL, out, "--tokens", tokens.join(","), "--hooks", "all");
  expect(stderr).toBe("");
  expect(code).toBe(0);
  const names = reference.names.filter((name) => /^(logits|loss|blocks\.[^@]*)$/.test(name));
  expect(names.length).toBe(2 + 2 * 8);
  for (const name of names) {
    const all = reference.readFloats(name);
    expect(deviation(out, name, all.subarray(all.length / batch)), name).toBeLessThan(1e-5);
  }
  const written = openSafetensors(out);
  expect([...written.names].sort()).toEqual([...names, "tokens"].sort());
  expect(written.info("blocks.1.attn.hook_z").shape).toEqual([context, 2, 8]);
  expect(written.readInts("tokens")).toEqual(tokens);
});

test("text is tokenised with BOS first, --no-bos leaves it out, --max-tokens cuts", async () => {
  const [sample] = JSON.parse(readFileSync(join(HOME, TEXT_MODEL, "tokenizer_expected.json"), "utf8"));
  const textFile = join(folder, "sample.txt");
  writeFileSync(textFile, sample.text);
  const run = async (name: string, ...args: string[]) => {
    const out = join(folder, name);
    expect((await forward(TEXT_MODEL, out, ...args)).code).toBe(0);
    return Array.from(openSafetensors(out).readInts("tokens"));
  };
  expect(await run("bos", "--text", sample.text)).toEqual([300, ...sample.ids]);
  expect(await run("none", "--text-file", textFile, "--no-bos")).toEqual(sample.ids);
  expect(await run("cut", "--text", sample.text, "--max-tokens", "5")).toEqual([
    300,
    ...sample.ids.slice(0, 4),
  ]);
});

test("--json prints one JSON value and nothing else", async () => {
  const out = join(folder, "json.safetensors");
  const { stdout } = await forward(TEXT_MODEL, out, "--tokens", "1,2,3", "--json");
  expect(JSON.parse(stdout)).toEqual({
    out,
    mean_loss: expect.any(Number),
    tensors: { tokens: [3], logits: [3, 301], loss: [2] },
  });
});

describe("mistakes", () => {
  const invalid = join(folder, "latin1.txt");
  writeFileSync(invalid, Buffer.from([0x63, 0x61, 0x66, 0xe9]));
  const out = join(folder, "never.safetensors");

  test.each<[string[], number, RegExp]>([
    [
      ["--hooks", "blocks.1.mlp.hook_pst", "--text", "a"],
      2,
      /no hook point "blocks.1.mlp.hook_pst".*blocks.1.mlp.hook_post/,
    ],
    [["--hooks", "blocks.9.hook_resid_pre", "--text", "a"], 2, /it has 2 layers/],
    [[], 2, /no input is given: give one of --text, --text-file and --tokens/],
    [["--text", "a", "--tokens", "1"], 2, /more than one input/],
    [["--tokens", "5,301"], 2, /--tokens: 301 is no token of text, whose vocabulary has 301/],
    [["--text", "", "--no-bos"], 1, /no token to run the model on/],
    [["--text", "word ".repeat(40)], 1, /positions of the model: give a shorter text/],
    [["--text-file", invalid], 1, /latin1.txt is not UTF-8 text/],
    [["--text-file", join(folder, "none.txt")], 1, /none.txt: there is no such file/],
    [["--model", "test/fixtures/models/none", "--text", "a"], 1, /test\/fixtures\/models\/none/],
    [["--model", "test/fixtures/models/relu", "--text", "a"], 1, /no tokenizer.json.*--tokens/],
    [
      ["--text", "a", "--out", folder],
      1,
      /cannot write .*monosemantic-forward-\w+: a folder of that name is in the way/,
    ],
  ])("%j", async (args, exitCode, sentence) => {
    const common = ["--model", TEXT_MODEL, "--out", out].filter(
      (_, i, all) => !args.includes(all[i - (i % 2)]!),
    );
    const { code, stdout, stderr } = await monosemantic("forward", ...common, ...args);
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: "" });
    expect(existsSync(out)).toBe(false);
  });
});

describe.skipIf(!existsSync(SHARED))("the trained model kept beside the repository", () => {
  const oracle = join(SHARED, "oracles", "gpt2-16m");

  test("agrees with PyTorch in float64", async () => {
    const out = join(folder, "gpt2-16m.safetensors");
    const reference = openSafetensors(`${oracle}.safetensors`);
    const hooks = reference.names.filter((name) => name.startsWith("blocks."));
    const { code } = await forward(
      join(SHARED, "models", "gpt2-16m"),
      out,
      "--text-file",
      `${oracle}.prompt.txt`,
      "--hooks",
      hooks.join(),
    );
    expect(code).toBe(0);
    expect(openSafetensors(out).readInts("tokens")).toEqual(reference.readInts("tokens"));
    expect(deviation(out, "loss", reference.readFloats("loss"))).toBeLessThan(1e-4);
    for (const hook of hooks) {
      const expected = reference.readFloats(hook);
      const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
      expect(deviation(out, hook, expected) / scale, hook).toBeLessThan(1e-5);
    }
  });
});
