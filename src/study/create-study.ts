/**
 * Makes the directory of a study. It is whole or not there: made under another name beside its place, and renamed, so that of two that
 * want the same place one gets it.
 */

import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, realpathSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UsageError } from "../errors.ts";
import { makeFolder, writeFailure, writeJson } from "../files/atomic.ts";
import { shellWord } from "../files/shell-word.ts";
import { type EngineChoice, writeEngine } from "./engine-file.ts";
import type { Plan } from "./plan.ts";
import { isStudy, planFile, StudyFolder } from "./study-folder.ts";

/**
 * @param json the study file, paths made absolute
 * @param more writes what else belongs there, into the folder that it is given
 * @throws UsageError when something is in the place, Failure when it cannot be written
 */
export function createStudy(
  place: string,
  { plan, json, engine }: { plan: Plan; json: unknown; engine: EngineChoice },
  more: (folder: string) => void = () => {},
): void {
  refuseTaken(place, plan);
  // A link to an empty folder stays one: what it stands for is replaced.
  const path = existsSync(place) ? realpathSync(place) : resolve(place);
  const made = join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(4).toString("hex")}`);
  try {
    makeFolder(made);
    writeJson(join(made, "study.json"), json);
    writeEngine({ path: made }, engine);
    more(made);
    writeJson(planFile(made), plan);
    renameSync(made, path);
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    refuseTaken(place, plan);
    throw writeFailure(place, error);
  }
}

/** @throws UsageError when there is a study, or anything else, saying what to do */
export function refuseTaken(place: string, plan: Plan): void {
  if (isStudy(place)) {
    const same = sameStudy(StudyFolder.open(place).plan, plan);
    throw new UsageError(
      same
        ? `${place} holds this study already: go on with it by "monosemantic resume ${shellWord(place)}", or give another --out`
        : `${place} holds another study: give another --out`,
    );
  }
  const stats = existsSync(place) ? statSync(place) : undefined;
  if (stats !== undefined && !stats.isDirectory())
    throw new UsageError(`--out: ${place} is a file, expected a folder`);
  if (stats !== undefined && readdirSync(place).length > 0) {
    throw new UsageError(`--out: ${place} is not empty and holds no study: give a new or empty folder`);
  }
}

/** Forecasts may be others: they are measured. */
function sameStudy(a: Plan, b: Plan): boolean {
  const bare = (plan: Plan) =>
    JSON.stringify({ ...plan, parts: plan.parts.map((part) => ({ ...part, forecast: null })) });
  return bare(a) === bare(b);
}
