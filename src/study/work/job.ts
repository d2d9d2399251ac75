/** What the work of a part is given, and where it finds what it needs. */

import { join } from "node:path";
import { Failure } from "../../errors.ts";
import type { RunHooks } from "../../run/request.ts";
import { tokensFolder } from "../../run/source.ts";
import { readLeftOut } from "../left-out.ts";
import type { Group, Part, Plan, Stage, Text } from "../plan.ts";
import type { StudyFolder } from "../study-folder.ts";

export interface Job {
  readonly folder: StudyFolder;
  readonly part: Part;
  /** Where it works: what an earlier attempt, or the stage before, has made is in there. */
  readonly work: string;
  readonly hooks: RunHooks;
}

/** Result of the part that did `stage` for a text or group. */
export function resultOf(folder: StudyFolder, stage: Stage, subject: string): string {
  const part = folder.plan.parts.find((one) => one.stage === stage && one.subject === subject);
  if (part === undefined)
    throw new Failure(`the plan in ${folder.path} has no part that does ${stage} for ${subject}`);
  return folder.result(part.name);
}

/** Of a joined text. */
export function textTokens(folder: StudyFolder, text: string): string {
  return tokensFolder(resultOf(folder, "join", text));
}

/** A dictionary of a group that was trained. */
export function trainedSae(folder: StudyFolder, trial: string): string {
  const { group } = named(folder.plan, "trials", trial);
  return join(resultOf(folder, "train", group), "saes", trial);
}

export function groupOf({ folder, part }: Job): Group {
  return named(folder.plan, "groups", part.subject);
}

/** Trials of the group that have a dictionary: all but those that diverged. */
export function trainedTrials(job: Job): string[] {
  const leftOut = readLeftOut(job.work);
  return groupOf(job).trials.filter((name) => !(name in leftOut));
}

export function textOf({ folder, part }: Job): Text {
  return named(folder.plan, "texts", part.subject);
}

/** @throws Failure when the plan does not fit together */
export function named<K extends "texts" | "groups" | "trials" | "comparisons">(
  plan: Plan,
  list: K,
  name: string,
): Plan[K][number] {
  const found = plan[list].find((one) => one.name === name);
  if (found === undefined) throw new Failure(`the plan of the study has no "${name}" among its ${list}`);
  return found;
}
