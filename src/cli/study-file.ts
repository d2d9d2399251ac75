/**
 * STUDY.json: read, and checked as a whole before anything is written or started. Each mistake is one sentence that names the file, the key
 * or the trial, what was found and what was expected.
 */

import { basename, dirname, extname, resolve } from "node:path";
import { availableParallelism } from "node:os";
import { UsageError } from "../errors.ts";
import { machineBytes } from "../sae/memory.ts";
import { declaredOptions, type DesignedTrial, expandDesign } from "../study/design.ts";
import type { Measures } from "../study/plan.ts";
import type { StudyRequest, TrialRequest } from "../study/study-request.ts";
import type { OptionsOf, Sections } from "./command.ts";
import { NOTES, readObject, valuesIn } from "./config-file.ts";
import { optionsOf } from "./options.ts";
import { checkSections } from "./resolve.ts";
import { absoluteModel, absoluteText, TrialReader } from "./study-trials.ts";
import { type Json, objectIn, readDesign, refuseUnknown } from "./study-design.ts";
import { MEASURES, misplaced, OWN, STRUCTURE, STUDY, TRIAL } from "./study-file-sections.ts";
import { withFile } from "./with-file.ts";

/** Share of the machine that a part may take when nothing is said: the rest is for everybody else on it. */
const MEMORY_SHARE = 0.8;

export interface ReadStudy {
  /** The file's name without folder and extension. */
  readonly name: string;
  readonly request: StudyRequest;
  /** The file as it was given, with absolute paths: what is kept beside the plan. */
  readonly json: Json;
}

/** What belongs to the machine that does the work. */
export interface Machine {
  readonly threads?: number | undefined;
  /** Bytes. */
  readonly memory?: number | undefined;
}

/**
 * @param given on the command line, in place of what the file says
 * @param usual where neither says anything; this machine's, unless given
 * @throws UsageError for the first thing that is wrong
 */
export async function readStudy(path: string, given: Machine = {}, usual: Machine = {}): Promise<ReadStudy> {
  const json = readObject(path, "", '{"base": {…}, "grid": {"expansion": [8, 32]}}');
  refuseUnknownKeys(json, path);
  const folder = dirname(resolve(path));
  const asked = studyOptions(json, folder, path);
  const design = readDesign(json, asked.seeds, path);
  const measures = readMeasures(json["measure"] ?? {}, folder, path);
  const trials = await readTrials(
    withFile(path, () => expandDesign(design)),
    path,
    folder,
  );
  const name = basename(path, extname(path));
  const shared = asked.streamSeed ?? trials[0]!.options.seed;
  const withStream = (trial: TrialRequest): TrialRequest => ({
    ...trial,
    stream: { ...trial.stream, streamSeed: shared === OWN ? trial.options.seed : shared },
  });
  return {
    name,
    request: {
      title: asked.title ?? name,
      question: asked.question ?? null,
      threads: given.threads ?? asked.threads ?? usual.threads ?? availableParallelism(),
      checkpointMinutes: asked.checkpointMinutes,
      memoryBytes: given.memory ?? asked.memory ?? usual.memory ?? Math.floor(MEMORY_SHARE * machineBytes()),
      groupSize: asked.groupSize ?? null,
      slices: asked.slices,
      measures,
      declared: declaredOptions(design),
      trials: trials.map(withStream),
    },
    json: absolute(json, folder),
  };
}

async function readTrials(
  designed: readonly DesignedTrial[],
  path: string,
  folder: string,
): Promise<TrialRequest[]> {
  const reader = new TrialReader(path, folder);
  const trials: TrialRequest[] = [];
  for (const trial of designed) trials.push(await reader.read(trial));
  return trials;
}

function refuseUnknownKeys(json: Json, path: string): void {
  const options = Object.keys(STUDY.study.schema.shape);
  const known = [...options, ...STRUCTURE, ...NOTES];
  for (const key of Object.keys(json)) {
    if (known.includes(key)) continue;
    const elsewhere = optionsOf(TRIAL).some((option) => option.key === key)
      ? 'is an option of "run" and belongs into "base", or into "grid" with several values'
      : misplaced(key);
    if (elsewhere !== undefined) throw new UsageError(`${path}: "${key}" ${elsewhere}`);
  }
  refuseUnknown(json, known, path);
}

function studyOptions(json: Json, folder: string, path: string) {
  const keys = Object.keys(STUDY.study.schema.shape);
  const own = Object.fromEntries(Object.entries(json).filter(([key]) => keys.includes(key)));
  // It could be meant as how many.
  if (typeof own["seeds"] === "number") {
    throw new UsageError(`${path}: "seeds": found ${own["seeds"]}, expected a list such as [0, 1, 2]`);
  }
  return checked(STUDY, own, folder, path, "").study;
}

function readMeasures(value: unknown, folder: string, path: string): Measures {
  const json = objectIn(value, '"measure"', path, '{"features": true, "explain": {"features": 100}}');
  const names = Object.keys(MEASURES) as (keyof typeof MEASURES)[];
  refuseUnknown(json, names, `${path}: "measure"`);
  const read = <N extends keyof typeof MEASURES>(name: N, otherwise: boolean) => {
    const asked = json[name] ?? otherwise;
    if (asked === false) return null;
    const object = asked === true ? {} : objectIn(asked, `"${name}" in measure`, path, "{…}, true or false");
    const sections = { [name]: MEASURES[name] } as Pick<typeof MEASURES, N>;
    return checked(sections, object, folder, path, ` in ${name} of measure`)[name];
  };
  const explain = read("explain", false);
  if (explain !== null && json["features"] === false) {
    throw new UsageError(
      `${path}: "explain" in measure needs "features": leave "features": false out, or "explain" too`,
    );
  }
  return {
    // Densities, by which units are chosen, come from the analysis.
    features: read("features", explain !== null),
    explain: explain === null ? null : explanations(explain, path),
    compare: read("compare", true),
    effects: read("effects", false),
  };
}

function explanations(
  { protocols, features, sampling, seed, ...options }: OptionsOf<typeof MEASURES>["explain"],
  path: string,
): Measures["explain"] {
  if (sampling === "all" && features !== undefined) {
    throw new UsageError(
      `${path}: "explain" in measure: sampling all takes every feature, so features ${features} has no say: leave one of the two out`,
    );
  }
  return { protocols, features: features ?? null, sampling, seed, options };
}

function checked<T extends Sections>(
  sections: T,
  json: Json,
  folder: string,
  path: string,
  where: string,
): OptionsOf<T> {
  const values = valuesIn(json, optionsOf(sections), folder, `${path}:${where === "" ? " it" : where}`);
  return checkSections(sections, values, {
    name: ({ key }) => `${path}: "${key}"${where}`,
    found: ({ key }) => JSON.stringify(json[key]),
    required: ({ key }) => `${path}: "${key}"${where}`,
    before: `${path}: `,
    after: "",
  }).sections as OptionsOf<T>;
}

/** The same file, so that it can be read from anywhere. */
function absolute(json: Json, folder: string): Json {
  const place = (name: unknown, own: (name: string) => string): unknown => {
    if (Array.isArray(name)) return name.map((one) => place(one, own));
    if (typeof name !== "string") return name;
    return own(/^\.\.?(\/|$)/.test(name) ? resolve(folder, name) : name);
  };
  const settings = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(settings);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, own]) => {
        if (key === "model") return [key, place(own, absoluteModel)];
        if (key === "data") return [key, place(own, absoluteText)];
        if (key === "cache") return [key, place(own, resolve)];
        return [key, key === "space" ? settings(own) : own];
      }),
    );
  };
  const made = ["base", "grid", "random", "trials"];
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [key, made.includes(key) ? settings(value) : value]),
  );
}
