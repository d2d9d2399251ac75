/** The options of a study file beside those of `run`, and where in the file each group of them stands. */

import { z } from "zod";
import { effectsOptions } from "../experiments/effects/options.ts";
import { analysisOptions } from "../features/options.ts";
import { interpretationOptions, SAMPLING_RULES } from "../interpretation/options.ts";
import { PROTOCOL_NAMES } from "../interpretation/protocols/task.ts";
import { ONE_DICTIONARY } from "./dictionary-options.ts";
import { STREAM } from "./run-request.ts";
import { DEVICE, EVALUATION, RUN } from "./sections.ts";

/** What one trial may say: the options of `run`, each with one value, less those that belong to a place and a moment. */
export const TRIAL = {
  ...STREAM,
  dictionary: ONE_DICTIONARY,
  evaluation: EVALUATION,
  machine: { title: DEVICE.title, schema: DEVICE.schema.pick({ device: true }) },
};

/** Of `streamSeed`: each trial's own seed. */
export const OWN = "own";

/** At the top of the file. */
export const STUDY = {
  study: {
    title: "Study",
    schema: z.object({
      title: z.string().min(1).optional().describe("of the report (default: the file's name)"),
      question: z.string().min(1).optional().describe("what the study is to find out"),
      seeds: z
        .array(z.int().min(0))
        .min(1)
        .optional()
        .describe("every trial is made once with each of these seeds"),
      streamSeed: z
        .union([z.int().min(0), z.literal(OWN)])
        .optional()
        .describe(
          `shuffles the text, for all trials alike, so that none depends on what is trained beside it; ${OWN}: each trial's own seed ` +
            `does, so that another seed is another order of the text too, and a group of its own (default: the first seed)`,
        ),
      threads: z
        .int()
        .positive()
        .optional()
        .describe(
          "CPU threads of each part (default: all of this machine); another number gives other last bits",
        ),
      checkpointMinutes: RUN.schema.shape.checkpointMinutes,
      memory: z
        .number()
        .positive()
        .optional()
        .describe(
          'bytes that one part may take, such as "8G": trials are trained together as far as they fit (default: four fifths of ' +
            "this machine)",
        ),
      groupSize: z
        .int()
        .positive()
        .optional()
        .describe("train at most this many dictionaries together (default: as many as fit)"),
      slices: z
        .int()
        .positive()
        .default(1)
        .describe("parts in which a text is tokenised at the same time, to be joined afterwards"),
    }),
  },
};

/** Below `measure`. */
export const MEASURES = {
  features: { title: "Features", schema: analysisOptions },
  explain: {
    title: "Explanations",
    schema: z.object({
      protocols: z
        .array(z.enum(PROTOCOL_NAMES))
        .min(1)
        .default(["bricken-2023"])
        .describe(
          "how explanations are made and scored; the first gives the score that stands for a feature",
        ),
      features: z.int().positive().optional().describe("how many features of each dictionary (default: all)"),
      sampling: z.enum(SAMPLING_RULES).default("uniform").describe("which ones when not all"),
      seed: z.int().min(0).default(0).describe("of everything that is drawn"),
      ...interpretationOptions.shape,
    }),
  },
  compare: {
    title: "Comparison of seeds",
    schema: z.object({
      tokens: z.int().positive().default(200_000).describe("tokens to compare dictionaries on"),
      minActive: z.int().positive().default(10).describe("leave out features active on fewer of them"),
    }),
  },
  effects: { title: "Effects of features", schema: effectsOptions },
};

/** Parts of the file that are no single value. */
export const STRUCTURE = ["base", "grid", "random", "trials", "measure"] as const;

/** For options of `run` that a trial may not have: where they belong in a study. */
export function misplaced(key: string): string | undefined {
  if (key === "threads" || key === "checkpointMinutes") return "belongs at the top of the file, beside base";
  if (Object.hasOwn(analysisOptions.shape, key)) return 'belongs below "measure", in "features"';
  if (Object.hasOwn(interpretationOptions.shape, key)) return 'belongs below "measure", in "explain"';
  if (["out", "resume", "explore"].includes(key)) return "is no matter of a trial: leave it out";
  return undefined;
}
