/**
 * An evaluation on disk: `evaluation.json` and, one number a feature, `features.safetensors`, beside the SAE they measure.
 * The JSON is written last, so where it exists the arrays exist too.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { Failure } from "../errors.ts";
import { writeJson } from "../files/atomic.ts";
import { readJson } from "../files/read.ts";
import { openSafetensors } from "../files/safetensors.ts";
import { writeSafetensors } from "../files/safetensors-write.ts";
import type { Evaluation } from "./subject.ts";
import { type EvaluationResult, evaluationSchema, type FeatureStatistics } from "./result.ts";

const STATISTICS = [
  "density",
  "mean_activation",
  "max_activation",
  "encoder_decoder_cosine",
  "rare_encoder_cosine",
  "rare_decoder_cosine",
] as const satisfies readonly (keyof FeatureStatistics)[];

/** Writes both files into `folder`. @throws Failure when it cannot be written. */
export function writeEvaluation(folder: string, { result, features }: Evaluation): void {
  const tensors = STATISTICS.map((name) => [name, { dims: [result.d_sae], data: features[name] }] as const);
  writeSafetensors(join(folder, "features.safetensors"), Object.fromEntries(tensors), {
    format: "monosemantic features",
    tokens: String(result.tokens),
  });
  writeJson(join(folder, "evaluation.json"), result);
}

/** @throws Failure naming the file when it is missing, damaged, or not an evaluation of this version. */
export function readEvaluation(folder: string): EvaluationResult {
  const path = join(folder, "evaluation.json");
  const parsed = evaluationSchema.safeParse(readJson(path, "an evaluation"));
  if (parsed.success) return parsed.data;
  throw new Failure(
    `${path} is not an evaluation this version can read: ${firstProblem(parsed.error)}; evaluate again`,
  );
}

/** The arrays beside the evaluation in `folder`, or null when there are none. @throws Failure when the file is damaged. */
export function readFeatureStatistics(folder: string): FeatureStatistics | null {
  const path = join(folder, "features.safetensors");
  if (!existsSync(path)) return null;
  const file = openSafetensors(path);
  try {
    const arrays = STATISTICS.map((name) => [name, file.readFloats(name)] as const);
    return Object.fromEntries(arrays) as unknown as FeatureStatistics;
  } finally {
    file.close();
  }
}

function firstProblem(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue === undefined ? "unknown contents" : `${issue.path.join(".") || "the file"}: ${issue.message}`;
}
