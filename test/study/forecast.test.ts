import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { analysisOptions } from "../../src/features/options.ts";
import { interpretationOptions } from "../../src/interpretation/options.ts";
import { readConfig } from "../../src/model/config.ts";
import { findHook } from "../../src/model/hooks.ts";
import type { SaeRequest } from "../../src/sae/options.ts";
import { resolveOptions } from "../../src/sae/presets.ts";
import { forecastAssumption, forecastParts } from "../../src/study/forecast/forecast-parts.ts";
import { cutWork } from "../../src/study/forecast/forward-work.ts";
import { speedOfThisMachine } from "../../src/study/forecast/machine-speed.ts";
import { parametersOf } from "../../src/study/forecast/model-shape.ts";
import { REFERENCE, speedSchema, withThreads } from "../../src/study/forecast/speed.ts";
import { expectedL0, trainingSeconds } from "../../src/study/forecast/training-work.ts";
import { draftPlan } from "../../src/study/make-plan.ts";
import type { Measures, StreamRequest } from "../../src/study/plan.ts";
import { HOME } from "../architecture/imports.ts";

const MODEL = join(HOME, "models", "one-layer");
const CONFIG = readConfig(MODEL);

const MEASURES: Measures = {
  features: analysisOptions.parse({ featuresTokens: 2_000_000, neuronTokens: 200_000 }),
  explain: {
    protocols: ["bricken-2023"],
    features: null,
    sampling: "all",
    seed: 0,
    options: interpretationOptions.parse({ explainTokens: 1_000_000 }),
  },
  compare: { tokens: 500_000, minActive: 10 },
  effects: null,
};

function plan(
  dictionaries: readonly SaeRequest[] = [{}],
  {
    measures = MEASURES,
    slices = 1,
    stream = {},
  }: { measures?: Measures; slices?: number; stream?: object } = {},
) {
  const all: StreamRequest = {
    model: MODEL,
    data: ["default"],
    heldoutShare: 0.05,
    bufferMb: 512,
    whenTextEnds: "epoch",
    evaluationTokens: 200_000,
    evaluateAt: [],
    streamSeed: 0,
    ...stream,
  };
  return draftPlan({
    title: "forecast",
    question: null,
    threads: 2,
    checkpointMinutes: 5,
    memoryBytes: 16e9,
    groupSize: null,
    slices,
    measures,
    declared: [...new Set(dictionaries.flatMap((dictionary) => Object.keys(dictionary)))],
    trials: dictionaries.map((dictionary, i) => ({
      label: `trial ${i}`,
      dictionary,
      options: resolveOptions(dictionary, 512),
      stream: all,
      config: { ...dictionary },
      model: { bytes: 4 * parametersOf(CONFIG), tokenizer: "one", dIn: 512 },
    })),
  });
}

const seconds = async (...of: Parameters<typeof plan>) => {
  const forecasts = await forecastParts(plan(...of), REFERENCE);
  return (part: string) => forecasts.get(part)!.seconds;
};

describe("forecastParts", () => {
  // Measured on the machine of docs/results.md with nothing else on it ("The default run").
  it.each([
    ["train-g1", 230],
    ["measure-g1", 43 + 115],
    ["explain-g1", 143],
  ])("is within one and a half times of what %s of the default run took", async (part, took) => {
    const ratio = (await seconds())(part) / took;
    expect(ratio).toBeGreaterThan(1 / 1.5);
    expect(ratio).toBeLessThan(1.5);
  });

  it("has seconds, memory and disk of every part", async () => {
    const draft = plan([{ seed: 0 }, { seed: 1 }], { slices: 3 });
    const forecasts = await forecastParts(draft, REFERENCE);
    expect([...forecasts.keys()]).toEqual(draft.parts.map(({ name }) => name));
    expect(new Set(draft.parts.map(({ stage }) => stage)).size).toBe(7);
    for (const forecast of forecasts.values())
      for (const value of Object.values(forecast)) expect(value).toBeGreaterThan(0);
  });

  it("grows with what there is to do", async () => {
    const one = await seconds();
    const two = await seconds([{ seed: 0 }, { seed: 1 }]);
    // They share the harvest and little else.
    expect(two("train-g1") / one("train-g1")).toBeGreaterThan(1.6);
    expect(two("train-g1") / one("train-g1")).toBeLessThan(2);
    const wide = await seconds([{ expansion: 32 }]);
    expect(wide("train-g1")).toBeGreaterThan(2 * one("train-g1"));
    const sliced = await seconds([{}], { slices: 4 });
    expect(sliced("tokenise-t1.0")).toBeLessThan(one("join-t1"));
    expect(sliced("join-t1")).toBeLessThan(one("join-t1"));
    const plain = await seconds([{}], { measures: { ...MEASURES, features: null, explain: null } });
    expect(plain("measure-g1")).toBeLessThan(one("measure-g1") / 2);
  });

  it("says what it assumes of a GPU, and nothing where it assumes nothing", async () => {
    const on = plan([{}], { stream: { device: "cuda" } });
    expect(forecastAssumption(on, REFERENCE)).toMatch(/20 TFLOP\/s, which is assumed/);
    expect(forecastAssumption(on, { ...REFERENCE, gpuFlops: 4e13 })).toMatch(/40 TFLOP\/s.*the profile says/);
    expect(forecastAssumption(plan(), REFERENCE)).toBeUndefined();
    const given = async (gpuFlops?: number) =>
      (await forecastParts(on, { ...REFERENCE, ...(gpuFlops && { gpuFlops }) })).get("train-g1")!.seconds;
    expect(await given(1e11)).toBeGreaterThan(20 * (await given()));
  });
});

describe("counts", () => {
  it("divide a model's operations at the hook point", () => {
    const whole = (name: string) => cutWork(CONFIG, findHook(CONFIG, name), 128);
    const sums = ["blocks.0.hook_resid_pre", "blocks.0.mlp.hook_post", "blocks.0.hook_resid_post"].map(
      (name) => {
        const { prefix, suffix } = whole(name);
        return prefix.flops + suffix.flops;
      },
    );
    expect(new Set(sums).size).toBe(1);
    const { dModel, dMlp, vocabSize } = CONFIG;
    const weights = 4 * dModel * dModel + 2 * dModel * dMlp + vocabSize * dModel;
    expect(sums[0]).toBeGreaterThan(2 * weights);
    expect(sums[0]).toBeLessThan(2.2 * weights);
    expect(whole("blocks.0.hook_resid_pre").prefix.flops).toBe(0);
  });

  it("follow L0 from half of the features down to what is expected at the end", () => {
    const options = resolveOptions({}, 512);
    const course = [0, 0.1, 0.2, 0.5, 1].map((share) => expectedL0(options, 512, share));
    expect(course[0]).toBe(2048);
    expect(course).toEqual(course.toSorted((a, b) => b - a));
    expect(expectedL0(resolveOptions({ target_l0: 50 }, 512), 512, 1)).toBe(50);
    expect(expectedL0(resolveOptions({ objective: "topk", k: 20 }, 512), 512, 0.5)).toBe(20);
    const slow = { ...REFERENCE, step: { ...REFERENCE.step, denseFlop: 1e-10 } };
    expect(trainingSeconds(options, 512, slow)).toBeGreaterThan(2 * trainingSeconds(options, 512, REFERENCE));
  });
});

describe("speed", () => {
  it("is measured once", { timeout: 300_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "speed-"));
    try {
      const speed = await speedOfThisMachine(1, folder);
      expect(speedSchema.parse(speed)).toEqual(speed);
      expect(speed.parallel).toBeLessThan(1.3);
      const [file] = readdirSync(folder);
      const known = { ...speed, flops: 12345 };
      writeFileSync(join(folder, file!), JSON.stringify(known));
      expect(await speedOfThisMachine(1, folder)).toEqual(known);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("of more threads is higher, but not by as much", () => {
    const many = withThreads(REFERENCE, 16);
    expect(many.parallel).toBeGreaterThan(6 * REFERENCE.parallel);
    expect(many.parallel).toBeLessThan(8 * REFERENCE.parallel);
    expect(many.step.denseFlop).toBeLessThan(REFERENCE.step.denseFlop / 6);
    expect(many.flops).toBe(REFERENCE.flops);
  });
});
