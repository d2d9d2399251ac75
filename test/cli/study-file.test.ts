/** A study file: what it may say, and that whatever is wrong in it is one sentence before anything is done. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { studyJsonSchema } from "../../src/cli/study-schema.ts";
import { readStudy } from "../../src/cli/study-file.ts";
import { UsageError } from "../../src/errors.ts";
import { draftPlan } from "../../src/study/make-plan.ts";
import { HubServer } from "../model/hub-server.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-study-file-"));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, "text"));
writeFileSync(join(folder, "text", "1.txt"), "some words");

const base = {
  model: resolve("test/fixtures/models/text"),
  data: "./text",
  hook: "blocks.1.hook_resid_pre",
  context: 24,
  tokens: "20k",
  batch: 256,
};
const file = join(folder, "study.json");

function read(json: unknown) {
  writeFileSync(file, typeof json === "string" ? json : JSON.stringify(json));
  return readStudy(file);
}

describe("what it says", () => {
  test("becomes trials with every option of run, from the file's folder", async () => {
    const { name, request } = await read({
      title: "Widths",
      description: "a note",
      base,
      grid: { expansion: [2, "4"] },
      seeds: [5, 1],
      threads: 2,
      memory: "3G",
    });
    expect(name).toBe("study");
    expect(request).toMatchObject({
      title: "Widths",
      question: null,
      threads: 2,
      memoryBytes: 3e9,
      checkpointMinutes: 5,
      slices: 1,
      declared: ["expansion", "seed"],
      measures: { features: null, explain: null, compare: { tokens: 200_000, minActive: 10 }, effects: null },
    });
    expect(request.trials.map(({ dictionary }) => [dictionary.expansion, dictionary.seed])).toEqual([
      [2, 5],
      [2, 1],
      [4, 5],
      [4, 1],
    ]);
    const [first] = request.trials;
    expect(first!.stream).toMatchObject({
      model: base.model,
      data: [join(folder, "text")],
      hook: base.hook,
      streamSeed: 5,
      evaluationTokens: 200_000,
    });
    expect(first!.options).toMatchObject({ tokens: 20_000, batch: 256, lr: 1e-3 });
    expect(first!.config).toMatchObject({
      tokens: 20_000,
      expansion: 2,
      seed: 5,
      bufferMb: 512,
      device: "cpu",
    });
    expect(first!.model.dIn).toBe(16);
  });

  test("shuffles the text by each trial's own seed when asked to", async () => {
    const asked = { base, grid: { expansion: [2, 4] }, seeds: [5, 1] };
    const { request } = await read({ ...asked, streamSeed: "own" });
    expect(request.trials.map(({ stream }) => stream.streamSeed)).toEqual([5, 1, 5, 1]);
    const shared = (await read({ ...asked, streamSeed: 7 })).request;
    expect(shared.trials.map(({ stream }) => stream.streamSeed)).toEqual([7, 7, 7, 7]);

    const [own, alike] = [request, shared].map((one) => draftPlan(one));
    // One group for each order of the text, and still the pairs that compare seeds.
    expect(own!.groups.map(({ trials }) => trials.length)).toEqual([2, 2]);
    expect(alike!.groups.map(({ trials }) => trials.length)).toEqual([4]);
    expect(own!.texts).toHaveLength(1);
    expect(own!.comparisons).toEqual(alike!.comparisons);
    expect(own!.comparisons).toHaveLength(2);

    await expect(read({ ...asked, streamSeed: "each" })).rejects.toThrow(/streamSeed.*"each".*own/);
  });

  test("means a dataset of the hub as it is now", async () => {
    const server = new HubServer(
      "owner/pile",
      { "more.jsonl": Buffer.from('{"text": "words"}\n') },
      "dataset",
    );
    await server.start();
    vi.stubEnv("HF_ENDPOINT", server.endpoint);
    vi.stubEnv("HF_HUB_CACHE", join(folder, "hub"));
    vi.stubEnv("HF_HUB_OFFLINE", "");
    try {
      const { request } = await read({ base: { ...base, data: "hf://datasets/owner/pile" } });
      const data = [`hf://datasets/owner/pile@${server.commit}`];
      expect(request.trials[0]).toMatchObject({ stream: { data }, config: { data } });
    } finally {
      vi.unstubAllEnvs();
      await server.stop();
    }
  });

  test("leaves hook point and context to the model", async () => {
    const { hook: _h, context: _c, ...rest } = base;
    const { request } = await read({ base: rest });
    expect(request.trials[0]!.stream).toMatchObject({ hook: "blocks.1.mlp.hook_post", context: 24 });
    expect(request.trials[0]!.model.dIn).toBe(64);
  });

  test("asks for measures by true, false or their options", async () => {
    const measures = async (measure: unknown) => (await read({ base, measure })).request.measures;
    expect(await measures({ features: true, compare: false })).toMatchObject({
      features: { featuresTokens: 10_000_000, neurons: true },
      compare: null,
    });
    expect(await measures({ explain: { features: 100, explainTokens: "1M" } })).toMatchObject({
      features: { ablations: 5 },
      explain: {
        protocols: ["bricken-2023"],
        features: 100,
        sampling: "uniform",
        seed: 0,
        options: { explainTokens: 1e6, controlUnits: 128 },
      },
    });
    expect(await measures({ effects: { features: 20 } })).toMatchObject({
      effects: { features: 20, seed: 0 },
    });
  });

  test("is kept with absolute paths, and gives the same plan from there", async () => {
    const asked = {
      base: { model: base.model, tokens: "20k" },
      grid: { data: ["./text", ["./text/1.txt"]] },
    };
    const { request, json } = await read(asked);
    expect(json).toMatchObject({ grid: { data: [join(folder, "text"), [join(folder, "text", "1.txt")]] } });
    mkdirSync(join(folder, "elsewhere"));
    const copy = join(folder, "elsewhere", "study.json");
    writeFileSync(copy, JSON.stringify(json));
    expect(draftPlan((await readStudy(copy)).request)).toEqual(draftPlan(request));
  });

  test("may be overruled in what belongs to the machine", async () => {
    writeFileSync(file, JSON.stringify({ base, threads: 2, memory: "3G" }));
    const { request } = await readStudy(file, { threads: 7, memory: 5e9 });
    expect(request).toMatchObject({ threads: 7, memoryBytes: 5e9 });
  });
});

describe("mistakes", () => {
  test.each<[string, unknown, RegExp]>([
    ["no JSON", "{", /cannot be read as JSON/],
    ["an empty title", { title: "", base }, /"title": found "", expected text that is not empty/],
    ["a list", [], /has to hold one JSON object/],
    ["an unknown key", { bsae: {} }, /has the unknown key "bsae"; nearest: base/],
    ["an option at the top", { expansion: 8 }, /"expansion" is an option of "run" and belongs into "base"/],
    [
      "an unknown option",
      { base: { ...base, expnsion: 8 } },
      /base has the unknown key "expnsion"; nearest options: expansion/,
    ],
    [
      "a flag's name",
      { base: { "text-tokens": 8 } },
      /base has the key "text-tokens"; in a study file it is "textTokens"/,
    ],
    [
      "an option of the study in base",
      { base: { threads: 2 } },
      /"threads" in base belongs at the top of the file/,
    ],
    [
      "an option of a measure in base",
      { base: { ablations: 2 } },
      /"ablations" in base belongs below "measure", in "features"/,
    ],
    ["a place", { grid: { out: ["x"] } }, /"out" in grid is no matter of a trial/],
    [
      "a grid of single values",
      { base, grid: { lambda: 3 } },
      /"lambda" in grid: found 3, expected a list of values/,
    ],
    [
      "an unknown option in the second grid",
      { base, grid: [{ lambda: [1] }, { lamda: [1] }] },
      /grid 2 has the unknown key "lamda"/,
    ],
    ["a value twice", { base, grid: { lambda: [3, 3] } }, /"lambda" in grid names 3 twice/],
    [
      "several values in base",
      { base: { ...base, lambda: [1, 2] } },
      /"lambda" names several values \(1, 2\) and a trial has one: put them into "grid"/,
    ],
    [
      "a value of the wrong kind",
      { base, grid: { lambda: [1, "much"] } },
      /trial 2 of the grid \(lambda much\): "lambda": found "much", expected a number/,
    ],
    [
      "a value out of range",
      { base, trials: [{}, { beta1: 1 }] },
      /trial 2 of the list \(beta1 1\): "beta1": found 1, expected a number < 1/,
    ],
    [
      "a word",
      { base, trials: [{ objective: "lasso" }] },
      /"objective": found "lasso", expected one of relu-l1/,
    ],
    [
      "two coefficients",
      { base, grid: { lambda: [1], Lambda: [2] } },
      /lambda and --Lambda say the same thing/,
    ],
    ["no model", { base: { data: "./text" } }, /the only trial: "model" is required/],
    [
      "a model that is not there",
      { base: { ...base, model: "./nowhere" } },
      /the only trial: there is no folder .*nowhere, expected/,
    ],
    [
      "a hook point that the model lacks",
      { base, grid: { hook: ["blocks.2.hook_resid_pre"] } },
      /trial 1 of the grid \(hook blocks.2.*\): this model has no hook point "blocks.2.hook_resid_pre"/,
    ],
    ["too long a context", { base: { ...base, context: 25 } }, /context 25 is longer than the 24 positions/],
    ["no text", { base: { ...base, data: "./none" } }, /the only trial: .*none/],
    [
      "options that exclude each other",
      { base, grid: { objective: ["topk"], dead: ["neel-reinit"] } },
      /option dead neel-reinit: topk revives/,
    ],
    ["no grid", { base, grid: [] }, /grid names no option/],
    ["how many seeds", { base, seeds: 3 }, /"seeds": found 3, expected a list such as \[0, 1, 2\]/],
    ["seeds twice", { base, seeds: [1, 1] }, /"seeds" names a seed twice: found \[1,1\]/],
    [
      "seeds in two places",
      { base: { ...base, seed: 1 }, seeds: [1, 2] },
      /"seeds" gives every trial its seed, and base gives one too/,
    ],
    ["a seed that is none", { base, seeds: [0.5] }, /"seeds": found \[0.5\], expected/],
    ["a memory that is none", { base, memory: "much" }, /"memory": found "much", expected a number/],
    [
      "a random design without a space",
      { base, random: { trials: 3 } },
      /random has no "space": say what to draw from/,
    ],
    [
      "a range that is none",
      { base, random: { trials: 3, space: { lr: { from: 1, to: 1 } } } },
      /"lr" in random: found from 1 to 1, expected two numbers, the smaller one first/,
    ],
    [
      "a log range from 0",
      { base, random: { trials: 3, space: { lr: { from: 0, to: 1, scale: "log" } } } },
      /both above 0/,
    ],
    [
      "no number of trials",
      { base, random: { space: { lr: [1] } } },
      /"trials" of random: found nothing, expected a whole number ≥ 1/,
    ],
    [
      "an unknown measure",
      { base, measure: { fetures: true } },
      /"measure" has the unknown key "fetures"; nearest: features/,
    ],
    [
      "a measure's unknown option",
      { base, measure: { explain: { feature: 1 } } },
      /in explain of measure has the unknown key "feature"; nearest options: features/,
    ],
    [
      "a measure's bad value",
      { base, measure: { features: { ablations: -1 } } },
      /"ablations" in features of measure: found -1, expected a number ≥ 0/,
    ],
    [
      "explanations without features",
      { base, measure: { explain: true, features: false } },
      /"explain" in measure needs "features"/,
    ],
  ])("%s", async (_, json, sentence) => {
    const error = await read(json).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(UsageError);
    const { message } = error as Error;
    expect(message).toMatch(sentence);
    expect(message.startsWith(file)).toBe(true);
    expect(message).not.toMatch(/\n/);
  });
});

test("its JSON Schema knows every key, at every place", () => {
  const schema = studyJsonSchema() as { properties: Record<string, unknown> };
  expect(Object.keys(schema.properties)).toEqual(
    expect.arrayContaining("title seeds memory description base grid random trials measure".split(" ")),
  );
  expect(schema).toHaveProperty("properties.base.properties.expansion.anyOf");
  expect(schema).not.toHaveProperty("properties.base.properties.threads");
  expect(schema).toHaveProperty("properties.measure.properties.explain.anyOf.1.properties.protocols");
  expect(schema).toHaveProperty("properties.random.properties.space.properties.lr.anyOf.1.properties.scale");
});
