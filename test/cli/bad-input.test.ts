/**
 * Damaged files and impossible requests, as a user meets them: one sentence that names the file or the flag, an exit code,
 * no stack, and nothing lost of what was there.
 */

import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { monosemantic } from "./processes.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-bad-input-"));
afterAll(() => rmSync(folder, { recursive: true }));

const MODEL = "test/fixtures/models/text";
const TEXT = join(folder, "text.jsonl");
const document = (i: number) => ({
  text: `${i}. ${"the cat sat on the mat and the dog stopped. ".repeat(5)}`,
});
writeFileSync(TEXT, Array.from({ length: 100 }, (_, i) => JSON.stringify(document(i)) + "\n").join(""));

/** Runs the command line and expects it to refuse. */
async function refused(args: readonly string[], code: number, sentence: RegExp): Promise<string> {
  const finished = await monosemantic(...args);
  const { stderr } = finished;
  expect(stderr).toMatch(sentence);
  expect(stderr.trim().split("\n"), stderr).toHaveLength(1);
  expect(stderr).toMatch(/^monosemantic: /);
  expect(stderr).not.toMatch(/unexpected error|is a bug|\bat .*:\d+:\d+|TypeError|RangeError/);
  expect({ code: finished.code, stdout: finished.stdout }).toEqual({ code, stdout: "" });
  return stderr;
}

let models = 0;

/** A copy of the fixture model that may be damaged. */
function model(damage: (path: string, file: (name: string) => string) => void): string {
  const path = join(folder, `model-${models++}`);
  mkdirSync(path);
  for (const name of ["config.json", "model.safetensors", "tokenizer.json"])
    cpSync(join(MODEL, name), join(path, name));
  damage(path, (name) => join(path, name));
  return path;
}

const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));
const edited = (path: string, change: object) =>
  writeFileSync(path, JSON.stringify({ ...json(path), ...change }));

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;

/** Rewrites the header of a safetensors file and leaves its data as it is. */
function header(path: string, edit: (header: Header) => unknown): void {
  const bytes = readFileSync(path);
  const start = 8 + Number(bytes.readBigUInt64LE());
  const parsed = JSON.parse(bytes.subarray(8, start).toString()) as Header;
  edit(parsed);
  const text = Buffer.from(JSON.stringify(parsed));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(path, Buffer.concat([length, text, bytes.subarray(start)]));
}

const BIAS = "transformer.h.0.ln_1.bias";

describe("a model that", () => {
  type File = (name: string) => string;
  const weights = (damage: (path: string) => unknown) => (_: string, file: File) => {
    damage(file("model.safetensors"));
  };
  test.each<[string, (path: string, file: File) => void, RegExp]>([
    ["has no weights", weights((path) => rmSync(path)), /no model\.safetensors/],
    ["has empty weights", weights((path) => truncateSync(path)), /model\.safetensors.* it is empty/],
    ["is cut short", weights((path) => truncateSync(path, 40_000)), /model\.safetensors.* is cut short/],
    ["is too long", weights((path) => appendFileSync(path, "more")), /model\.safetensors.* 4 bytes follow/],
    [
      "is garbage",
      weights((path) => writeFileSync(path, "<!DOCTYPE html>".repeat(9))),
      /model\.safetensors.*claims/,
    ],
    [
      "claims a header of 2^64 − 1 bytes",
      weights((path) => {
        const bytes = readFileSync(path);
        bytes.writeBigUInt64LE(2n ** 64n - 1n);
        writeFileSync(path, bytes);
      }),
      /model\.safetensors.*claims 18446744073709551615/,
    ],
    [
      "has a shape beyond 2^53",
      weights((path) => header(path, (all) => (all[BIAS]!.shape = [2 ** 40, 2 ** 40]))),
      /model\.safetensors.*ln_1\.bias.*2\^53/,
    ],
    [
      "has overlapping tensors",
      weights((path) =>
        header(path, (all) => (all[BIAS]!.data_offsets = all["transformer.h.0.ln_1.weight"]!.data_offsets)),
      ),
      /model\.safetensors.*(overlaps|bytes \d+ to \d+)/,
    ],
    [
      "has a tensor of another type",
      weights((path) => header(path, (all) => (all[BIAS]!.dtype = "I32"))),
      /ln_1\.bias.*model\.safetensors.*type I32, expected float/,
    ],
    [
      "lacks a tensor",
      weights((path) =>
        header(path, (all) => {
          all["transformer.h.0.attn.bias"] = all[BIAS]!;
          delete all[BIAS];
        }),
      ),
      /model\.safetensors.*no tensor "(transformer\.)?h\.0\.ln_1\.bias"/,
    ],
    [
      "holds NaN",
      weights((path) => {
        const bytes = readFileSync(path);
        bytes.writeFloatLE(NaN, bytes.length - 4);
        writeFileSync(path, bytes);
      }),
      /model\.safetensors.*NaN/,
    ],
    [
      "has a config of another width",
      (_, file) => edited(file("config.json"), { n_embd: 32 }),
      /model\.safetensors.*shape \[.*config\.json expects \[.*n_embd/,
    ],
    [
      "has a config of more layers",
      (_, file) => edited(file("config.json"), { n_layer: 3 }),
      /model\.safetensors.*no tensor "(transformer\.)?h\.2\./,
    ],
    [
      "has a config with words for numbers",
      (_, file) => edited(file("config.json"), { n_layer: "two" }),
      /config\.json.*n_layer.*"two"/,
    ],
    [
      "has a config that is no JSON",
      (_, file) => truncateSync(file("config.json"), 100),
      /config\.json is not JSON/,
    ],
    [
      "has a tokenizer of more tokens",
      (_, file) => {
        const tokenizer = json(file("tokenizer.json"));
        tokenizer.model.vocab["▓"] = 400;
        writeFileSync(file("tokenizer.json"), JSON.stringify(tokenizer));
      },
      /tokenizer\.json has ids up to 400, but the model has 301/,
    ],
    [
      "has a tokenizer cut short",
      (_, file) => truncateSync(file("tokenizer.json"), 3000),
      /tokenizer\.json is not JSON/,
    ],
    ["has no tokenizer", (_, file) => rmSync(file("tokenizer.json")), /no tokenizer\.json/],
  ])("%s", async (_, damage, sentence) => {
    const path = model(damage);
    const out = join(folder, "never.safetensors");
    await refused(["forward", "--model", path, "--text", "the cat", "--out", out], 1, sentence);
    expect(existsSync(out)).toBe(false);
  });

  test("is a file", () =>
    refused(
      ["forward", "--model", join(MODEL, "config.json"), "--text", "a", "--out", join(folder, "x")],
      1,
      /config\.json is a file, expected the folder/,
    ));
});

/** A small run on one thread; later flags win. */
function run(out: string, changes: Record<string, string> = {}): string[] {
  const flags = {
    model: MODEL,
    data: TEXT,
    hook: "blocks.1.hook_resid_pre",
    context: "24",
    tokens: "3k",
    batch: "256",
    expansion: "2",
    "heldout-share": "0.2",
    threads: "1",
    out,
    ...changes,
  };
  return ["run", "--quiet", ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value])];
}

const write = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe("text that", () => {
  const latin1 = Buffer.from("d\u00e9j\u00e0 vu, \u00e9t\u00e9, na\u00efve. ".repeat(300), "latin1");
  test.each<[string, () => Record<string, string>, number, RegExp]>([
    ["is not there", () => ({ data: join(folder, "none.txt") }), 1, /none\.txt does not exist/],
    ["is empty", () => ({ data: write("empty.txt", "") }), 1, /empty\.txt is empty/],
    [
      "has a line that is no JSON",
      () => ({ data: write("bad.jsonl", '{"text":"the cat"}\n{"text":"the d\n') }),
      1,
      /bad\.jsonl:2 is not JSON/,
    ],
    [
      "is not UTF-8",
      () => ({ data: write("latin1.txt", latin1) }),
      1,
      /latin1\.txt.* not UTF-8\).* 0 tokens/,
    ],
    [
      "yields nothing",
      () => ({ data: write("blank.jsonl", '{"text":""}\n{"text":""}\n') }),
      1,
      /blank\.jsonl.* 0 tokens/,
    ],
    [
      "yields fewer tokens than asked",
      () => ({ tokens: "50k", "when-text-ends": "stop", "heldout-share": "1e-9" }),
      1,
      /text\.jsonl give \d+ tokens .*, 50000 were asked for/,
    ],
    [
      "leaves nothing held out",
      () => ({ "heldout-share": "1e-9" }),
      1,
      /text\.jsonl give 0 tokens .* held-out text/,
    ],
    [
      "is too little for one pass of the model",
      () => ({ data: write("short.jsonl", readFileSync(TEXT, "utf8").split("\n").slice(0, 10).join("\n")) }),
      1,
      /only \d+ contexts of 24 tokens .* give more text with --data/,
    ],
  ])("%s", async (_, changes, code, sentence) => {
    const out = join(folder, `text-run-${models++}`);
    await refused(run(out, changes()), code, sentence);
    expect(json(join(out, "run.json"))).toMatchObject({ status: "failed", error: expect.any(String) });
  });
});

describe("requests that make no sense", () => {
  test.each<[string, Record<string, string>, number, RegExp]>([
    [
      "a hook point that is nearly right",
      { hook: "blocks.1.hook_resid_pr" },
      2,
      /"blocks\.1\.hook_resid_pr".* nearest are blocks\.1\.hook_resid_pre/,
    ],
    ["a hook point that drives the terminal", { hook: "a\n\u001b[31mb" }, 2, /"a\\x0a\\x1b\[31mb"/],
    ["no tokens", { tokens: "0" }, 2, /--tokens: found "0"/],
    ["half a token", { tokens: "0.5" }, 2, /--tokens: found "0\.5", expected a whole number/],
    ["tokens beyond counting", { tokens: "1e30" }, 2, /--tokens: found "1e30", expected a number ≤/],
    ["an expansion beyond memory", { expansion: "1e300" }, 1, /train at most \d+ features/],
    ["a batch beyond memory", { batch: "1e15" }, 1, /lower the batch/],
    [
      "more threads than any machine runs",
      { threads: "100000" },
      2,
      /--threads: found "100000", expected a number ≤/,
    ],
    [
      "a context longer than the model's",
      { context: "1e9" },
      1,
      /--context 1000000000 is longer than the 24 positions/,
    ],
    ["an empty name of a text", { data: "" }, 2, /--data/],
    ["commas for a text", { data: "," }, 2, /--data/],
    ["a learning rate of nothing", { lr: "0" }, 2, /--lr: found "0"/],
    ["a share of everything", { "heldout-share": "1" }, 2, /--heldout-share: found "1"/],
  ])("%s", async (_, changes, code, sentence) => {
    await refused(run(join(folder, `senseless-${models++}`), changes), code, sentence);
  });

  test.each<[unknown, RegExp]>([
    [{ tokens: "many" }, /"tokens" in .*wrong\.json: found "many"/],
    [{ expansion: { a: 1 } }, /"expansion" in .*wrong\.json/],
    [{ data: 5 }, /"data" in .*wrong\.json/],
    [{ resume: "perhaps" }, /"resume" in .*wrong\.json/],
    [{ lr: null }, /"lr" in .*wrong\.json/],
  ])("a config file of wrong types: %j", async (values, sentence) => {
    const path = write("wrong.json", JSON.stringify({ model: MODEL, ...(values as object) }));
    await refused(["run", "--config", path, "--out", join(folder, "never")], 2, sentence);
    expect(existsSync(join(folder, "never"))).toBe(false);
  });
});

describe("places that are taken", () => {
  test("a folder with other files is left alone", async () => {
    const out = join(folder, "thesis");
    mkdirSync(out);
    writeFileSync(join(out, "chapter-1.tex"), "years of work");
    await refused(run(out), 2, /thesis is not an empty folder/);
    await refused(
      ["pretrain", "--data", TEXT, "--out", model(() => {})],
      2,
      /holds a model that is not from pretrain/,
    );
    expect(readdirSync(out)).toEqual(["chapter-1.tex"]);
  });

  test("a file is left alone", async () => {
    const out = write("precious.txt", "precious");
    await refused(run(out), 2, /precious\.txt is not an empty folder/);
    await refused(run(join(out, "below")), 1, /cannot write .*precious\.txt.*: a part of the path is a file/);
    expect(readFileSync(out, "utf8")).toBe("precious");
  });

  test("a device stays a device", async () => {
    const args = ["forward", "--model", MODEL, "--text", "the cat", "--out", "/dev/null"];
    await refused(args, 1, /cannot write \/dev\/null: it is a device/);
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test("nothing to resume", async () => {
    const out = join(folder, "nothing");
    await refused([...run(out), "--resume"], 2, /no run to resume in .*nothing/);
    expect(existsSync(out)).toBe(false);
  });

  test("a run.json that is no record", async () => {
    const out = join(folder, "foreign");
    mkdirSync(out);
    for (const text of ["null", "[]", "{nope", "{}"]) {
      writeFileSync(join(out, "run.json"), text);
      await refused([...run(out), "--resume"], 1, /run\.json/);
      expect(readFileSync(join(out, "run.json"), "utf8")).toBe(text);
    }
  });
});
