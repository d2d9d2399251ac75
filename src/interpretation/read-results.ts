/**
 * Reads RUN/interpretation/SAE/NAME.json, which may be of another version, cut short, or someone else's: what a page shows is checked,
 * and a file that is not whole is left out with a sentence, so that the others can be seen.
 */

import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { Failure, messageOf } from "../errors.ts";
import { readJson } from "../files/read.ts";
import { type Interpretation, INTERPRETATION_FOLDER, PREDICTIONS, SUBJECTS } from "./result.ts";
import { SCORE_KINDS } from "./scores/score.ts";

/** Larger than that of 100,000 units under every protocol; what claims more would stop whoever reads it. */
const LARGEST_BYTES = 256 * 2 ** 20;

const numbers = z.array(z.number().nullable());
const interval = z.tuple([z.number(), z.number()]).nullable();

/** What tables and plots are made of. Other fields may be there, as later versions add some. */
const schema = z.looseObject({
  format: z.literal(1),
  sae: z.string(),
  name: z.string(),
  hook: z.string(),
  started: z.string(),
  finished: z.string().nullable(),
  stopped: z.string().nullable(),
  seconds: z.number(),
  protocols: z.array(z.string()),
  primary: z.enum(SCORE_KINDS),
  endpoint: z
    .looseObject({ model: z.string(), address: z.string(), mode: z.string(), spent: z.looseObject({}) })
    .nullable(),
  explainers: z.array(z.string()),
  text: z.looseObject({ tokens: z.number(), documents: z.record(z.string(), z.number()) }),
  sampling: z.looseObject({ rule: z.string(), seed: z.number(), asked: z.number().nullable() }),
  subjects: z.array(
    z.looseObject({
      subject: z.enum(SUBJECTS),
      count: z.number(),
      alive: z.number(),
      tooRare: z.number(),
      tokens: z.number(),
      units: z.array(z.int().min(0)),
      density: z.array(z.number()),
      singleToken: z.array(z.boolean().nullable()),
      chosen: z.array(z.string().nullable()),
      scores: z.array(
        z.looseObject({
          kind: z.enum(SCORE_KINDS),
          explainer: z.string(),
          prediction: z.enum(PREDICTIONS),
          values: numbers,
          low: numbers,
          high: numbers,
        }),
      ),
    }),
  ),
  asked: z.number(),
  failed: z.number(),
  summary: z.array(
    z.looseObject({
      kind: z.enum(SCORE_KINDS),
      explainer: z.string(),
      split: z.enum(["all", "single-token", "other"]),
      cells: z.array(
        z.looseObject({
          subject: z.enum(SUBJECTS),
          prediction: z.enum(PREDICTIONS),
          units: z.number(),
          mean: z.number().nullable(),
          interval,
          median: z.number().nullable(),
        }),
      ),
    }),
  ),
  conclusion: z.string(),
  notes: z.array(z.string()),
});

export interface FoundInterpretations {
  /** The newest first. */
  readonly interpretations: readonly Interpretation[];
  /** A sentence for each file that is not whole. */
  readonly problems: readonly string[];
}

/** Files of interpretations of the dictionary `sae`, by path; none when there is no such folder. */
export function interpretationFiles(run: string, sae: string): string[] {
  // A dictionary's name becomes part of a path here, and may come from anywhere.
  if (sae === "" || sae === ".." || sae === "." || basename(sae) !== sae) return [];
  const folder = join(run, INTERPRETATION_FOLDER, sae);
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".json") && entry.name !== "lock.json")
      .map(({ name }) => join(folder, name))
      .sort();
  } catch {
    return [];
  }
}

export function readInterpretations(run: string, sae: string): FoundInterpretations {
  const interpretations: Interpretation[] = [];
  const problems: string[] = [];
  for (const path of interpretationFiles(run, sae)) {
    try {
      interpretations.push(readInterpretation(path));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      problems.push(error.message);
    }
  }
  interpretations.sort((a, b) => (a.started < b.started ? 1 : a.started > b.started ? -1 : 0));
  return { interpretations, problems };
}

/** @throws Failure naming the file and what is wrong with it */
export function readInterpretation(path: string): Interpretation {
  const size = sizeOf(path);
  if (size > LARGEST_BYTES) {
    throw new Failure(
      `${path} has ${Math.round(size / 2 ** 20)} MB, expected the scores of an interpretation, in ${LARGEST_BYTES / 2 ** 20} at most: move it away`,
    );
  }
  const parsed = schema.safeParse(readJson(path, "the scores of an interpretation"));
  if (parsed.success) {
    const uneven = unevenColumn(parsed.data);
    if (uneven === undefined) return parsed.data as unknown as Interpretation;
    throw damaged(path, uneven);
  }
  const issue = parsed.error.issues[0]!;
  throw damaged(path, `${issue.path.join(".") || "the value"}: ${issue.message}`);
}

function damaged(path: string, what: string): Failure {
  return new Failure(
    `${path} is damaged, or of another version (${what}): interpret the run again with "monosemantic explain"`,
  );
}

/** All arrays of a subject have one element for each unit; intervals are there for some columns only. */
function unevenColumn({ subjects }: z.output<typeof schema>): string | undefined {
  for (const { subject, units, density, singleToken, chosen, scores } of subjects) {
    const columns = [
      density,
      singleToken,
      chosen,
      ...scores.flatMap(({ values, low, high }) => [
        values,
        ...[low, high].filter(({ length }) => length > 0),
      ]),
    ];
    const uneven = columns.find(({ length }) => length !== units.length);
    if (uneven !== undefined) return `subjects: ${subject}: ${uneven.length} values of ${units.length} units`;
  }
  return undefined;
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    throw new Failure(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}
