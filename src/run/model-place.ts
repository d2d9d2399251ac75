/**
 * Where the model of a run is now. run.json says where it was; a run that was copied to another machine, or a model that has
 * moved, needs another place, and what is found there has to be the same weights.
 */

import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RevisionOptions } from "../model/hub-lookup.ts";
import type { RunRecord } from "../report/run-folder.ts";

/** Models that come with the package. */
const OWN_MODELS = fileURLToPath(new URL("../../models/", import.meta.url));

export interface ModelPlace {
  /** Folder, or id on the hub. */
  readonly where: string;
  readonly hub: RevisionOptions;
  /** Seed of the permutation, for a run on a model with shuffled weights. */
  readonly shuffleWeights?: number;
}

/**
 * @param override what --model says
 * @returns the sentence that says what is missing, when there is no such place
 */
export function modelPlace(record: RunRecord, override: string | undefined): ModelPlace | string {
  const { hub, revision, folder, shuffled } = record.model ?? {};
  const shuffle = typeof shuffled === "number" ? { shuffleWeights: shuffled } : {};
  if (override !== undefined) return { where: override, hub: {}, ...shuffle };
  if (typeof hub === "string") {
    return { where: hub, hub: typeof revision === "string" ? { revision } : {}, ...shuffle };
  }
  if (typeof folder !== "string") return "run.json does not say which model was used: give it with --model";
  const asked = record.config?.["model"];
  const own = join(OWN_MODELS, basename(folder));
  for (const candidate of [folder, ...(typeof asked === "string" ? [asked] : []), own]) {
    if (existsSync(join(candidate, "config.json"))) return { where: candidate, hub: {}, ...shuffle };
  }
  return `the model is no longer in ${folder}: say where it is with --model FOLDER`;
}

/**
 * The sentence for a model that is not the run's: another one of the same shape would give numbers, and they would mean nothing.
 * Undefined when it is the one, or when run.json does not say.
 */
export function otherModel(record: RunRecord, weightsSha256: string, where: string): string | undefined {
  const expected = record.model?.["weights_sha256"];
  if (typeof expected !== "string" || expected === weightsSha256) return undefined;
  return (
    `the model in ${where} is not the one that the run was made with (its weights are others): ` +
    `say with --model FOLDER where that is`
  );
}
