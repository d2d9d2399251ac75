/**
 * One part of a study, done here and now by this process: what every engine starts, on whatever machine.
 *
 *     claim an attempt ─► inherit ─► the stage's work ─► publish
 *                          └ pulse: stop, with a checkpoint, when another attempt has begun or the study is cancelled
 */

import { join } from "node:path";
import { Failure } from "../../errors.ts";
import type { RunHooks } from "../../run/request.ts";
import { type Attempt, claim } from "../attempts/claim.ts";
import { isDiskFull, outcome, outcomeOf } from "../attempts/ending.ts";
import { Superseded, whyToStop } from "../attempts/fence.ts";
import { inherit } from "../attempts/inherit.ts";
import { OUTCOME } from "../attempts/attempt-folder.ts";
import { publish, removeLeftovers } from "../attempts/publish.ts";
import { startPulse } from "../attempts/pulse.ts";
import { reached } from "../attempts/reached.ts";
import { overwrite } from "../attempts/reserved-file.ts";
import type { Part, Stage } from "../plan.ts";
import type { AttemptOutcome } from "../state.ts";
import type { StudyFolder } from "../study-folder.ts";
import { type Job, resultOf } from "./job.ts";

/** Loaded when it is needed: each brings much of the program with it. */
const WORK: Readonly<Record<Stage, () => Promise<(job: Job) => Promise<void>>>> = {
  tokenise: async () => (await import("./tokenise.ts")).tokenise,
  join: async () => (await import("./join.ts")).join,
  train: async () => (await import("./train.ts")).train,
  measure: async () => (await import("./measure.ts")).measure,
  explain: async () => (await import("./explain.ts")).explain,
  compare: async () => (await import("./compare.ts")).compare,
  report: async () => (await import("./report.ts")).report,
};

/** The stage whose result a stage's work begins as. */
const BASE: Partial<Record<Stage, Stage>> = { measure: "train", explain: "measure" };

/**
 * Does a part, or goes on with it.
 * @param hooks its signal's reason, `Stopped` where that is a person's or a scheduler's wish
 * @returns how it ended; whatever went wrong is in there
 * @throws UsageError for a part that there is not, Failure when it cannot begin: what it needs is not done, or nothing can be written
 */
export async function workOn(
  folder: StudyFolder,
  name: string,
  hooks: RunHooks = {},
): Promise<AttemptOutcome> {
  const part = folder.part(name);
  if (folder.isDone(name)) {
    // Whoever did it may have been killed before it could.
    removeLeftovers(folder, name);
    return outcome("done", `${name} was done already`);
  }
  const missing = part.needs.filter((need) => !folder.isDone(need));
  if (missing.length > 0) throw new Failure(`${name} needs ${missing.join(", ")}, which is not done yet`);
  const reason = whyToStop(folder, name, { number: Infinity });
  if (reason !== undefined) return outcomeOf(reason, undefined);

  let attempt: Attempt;
  try {
    attempt = claim(folder, name);
  } catch (error) {
    if (isDiskFull(error)) return outcomeOf(error, undefined);
    throw error;
  }
  const ended = await attemptAt(folder, part, attempt, hooks);
  overwrite(join(attempt.path, OUTCOME), ended);
  attempt.lock.release();
  if (folder.isDone(name)) removeLeftovers(folder, name);
  return ended;
}

async function attemptAt(
  folder: StudyFolder,
  part: Part,
  attempt: Attempt,
  hooks: RunHooks,
): Promise<AttemptOutcome> {
  const fence = () => whyToStop(folder, part.name, attempt);
  const pulse = startPulse(attempt, hooks, {
    whyToStop: fence,
    checkpoint: () => reached(part.stage, attempt.work),
  });
  try {
    pulse.hooks.onPhase?.("taking over what there is");
    const base = BASE[part.stage];
    const from = await inherit(
      folder.attemptsFolder(part.name),
      attempt,
      part.stage,
      base === undefined ? null : resultOf(folder, base, part.subject),
    );
    if (from !== null) {
      attempt.continues(from);
      hooks.onNote?.(`going on from what attempt ${from} has left`);
    }
    pulse.signal.throwIfAborted();
    const work = await WORK[part.stage]();
    await work({ folder, part, work: attempt.work, hooks: pulse.hooks });
    pulse.stop();
    publish(folder, part.name, attempt);
    return outcome("done", `${part.name} is done`);
  } catch (error) {
    pulse.stop();
    // Whoever did the part meanwhile has removed what this one was working in.
    const lost = fence();
    if (lost instanceof Superseded) return outcomeOf(error, lost);
    return outcomeOf(error, pulse.signal.aborted ? (lost ?? pulse.signal.reason) : undefined);
  }
}
