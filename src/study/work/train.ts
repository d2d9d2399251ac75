/** The dictionaries of a group, trained together on one stream. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { readRunRecord } from "../../report/run-folder.ts";
import { removeCheckpoints } from "../../run/checkpoint.ts";
import type { RunRequest } from "../../run/request.ts";
import { run } from "../../run/run.ts";
import { checkpointFolder } from "../../run/train.ts";
import { writeLeftOut } from "../left-out.ts";
import type { Group, Plan, Trial } from "../plan.ts";
import { groupOf, type Job, named, textTokens } from "./job.ts";

/** A dictionary that diverges is left out of the result, and the others are what they would be without it. */
export async function train(job: Job): Promise<void> {
  const { work, hooks } = job;
  const isBegun = existsSync(join(work, "run.json"));
  // Killed between the last step and publishing.
  if (!isBegun || readRunRecord(work).status !== "complete") {
    await run(trainRequest(job, groupOf(job), isBegun), hooks, "train");
  }
  removeCheckpoints(checkpointFolder(work));
  const { diverged } = readRunRecord(work);
  if (diverged !== undefined) writeLeftOut(work, diverged);
}

function trainRequest({ folder, part, work }: Job, group: Group, resume: boolean): RunRequest {
  const { plan } = folder;
  const trials = group.trials.map((name) => named(plan, "trials", name));
  return {
    ...group.stream,
    dictionaries: trials.map(({ dictionary }) => dictionary),
    names: trials.map(({ name }) => name),
    tokensFrom: textTokens(folder, group.text),
    out: work,
    resume,
    whenDiverged: "go-on",
    threads: plan.threads,
    checkpointMinutes: plan.checkpointMinutes,
    config: configOf(plan, trials),
    command: ["monosemantic", "work", folder.path, "--part", part.name],
  };
}

/** Options as a config file would give them: where trials differ, the values of all of them. */
function configOf({ threads, checkpointMinutes }: Plan, trials: readonly Trial[]): Record<string, unknown> {
  const keys = new Set(trials.flatMap(({ config }) => Object.keys(config)));
  const merged = [...keys].map((key) => {
    const values = trials.map(({ config }) => config[key] ?? null);
    const different = values.filter(
      (value, i) => values.findIndex((one) => JSON.stringify(one) === JSON.stringify(value)) === i,
    );
    return [key, different.length === 1 ? different[0] : different];
  });
  return { ...Object.fromEntries(merged), threads, checkpointMinutes };
}
