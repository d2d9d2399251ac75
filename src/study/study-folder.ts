/**
 * Where everything of a study lies. Its directory is all the state there is: whoever sees it, from whatever machine, can say how the
 * study stands, go on with it, or stop it.
 *
 *     study.json              the study file as it was given, paths made absolute
 *     plan.json               trials, groups, parts (plan.ts)
 *     cancelled.json          there while the study is to stand still
 *     parts/PART/attempts/N/  one try at a part: attempt.json, progress.json, outcome.json, work/
 *     parts/PART/result/      what it made: the work/ of the attempt that ended well, renamed
 *     parts/PART/forgiven     number of the last attempt that no longer counts as a failure (`retry`)
 *     slurm/                  profile.json, STAGE.sbatch, jobs.jsonl, logs/
 *     trials.json, .csv, .parquet, report.html, plots/
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Failure, nearest, UsageError } from "../errors.ts";
import { readJson } from "../files/read.ts";
import type { Part, Plan } from "./plan.ts";

export class StudyFolder {
  readonly path: string;
  readonly plan: Plan;

  private constructor(path: string, plan: Plan) {
    this.path = path;
    this.plan = plan;
  }

  /** @throws UsageError when there is no study, Failure when its plan is damaged */
  static open(path: string): StudyFolder {
    const file = planFile(path);
    if (!existsSync(file)) {
      throw new UsageError(
        `${path} holds no study (no plan.json): start one with "monosemantic sweep STUDY.json"`,
      );
    }
    const plan = readJson(file, "a study's plan") as Plan | null;
    if (!isPlan(plan)) {
      throw new Failure(`${file} is no plan of a study that this version can read`);
    }
    return new StudyFolder(path, plan);
  }

  /** @throws UsageError for a name that no part has */
  part(name: string): Part {
    const part = this.plan.parts.find((candidate) => candidate.name === name);
    if (part === undefined) {
      const known = this.plan.parts.map((one) => one.name);
      throw new UsageError(
        `the study in ${this.path} has no part "${name}"; nearest: ${nearest(name, known).join(", ")}`,
      );
    }
    return part;
  }

  partFolder(part: string): string {
    return join(this.path, "parts", part);
  }

  attemptsFolder(part: string): string {
    return join(this.partFolder(part), "attempts");
  }

  /** There when the part is done. */
  result(part: string): string {
    return join(this.partFolder(part), "result");
  }

  isDone(part: string): boolean {
    return existsSync(this.result(part));
  }

  get slurm(): string {
    return join(this.path, "slurm");
  }

  get cancelled(): string {
    return join(this.path, "cancelled.json");
  }
}

const LISTS = ["trials", "texts", "groups", "comparisons", "parts"] as const;

/** As far as everything that opens a study relies on it; a plan is written by this program and edited by nobody. */
function isPlan(plan: Plan | null): plan is Plan {
  return (
    plan?.format === 1 &&
    typeof plan.title === "string" &&
    LISTS.every((list) => Array.isArray(plan[list])) &&
    plan.parts.every(isPart)
  );
}

/** Its name is that of a folder. */
function isPart(part: Part | null): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(part?.name ?? "") && Array.isArray(part?.needs);
}

/** Whether a folder holds a study. */
export function isStudy(path: string): boolean {
  return existsSync(planFile(path));
}

export function planFile(path: string): string {
  return join(path, "plan.json");
}
