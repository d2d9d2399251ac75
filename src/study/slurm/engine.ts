/**
 * A study on Slurm. All parts are submitted at once, as job arrays that wait for each other, with a job behind them that looks what is
 * not done when all have ended, and one that looks in at intervals. Nobody has to stay: what is known is in the study's folder, and
 * whoever sees that can go on. To go on is always the same: what is neither done nor in the queue, and may be tried again, is
 * submitted, with what it waits for. Whether two of that happen at once, or a job runs twice, changes no result: attempts are fenced.
 */

import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure, messageOf } from "../../errors.ts";
import { lockFolder } from "../../files/folder-lock.ts";
import { shellWord } from "../../files/shell-word.ts";
import { readState } from "../read-state.ts";
import { forgivenUpTo, verdictOn } from "../retries.ts";
import type { StudyState } from "../state.ts";
import type { StudyFolder } from "../study-folder.ts";
import { jobArrays, type ToSubmit } from "./arrays.ts";
import { ask, complaintOf, type Answer } from "./commands.ts";
import { noteJob } from "./jobs.ts";
import { grownMemory } from "./memory.ts";
import { idOf, isHeldBySlurm, readQueue, type Queue } from "./queue.ts";
import { scriptPath } from "./sbatch.ts";
import { slurmScheduler } from "./scheduler.ts";
import { makeSite, openSite, scriptsOf, writeScripts, type Site } from "./site-folder.ts";
import { submitArrays } from "./submit.ts";
import { stopTending, tend } from "./tend.ts";

export interface SlurmHooks {
  readonly signal?: AbortSignal | undefined;
  /** One line worth reading. */
  readonly onNote?: ((line: string) => void) | undefined;
}

export interface SlurmOutcome {
  /** Before what was submitted now. */
  readonly state: StudyState;
  /** Parts that were submitted. */
  readonly submitted: number;
  /** Parts that were in the queue already. */
  readonly queued: number;
  /** For a person: what happens now. */
  readonly sentence: string;
}

/** What is said of a request that no node meets, and for some seconds of every request when the controller has just come back. */
const NO_SUCH_NODE = /node configuration is not available/i;
const NODE_TRIES = 6;
const NODE_WAIT_MS = 2500;

/** Whether Slurm would take each script, before any is in its queue: the last one may be reached after days. */
async function tryScripts({ folder, profile }: Site, { signal }: SlurmHooks): Promise<void> {
  for (const place of scriptsOf(folder, profile).keys()) {
    const test = () => ask("sbatch", ["--test-only", scriptPath(folder, place)]);
    let answer = await test();
    for (let tries = NODE_TRIES; tries > 0 && NO_SUCH_NODE.test(complaintOf(answer)); tries--) {
      await sleep(NODE_WAIT_MS, undefined, { signal });
      answer = await test();
    }
    if (answer.code !== 0) {
      throw new Failure(
        `Slurm would not take slurm/${place}.sbatch: ${complaintOf(answer)}: correct slurm/profile.json, and go on with "monosemantic resume ${shellWord(folder.path)}"`,
      );
    }
  }
}

/**
 * Goes on with a study: submits what is neither done nor in the queue and may be tried again. A study whose jobs are all there stays
 * as it is.
 * @param tend called by a job that looks after the study: it waits for a controller that is away, and leaves a cancelled study alone
 * @throws Failure when Slurm cannot be asked, or refuses
 */
export async function resumeSlurm(
  folder: StudyFolder,
  hooks: SlurmHooks = {},
  { tend: tending = false }: { readonly tend?: boolean } = {},
): Promise<SlurmOutcome> {
  const site = await makeSite(folder);
  const lock = await lockedWhenFree(folder, tending, hooks);
  try {
    const queue = await reachedQueue(site, tending, hooks);
    const { retries } = site.profile;
    const state = await readState(folder, { scheduler: slurmScheduler(folder), policy: retries });
    if (state.complete || (tending && existsSync(folder.cancelled))) {
      await stopTending(site, queue);
      return {
        state,
        submitted: 0,
        queued: queue.parts.size,
        sentence: sentenceOf(folder, state, 0, 0, null),
      };
    }
    await release(site, queue, hooks);
    const wanted = state.parts.flatMap(({ part, attempts }): ToSubmit[] => {
      if (folder.isDone(part.name) || queue.parts.has(part.name)) return [];
      const verdict = verdictOn(attempts, forgivenUpTo(folder, part.name), retries);
      if (!verdict.again) return [];
      return [
        { part, memoryBytes: grownMemory(site.profile, folder.plan, part.stage, verdict.memoryFactor) },
      ];
    });
    const arrays = jobArrays(folder.plan, site.naming, wanted, queue.parts, (part) => folder.isDone(part));
    if (arrays.length > 0) {
      writeScripts(site);
      if (!tending) await tryScripts(site, hooks);
    }
    const submitted = await tend(site, queue, arrays.length > 0, () => submitArrays(site, arrays));
    const sentence = sentenceOf(folder, state, submitted.parts, queue.parts.size, submitted.limit);
    hooks.onNote?.(sentence);
    if (submitted.parts === 0 && queue.parts.size === 0 && state.failed > 0)
      await reportWhatThereIs(folder, hooks);
    return { state, submitted: submitted.parts, queued: queue.parts.size, sentence };
  } finally {
    lock.release();
  }
}

/** Something failed for good, so the report's own part will not come: it is written of the rest. */
async function reportWhatThereIs({ path }: StudyFolder, { onNote }: SlurmHooks): Promise<void> {
  try {
    const { writeStudyReport } = await import("../report/write-study-report.ts");
    onNote?.(`the report on what there is: ${writeStudyReport(path).report}`);
  } catch (error) {
    onNote?.(`no report could be written: ${messageOf(error)}`);
  }
}

/** Two that submit at once would submit twice. */
async function lockedWhenFree(folder: StudyFolder, patient: boolean, { signal }: SlurmHooks) {
  for (let tries = patient ? 40 : 3; ; tries--) {
    try {
      return lockFolder(folder.slurm, null);
    } catch (error) {
      if (tries <= 0) throw error;
      await sleep(patient ? 5000 : 1000, undefined, { signal });
    }
  }
}

async function reachedQueue(
  { folder, naming }: Site,
  patient: boolean,
  { signal, onNote }: SlurmHooks,
): Promise<Queue> {
  for (let tries = patient ? 40 : 0; ; tries--) {
    const queue = await readQueue(folder.plan, naming);
    if (!("code" in queue)) return queue;
    if (tries <= 0) throw away(folder, queue);
    onNote?.(`Slurm does not answer (${complaintOf(queue)}): asking again`);
    await sleep(15_000, undefined, { signal });
  }
}

function away({ path }: StudyFolder, answer: Answer): Failure {
  return new Failure(
    `Slurm cannot be asked what is in its queue (${complaintOf(answer)}), and nothing was submitted: ` +
      `try "monosemantic resume ${shellWord(path)}" again later`,
  );
}

/** Jobs that Slurm put on hold, because it failed to start them. */
async function release({ folder }: Site, { parts }: Queue, { onNote }: SlurmHooks): Promise<void> {
  for (const job of parts.values()) {
    if (!isHeldBySlurm(job)) continue;
    const answer = await ask("scontrol", ["release", idOf(job)]);
    noteJob(folder, { event: "release", name: job.name, job: idOf(job) });
    if (answer.code === 0) onNote?.(`${idOf(job)} was on hold (${job.reason}) and may start again`);
  }
}

/**
 * Takes a study's jobs out of the queue. Those at work end with a checkpoint.
 * @returns how many parts had a job
 * @throws Failure when Slurm cannot be asked
 */
export async function cancelSlurm(folder: StudyFolder): Promise<number> {
  const site = openSite(folder);
  const queue = await readQueue(folder.plan, site.naming);
  if ("code" in queue) {
    throw new Failure(
      `Slurm cannot be asked what is in its queue (${complaintOf(queue)}): what is at work stops by itself within seconds, and ` +
        "so does what begins later; to empty the queue, cancel again when Slurm is back",
    );
  }
  const jobs = new Map([...queue.tending, ...queue.parts.values()].map((job) => [job.arrayJob, job.name]));
  if (jobs.size === 0) return 0;
  for (const [job, name] of jobs) noteJob(folder, { event: "cancel", name, job });
  const answer = await ask("scancel", [...jobs.keys()]);
  if (answer.code !== 0) throw new Failure(`scancel: ${complaintOf(answer)}; "monosemantic cancel" again`);
  return queue.parts.size;
}

function sentenceOf(
  { path, plan }: StudyFolder,
  { complete, failed, parts }: StudyState,
  submitted: number,
  queued: number,
  limit: string | null,
): string {
  if (complete) return "complete";
  const done = parts.filter(({ status }) => status === "done").length;
  const left = plan.parts.length - done - submitted - queued;
  return [
    `${done} of ${plan.parts.length} parts done, ${submitted} submitted, ${queued} in the queue already`,
    ...(failed > 0
      ? [
          `${failed} failed: "monosemantic status ${shellWord(path)}" says why, "monosemantic retry" tries them again`,
        ]
      : []),
    ...(limit === null ? [] : [`${left} more when the queue has room (${limit})`]),
  ].join("; ");
}
