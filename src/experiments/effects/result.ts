/**
 * What units of a dictionary do to its model, as it is kept in RUN/effects/SAE.json: every measure (measures.ts) of every sampled unit,
 * features with neurons and random directions beside them, and means with intervals.
 *
 * Of a run on shuffled weights all of it is measured in the shuffled model, so two results can be compared: with units matched by density
 * and single-tokenness (matching.ts).
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Failure } from "../../errors.ts";
import { readJson } from "../../files/read.ts";
import { effectsOptions } from "./options.ts";
import { MEASURE_NAMES, type Measure } from "./measures.ts";

/** Folder of a run: RUN/effects/SAE.json. */
export const EFFECTS_FOLDER = "effects";

export const EFFECT_SUBJECTS = ["features", "neurons", "random-directions"] as const;
export type EffectSubject = (typeof EFFECT_SUBJECTS)[number];

export const SPLITS = ["all", "single-token", "other"] as const;
export type EffectSplit = (typeof SPLITS)[number];

const measure = z.enum(MEASURE_NAMES as [Measure, ...Measure[]]);

const subjectSchema = z.object({
  subject: z.enum(EFFECT_SUBJECTS),
  count: z.number().describe("Units of the set."),
  eligible: z.number().describe("Those active often enough, of which the measured ones were drawn."),
  hook: z.string().describe("Where they are read and changed."),
  units: z
    .array(z.number())
    .describe("Numbers of the measured units; the arrays below have one element for each."),
  density: z
    .array(z.number())
    .describe("Share of tokens on which each is active, in the text that was read."),
  max: z.array(z.number()).describe("Largest activation in that text."),
  singleToken: z
    .array(z.boolean().nullable())
    .describe(
      "Whether the 20 highest contexts have their maximum on one and the same token; null with fewer contexts.",
    ),
  values: z.record(measure, z.array(z.number().nullable())).describe("Each measure of each unit."),
});

const summarySchema = z.object({
  measure,
  subject: z.enum(EFFECT_SUBJECTS),
  split: z.enum(SPLITS),
  units: z.number().describe("Units with a value."),
  mean: z.number().nullable(),
  interval: z
    .tuple([z.number(), z.number()])
    .nullable()
    .describe("95 % interval of the mean: 1,000 bootstrap resamples of units."),
  median: z.number().nullable(),
});

export const effectsSchema = z.object({
  format: z.literal(1).describe("Version of this file's layout."),
  version: z.string(),
  sae: z.string().describe("Name of the dictionary in its run."),
  weights: z.string().describe("SHA-256 of the dictionary's weights."),
  hook: z.string(),
  model: z.object({
    name: z.string(),
    weights_sha256: z.string(),
    shuffled: z
      .number()
      .nullable()
      .describe("Seed with which the model's weights were shuffled; null for its own."),
  }),
  local: z
    .boolean()
    .describe(
      "Whether a change at a token reaches no prediction but its own: the hook point is behind the last attention.",
    ),
  path: z
    .enum(["exact", "direct"])
    .nullable()
    .describe(
      "Linear path to the logits; null where a nonlinearity comes first, and there are no logit weights.",
    ),
  options: effectsOptions,
  tokens: z.object({ heldout: z.number(), train: z.number() }).describe("Tokens read, of each split."),
  subjects: z.array(subjectSchema),
  summary: z.array(summarySchema).describe("One row for each measure, subject and split."),
  seconds: z.number(),
});

export type EffectsResult = z.infer<typeof effectsSchema>;
export type SubjectEffects = EffectsResult["subjects"][number];
export type EffectsSummaryRow = EffectsResult["summary"][number];

export function effectsFile(run: string, sae: string): string {
  return join(run, EFFECTS_FOLDER, `${sae}.json`);
}

/** Null when none were measured. @throws Failure when the file is damaged or of another version */
export function readEffects(run: string, sae: string): EffectsResult | null {
  const path = effectsFile(run, sae);
  if (!existsSync(path)) return null;
  const parsed = effectsSchema.safeParse(readJson(path, "measured effects"));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Failure(
    `${path} is not a result this version can read: ${issue?.path.join(".") || "the file"}: ${issue?.message ?? "unknown contents"}; measure again`,
  );
}
