import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { UsageError } from "../../src/errors.ts";
import { readWords } from "../../src/cli/flags.ts";
import { jsonSchemaOf } from "../../src/cli/json-schema.ts";
import { resolveOptions } from "../../src/cli/resolve.ts";
import { kebab, optionsOf } from "../../src/cli/options.ts";
import { formatValue, parseNumber } from "../../src/cli/values.ts";
import { toy } from "./toy-command.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-options-"));
afterAll(() => rmSync(folder, { recursive: true }));

function read(...args: string[]) {
  return resolveOptions(toy, readWords(toy, args)).config;
}

function refusal(...args: string[]): string {
  try {
    read(...args);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  throw new Error(`${args.join(" ")} was accepted`);
}

function configFile(content: unknown, name = "config.json"): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

describe("numbers", () => {
  test.each([
    ["5M", 5_000_000],
    ["1.1M", 1_100_000],
    ["2e9", 2_000_000_000],
    ["2B", 2_000_000_000],
    ["64k", 64_000],
    ["3e-4", 3e-4],
    ["100_000", 100_000],
    [".5", 0.5],
    ["-1", -1],
  ])("%s", (text, value) => {
    expect(parseNumber(text)).toBe(value);
  });

  test.each(["", "5X", "M", "1.2.3", "5 M", "0x10", "Infinity", "NaN", "_1", "1e"])("%j is none", (text) => {
    expect(parseNumber(text)).toBeUndefined();
  });
});

test("a number as it is shown is the same number typed", () => {
  for (const value of [0, 7, 1000, 1024, 32_768, 819_200, 5e6, 8_192_000_000, 2e9, 0.05, 1e-4, 3e-4, 0.5]) {
    expect(parseNumber(formatValue(value))).toBe(value);
  }
  expect([5e6, 8_192_000_000, 32_768, 1e-4, [8, 32]].map(formatValue)).toEqual([
    "5M",
    "8.192B",
    "32768",
    "1e-4",
    "8,32",
  ]);
});

describe("flags", () => {
  test("defaults fill what is not given", () => {
    expect(read("--name", "x")).toEqual({
      name: "x",
      tokens: 5_000_000,
      expansion: [8],
      data: [],
      preset: "bricken-2023",
      normalise: true,
      verbose: false,
      threads: "auto",
      b_dec_init: "zero",
    });
  });

  test("every kind of value", () => {
    const line =
      "--name=x --tokens 2M --learning-rate 1e-4 --expansion 8,32 --data a.txt --data *.{md,txt} --preset neel-2023 " +
      "--no-normalise --verbose --threads 2 --lambda 0.5,1 --b-dec-init mean runs/one";
    const config = read(...line.split(" "));
    expect(config).toMatchObject({
      tokens: 2e6,
      learningRate: 1e-4,
      expansion: [8, 32],
      data: ["a.txt", "*.{md,txt}"],
      preset: "neel-2023",
      normalise: false,
      verbose: true,
      threads: 2,
      lambda: [0.5, 1],
      b_dec_init: "mean",
      folder: "runs/one",
    });
  });

  test("a single value of a list that may be one is no list", () => {
    expect(read("--name", "x", "--lambda", "3").lambda).toBe(3);
  });

  test("sections reach the command apart", () => {
    const { sections } = resolveOptions(toy, readWords(toy, ["--name", "x"]));
    expect(Object.keys(sections)).toEqual(["first", "second"]);
    expect(sections.second).not.toHaveProperty("name");
  });

  test("two options of one name are refused", () => {
    const twice = {
      ...toy.sections,
      third: { title: "Third", schema: z.object({ learning_rate: z.number() }) },
    };
    expect(() => optionsOf(twice)).toThrow(
      /two options are called --learning-rate, one of them learning_rate/,
    );
  });

  test("names", () => {
    const keys = ["dIn", "learningRate", "b_dec_init", "l1", "Lambda"];
    expect(keys.map(kebab)).toEqual(["d-in", "learning-rate", "b-dec-init", "l1", "Lambda"]);
  });
});

describe("mistakes are one sentence that names the flag and what is right", () => {
  test.each<[string[], RegExp]>([
    [["--nmae", "x"], /unknown option --nmae.*nearest: --name/],
    [["--learningRate", "1"], /unknown option --learningRate.*nearest: --learning-rate/],
    [[], /--name is required \(a word\)/],
    [["--name"], /--name needs a value/],
    [["--name", "--verbose"], /--name needs a value/],
    [["--name", "x", "--tokens", "many"], /--tokens: found "many", expected a number/],
    [["--name", "x", "--tokens", "1.5"], /--tokens: found "1.5", expected a whole number/],
    [["--name", "x", "--tokens", "0"], /--tokens: found "0", expected a number > 0/],
    [["--name", "x", "--learning-rate", "2"], /--learning-rate: found "2", expected a number ≤ 1/],
    [["--name", "x", "--lambda", "-1"], /--lambda: found "-1", expected a number ≥ 0/],
    [["--name", "x", "--expansion", "8,x"], /--expansion: found "8,x", expected a comma-separated list/],
    [["--name", "x", "--expansion", ","], /--expansion: found ",", expected a list of length ≥ 1/],
    [
      ["--name", "x", "--preset", "bricken"],
      /--preset: found "bricken", expected one of bricken-2023, neel-2023/,
    ],
    [["--name", "x", "--verbose=maybe"], /--verbose is a switch/],
    [["--name", "x", "--no-tokens"], /unknown option --no-tokens/],
    [["--name", "x", "--tokens", "1", "--tokens", "2"], /--tokens is given 2 times/],
    [["--name", "x", "--lambda", "1", "--threads", "7"], /^--lambda does not go with --threads 7/],
  ])("%j", (args, sentence) => {
    const message = refusal(...args);
    expect(message).toMatch(sentence);
    expect(message).not.toMatch(/\n/);
  });
});

describe("config files", () => {
  test("hold the same options, and flags win", () => {
    const path = configFile({ description: "why", name: "file", tokens: "2M", expansion: 8, lambda: [1, 2] });
    const config = read("--config", path, "--name", "flag");
    expect(config).toMatchObject({ name: "flag", tokens: 2e6, expansion: [8], lambda: [1, 2] });
  });

  test("what a run resolved to, read back, resolves to the same", () => {
    const config = read(
      "--name",
      "x",
      "--tokens",
      "7k",
      "--expansion",
      "8,32",
      "--no-normalise",
      "--threads",
      "3",
    );
    expect(read("--config", configFile(config))).toEqual(config);
  });

  test("paths that begin with a dot are relative to the file; text and other paths are left alone", () => {
    const path = configFile({
      name: "./m",
      folder: "../r",
      data: ["./a.txt", "b.txt", ".hidden"],
      text: "../t",
    });
    const config = read("--config", path);
    expect(config.name).toBe(join(folder, "m"));
    expect(config.folder).toBe(resolve(folder, "..", "r"));
    expect(config.data).toEqual([join(folder, "a.txt"), "b.txt", ".hidden"]);
    expect(config.text).toBe("../t");
    expect(read("--name", "./m").name).toBe("./m");
  });

  test.each<[unknown, RegExp]>([
    ["{", /cannot be read as JSON/],
    [[], /one JSON object/],
    [{ name: "x", expansoin: 8 }, /unknown key "expansoin"; nearest options: expansion/],
    [{ name: "x", "learning-rate": 1 }, /has the key "learning-rate"; in a config file it is "learningRate"/],
    [{ name: "x", tokens: -1 }, /"tokens" in .*config\.json: found -1, expected a number > 0/],
    [{ name: "x", preset: 3 }, /"preset" in .*: found 3, expected one of/],
    [{ name: 7 }, /"name" in .*: found 7, expected text/],
  ])("%j is refused", (content, sentence) => {
    expect(refusal("--config", configFile(content))).toMatch(sentence);
  });

  test("a byte order mark before it is no part of it", () => {
    expect(read("--config", configFile('\uFEFF{"name": "x"}')).name).toBe("x");
  });

  test("one that is missing: the recipes of the package are named", () => {
    expect(refusal("--name", "x", "--config", join(folder, "none.json"))).toMatch(
      /neither a file nor a recipe/,
    );
  });
});

test("the JSON Schema has every option and refuses others", () => {
  const schema = jsonSchemaOf(toy) as {
    properties: object;
    required: string[];
    additionalProperties: boolean;
  };
  const keys = Object.values(toy.sections).flatMap((section) => Object.keys(section.schema.shape));
  expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(keys));
  expect(schema.required).toEqual(["name"]);
  expect(schema.additionalProperties).toBe(false);
});
