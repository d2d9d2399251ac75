/** The recipes that come with the package are valid requests, and say what they cost and should give. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { runCommand } from "../../src/cli/commands/run.ts";
import { type DictionaryOptions, gridOf } from "../../src/cli/dictionary-options.ts";
import { readWords } from "../../src/cli/flags.ts";
import { resolveOptions } from "../../src/cli/resolve.ts";
import { resolveOptions as resolveDictionary } from "../../src/sae/presets.ts";
import { HOME } from "../architecture/imports.ts";

const names = readdirSync(join(HOME, "configs")).map((name) => name.replace(/\.json$/, ""));

function resolved(name: string, ...args: string[]) {
  const { sections, config } = resolveOptions(runCommand, readWords(runCommand, ["--config", name, ...args]));
  return { config, grid: gridOf(sections.dictionary as DictionaryOptions) };
}

describe.each(names)("%s", (name) => {
  test("resolves to dictionaries", () => {
    expect(resolved(name).grid.length).toBeGreaterThan(0);
  });

  test("says what it is, what it costs and what it should give", () => {
    const recipe = JSON.parse(readFileSync(join(HOME, "configs", `${name}.json`), "utf8"));
    for (const key of ["description", "cost", "expected"])
      expect(recipe[key]?.length, key).toBeGreaterThan(60);
  });
});

describe("the 2024 recipe", () => {
  test.each([
    ["distilgpt2-8x", 3072, 24_576],
    ["distilgpt2-32x", 3072, 98_304],
    ["distilgpt2-8x-mlp-out", 768, 6144],
    ["distilgpt2-32x-mlp-out", 768, 24_576],
  ])("%s", (name, d_in, d_sae) => {
    const { grid, config } = resolved(name);
    const options = resolveDictionary(grid[0]!, d_in);
    expect(grid).toHaveLength(1);
    expect(options.expansion * d_in).toBe(d_sae);
    expect(options.Lambda).toBeCloseTo(1.2288, 10);
    expect(options).toMatchObject({
      lr: 1e-4,
      beta1: 0.9,
      beta2: 0.99,
      batch: 4096,
      tokens: 2e9,
      dead: "neel-reinit",
    });
    expect(config.hook).toBe(name.endsWith("mlp-out") ? "blocks.5.hook_mlp_out" : "blocks.5.mlp.hook_post");
    // The original's buffer, 384 batches, in float32.
    const megabytes = (384 * 4096 * d_in * 4) / 1e6;
    expect(Math.abs((config.bufferMb as number) - megabytes)).toBeLessThan(1);
  });
});

test("npm start runs the default recipe, and its model is found from everywhere", () => {
  expect(manifest.scripts.start).toContain("run --config configs/one-layer-8x.json");
  const { config } = resolved("one-layer-8x");
  expect(config.model).toBe(join(HOME, "models", "one-layer"));
  expect(existsSync(join(HOME, "configs", "one-layer-8x.json"))).toBe(true);
});

describe("a grid", () => {
  test("is every combination", () => {
    const { grid } = resolved("one-layer-8x", "--expansion", "4,8", "--lambda", "2,5,10");
    expect(grid.map(({ expansion, lambda }) => [expansion, lambda])).toEqual([
      [4, 2],
      [4, 5],
      [4, 10],
      [8, 2],
      [8, 5],
      [8, 10],
    ]);
  });

  test("refuses a value twice, and λ beside Λ", () => {
    expect(() => resolved("one-layer-8x", "--expansion", "8,8")).toThrow(
      /--expansion 8,8 names a value twice/,
    );
    expect(() => resolved("one-layer-8x", "--lambda", "1", "--Lambda", "1")).toThrow(
      /^--lambda and --Lambda/,
    );
  });
});
