/** Outcomes of a study with planted results: all of them found, with intervals, from whatever is there. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { collectOutcomes } from "../../src/study/outcomes/collect.ts";
import { outcomeOf } from "../../src/study/outcomes/outcome.ts";
import { csvText, wideTable } from "../../src/study/outcomes/table.ts";
import { writeOutcomes } from "../../src/study/outcomes/write-outcomes.ts";
import { StudyFolder } from "../../src/study/study-folder.ts";
import { plantStudy, type PlantedStudy, TRUTH } from "./planted-study.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "monosemantic-outcomes-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const SMALL: PlantedStudy = { expansions: [1, 2], lambdas: [1, 2], seeds: [0, 1] };

function collected(planted: PlantedStudy = SMALL) {
  plantStudy(folder, planted);
  return collectOutcomes(StudyFolder.open(folder));
}

describe("a complete study", () => {
  test("every file of a trial gives its outcomes, with intervals and what they are over", () => {
    const study = collected();
    expect(study.complete).toBe(true);
    expect(study.trials.map(({ name }) => name)).toEqual(
      [1, 2].flatMap((lambda) => [1, 2].flatMap((x) => [0, 1].map((s) => `x${x}-lambda${lambda}-seed${s}`))),
    );
    const trial = study.trials.find(({ name }) => name === "x2-lambda1-seed1")!;
    expect(trial).toMatchObject({ stage: "explain", shuffled: false, missing: [], problems: [] });
    expect(trial.size).toEqual({ d_in: 64, d_sae: 128, tokens: 81_920, Lambda: 1.5 });
    const of = (name: string) => outcomeOf(trial, name);
    const evaluation = JSON.parse(
      readFileSync(join(folder, trial.result!, "saes", trial.name, "evaluation.json"), "utf8"),
    ) as Record<string, number & [number, number]>;
    expect(of("loss_recovered_zero")).toEqual({
      name: "loss_recovered_zero",
      value: evaluation["loss_recovered_zero"],
      low: evaluation["loss_recovered_zero_ci"]![0],
      high: evaluation["loss_recovered_zero_ci"]![1],
      varies: "documents",
    });
    expect(of("dead_fraction")).toMatchObject({
      value: evaluation["dead_fraction"],
      low: null,
      varies: null,
    });
    expect(of("score_bricken_2023")).toMatchObject({
      value: 0.31,
      low: 0.28,
      high: 0.31 + 0.03,
      varies: "features",
    });
    expect(of("score_bricken_2023_single_token")!.value).toBeCloseTo(0.51);
    expect(of("score_bricken_2023_neurons")!.value).toBe(0.12);
    expect(of("score_bricken_2023_another_explanation")!.value).toBe(0.02);
    expect(of("score_bricken_2023_by_token_lookup")!.value).toBeCloseTo(0.26);
    expect(of("chosen_token_lookup")!.value).toBe(0.75);
    expect(of("restarted_features")!.value).toBe(32 / 128);
    expect(of("score_fall")!.value).toBeCloseTo(0.02);
    expect(of("tokens_per_second")!.value).toBe(1100);
    expect(trial.curve.map(({ tokens }) => tokens)).toEqual([20_480, 40_960, 81_920]);
    expect(trial.curve[2]!.values["ce_increase"]).toBeCloseTo(0.1);
  });

  test("a comparison belongs to both trials, each as it sees the other", () => {
    const { trials, comparisons } = collected();
    expect(outcomeOf(trials[0]!, "twin_share")!.value).toBe(0.4);
    expect(outcomeOf(trials[1]!, "twin_share")!.value).toBe(0.5);
    expect(outcomeOf(trials[1]!, "match_correlation")).toMatchObject({ value: 0.64, low: 0.63, high: 0.65 });
    expect(outcomeOf(comparisons[0]!, "twin_share")!.value).toBeCloseTo(0.45);
    expect(outcomeOf(comparisons[0]!, "match_correlation")).toMatchObject({ low: null, varies: null });
  });

  test("what a part took stands beside what was expected", () => {
    const { parts, trials } = collected();
    const train = parts.find(({ part }) => part === "train-g0")!;
    expect(train).toMatchObject({ condition: "done", seconds: 125, memoryBytes: 1e9, attempts: 1 });
    expect(train.forecast.seconds).toBe(100);
    expect(outcomeOf(trials[0]!, "training_seconds")!.value).toBe(125 / 4);
  });

  test("everything that occurs is defined once, primary ones included", () => {
    const { definitions, trials, primary } = collected();
    const names = definitions.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { outcomes } of trials) for (const { name } of outcomes) expect(names).toContain(name);
    expect(primary).toContain("score_bricken_2023");
    for (const name of primary) expect(names).toContain(name);
    for (const { definition } of definitions) expect(definition).toMatch(/\S.*[.]$/);
  });
});

describe("a study on the way", () => {
  test("trained trials have what training wrote, and say what they wait for", () => {
    const { trials, complete, parts } = collected({ ...SMALL, until: "train" });
    expect(complete).toBe(false);
    expect(trials[0]).toMatchObject({ stage: "train", missing: ["measure-g0", "explain-g0"] });
    expect(trials[0]!.size.d_sae).toBe(64);
    expect(outcomeOf(trials[0]!, "train_mse")!.value).toBe(1.5);
    expect(outcomeOf(trials[0]!, "loss_recovered_zero")).toBeUndefined();
    expect(parts.find(({ part }) => part === "measure-g0")!.condition).toBe("waiting");
  });

  test("nothing done: trials without outcomes", () => {
    const { trials, definitions } = collected({ ...SMALL, until: "join" });
    expect(trials).toHaveLength(8);
    expect(trials.flatMap(({ outcomes }) => outcomes)).toEqual([]);
    expect(definitions).toEqual([]);
  });

  test("no trials at all", () => {
    expect(collected({ expansions: [], lambdas: [] }).trials).toEqual([]);
  });

  test("a failed part says why, and the trials of other groups have their outcomes", () => {
    const { trials, parts } = collected({ ...SMALL, failed: { "measure-g1": "the disk broke" } });
    expect(parts.find(({ part }) => part === "measure-g1")).toMatchObject({
      condition: "failed",
      sentence: "the disk broke",
      seconds: null,
    });
    expect(outcomeOf(trials[0]!, "loss_recovered_zero")).toBeDefined();
    expect(trials.at(-1)).toMatchObject({ stage: "train", missing: ["measure-g1", "explain-g1"] });
  });

  test("a damaged file becomes a sentence, and the rest is there", () => {
    plantStudy(folder, SMALL);
    const sae = join(folder, "parts/explain-g0/result/saes/x1-lambda1-seed0");
    writeFileSync(join(sae, "evaluation.json"), "{");
    writeFileSync(join(folder, "parts/compare-1/result/compare.json"), "[]");
    const { trials } = collectOutcomes(StudyFolder.open(folder));
    expect(trials[0]!.problems.join()).toContain("evaluation.json");
    expect(outcomeOf(trials[0]!, "score_bricken_2023")).toBeDefined();
    expect(outcomeOf(trials[0]!, "loss_recovered_zero")).toBeUndefined();
    expect(trials[2]!.problems.join()).toContain("compare.json");
  });

  test("a name that leads out of the study reads nothing", () => {
    const { trials } = collected({ ...SMALL, prefix: "../../", until: "train" });
    expect(trials[0]!.size.d_sae).toBeNull();
    expect(trials[0]!.problems).toEqual([]);
  });
});

describe("files", () => {
  test("CSV, Parquet and JSON hold the same", async () => {
    const study = collected();
    const [json, csv, parquet] = writeOutcomes(folder, study);
    expect(JSON.parse(readFileSync(json!, "utf8"))).toEqual(study);
    const [head, first, ...more] = readFileSync(csv!, "utf8").trimEnd().split("\n");
    expect(more).toHaveLength(7);
    const names = head!.split(",");
    expect(names.slice(0, 8)).toEqual([
      "trial",
      "group",
      "stage",
      "shuffled",
      "factor_expansion",
      "factor_lambda",
      "factor_seed",
      "d_in",
    ]);
    const row = Object.fromEntries(first!.split(",").map((cell, i) => [names[i]!, cell]));
    expect(Number(row["l0_low"])).toBe(outcomeOf(study.trials[0]!, "l0")!.low);
    expect(names).not.toContain("dead_fraction_low");
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(parquet!) });
    expect(rows).toHaveLength(8);
    expect(Object.keys(rows[0]!)).toEqual(names);
    expect(rows[3]).toMatchObject({ trial: "x2-lambda1-seed1", shuffled: false, factor_expansion: 2 });
    expect(rows[3]!["mse"]).toBe(outcomeOf(study.trials[3]!, "mse")!.value);
    expect(TRUTH.dIn).toBe(rows[0]!["d_in"]);
  });

  test("names with commas, quotes and lines stay in their cell", () => {
    const study = collected({ ...SMALL, prefix: 'a,"b\n', until: "join" });
    const text = csvText(wideTable(study));
    expect(text).toContain('"a,""b\nx1-lambda1-seed0",g0,');
  });

  test("mixed levels of a factor are text, levels not given are empty", async () => {
    const study = collected({ ...SMALL, until: "join" });
    const levels = [0.5, "auto", null, true];
    const trials = study.trials.slice(0, 4).map((trial, i) => ({ ...trial, factors: { lr: levels[i]! } }));
    const [, csv, parquet] = writeOutcomes(folder, { ...study, trials, factors: { lr: levels } });
    expect(readFileSync(csv!, "utf8").split("\n")[3]).toContain("false,,");
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(parquet!) });
    expect(rows.map((row) => row["factor_lr"])).toEqual(["0.5", "auto", null, "true"]);
  });

  test("an empty study writes its files", () => {
    const study = collected({ expansions: [], lambdas: [] });
    expect(() => writeOutcomes(folder, study)).not.toThrow();
  });
});
