import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { evaluateSae } from "../../src/evaluation/evaluate.ts";
import { readEvaluation, readFeatureStatistics, writeEvaluation } from "../../src/evaluation/files.ts";
import { randomDictionary } from "./dictionary.ts";
import { linearModel } from "./linear-model.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "evaluation-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

it("comes back from disk as it was", async () => {
  const model = linearModel(1, { dIn: 4, vocabulary: 5, contexts: 10, context: 6, batch: 4 });
  const evaluation = await evaluateSae({ ...model, sae: randomDictionary(1, 4, 9), maxTokens: 1e6, seed: 3 });
  writeEvaluation(folder, evaluation);
  expect(readEvaluation(folder)).toEqual(evaluation.result);
  const features = readFeatureStatistics(folder)!;
  expect(Array.from(features.density)).toEqual(Array.from(evaluation.features.density));
  expect(Array.from(features.rare_decoder_cosine)).toEqual(
    Array.from(evaluation.features.rare_decoder_cosine),
  );
});

it("names the file and the field when an evaluation is another one's or missing", () => {
  expect(() => readEvaluation(folder)).toThrow(/evaluation\.json/);
  expect(readFeatureStatistics(folder)).toBeNull();
  writeFileSync(join(folder, "evaluation.json"), `{"format": 1, "name": 5}`);
  expect(() => readEvaluation(folder)).toThrow(/evaluation\.json.*name/);
});
