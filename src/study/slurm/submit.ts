/** Submitting job arrays, one after the other, each with what it waits for. */

import { Failure } from "../../errors.ts";
import { shellWord } from "../../files/shell-word.ts";
import { dependencyOf, taskRanges, type JobArray } from "./arrays.ts";
import { ask, complaintOf, type Answer } from "./commands.ts";
import { noteJob } from "./jobs.ts";
import { memoryWord } from "./memory.ts";
import { jobName, readQueue, taskOf } from "./queue.ts";
import { scriptPath, type StudyPlace } from "./sbatch.ts";
import type { Site } from "./site-folder.ts";

type Preview = Omit<Site, "folder"> & { readonly folder: StudyPlace };

/** What is typed for an array. `jobs` are numbers of arrays before it, or what stands for them. */
export function sbatchWords(
  { folder, profile, naming }: Preview,
  array: JobArray,
  jobs: readonly string[],
  share = 1,
): string[] {
  const { stage, block, name, parts, memoryBytes, waits } = array;
  const tasks = taskRanges(parts.map((part) => taskOf(part, naming)));
  const limit =
    profile.concurrent === undefined ? undefined : Math.max(1, Math.floor(profile.concurrent * share));
  const dependency = dependencyOf(waits, jobs);
  return [
    "--parsable",
    `--job-name=${name}`,
    `--array=${tasks}${limit === undefined || limit >= parts.length ? "" : `%${limit}`}`,
    ...(memoryBytes === null ? [] : [`--mem=${memoryWord(memoryBytes)}`]),
    ...(dependency === undefined ? [] : [`--dependency=${dependency}`]),
    scriptPath(folder, stage),
    `${block * naming.arraySize}`,
  ];
}

/** Which part of its stage's `concurrent` each array may use: all arrays of a stage together keep to it. */
export function sharesOf(arrays: readonly JobArray[]): number[] {
  return arrays.map(({ stage, parts }) => {
    const all = arrays
      .filter((other) => other.stage === stage)
      .reduce((sum, other) => sum + other.parts.length, 0);
    return parts.length / all;
  });
}

export interface Submitted {
  /** Numbers of the jobs, those that look after the study not among them. */
  readonly jobs: readonly string[];
  readonly parts: number;
  /** Why not all could be submitted: a limit of the site on jobs in the queue. */
  readonly limit: string | null;
}

/** @throws Failure when Slurm refuses one for a reason that will not pass, or cannot be reached */
export async function submitArrays(site: Site, arrays: readonly JobArray[]): Promise<Submitted> {
  const shares = sharesOf(arrays);
  const jobs: string[] = [];
  let parts = 0;
  for (const [i, array] of arrays.entries()) {
    const job = await submitJob(
      site,
      array.name,
      sbatchWords(site, array, jobs, shares[i]),
      array.parts.map(({ name }) => name),
    );
    if (typeof job !== "string") return { jobs, parts, limit: job.limit };
    jobs.push(job);
    parts += array.parts.length;
  }
  return { jobs, parts, limit: null };
}

/** A limit on what one may have in the queue: passes when jobs end. */
const LIMIT =
  /MaxSubmit|submit.*limit|AssocGrpSubmit|violates accounting\/QOS policy|job_count|Slurm temporarily unable to accept job/i;

/**
 * @returns the job's number, or the limit that it meets
 * @throws Failure see submitArrays
 */
export async function submitJob(
  site: Site,
  name: string,
  words: readonly string[],
  parts: readonly string[] = [],
): Promise<string | { limit: string }> {
  const { folder } = site;
  noteJob(folder, { event: "submit", name, words, parts });
  const answer = await ask("sbatch", words);
  const job = jobNumber(answer) ?? (answer.late ? await foundLater(site, name, parts) : undefined);
  if (job !== undefined) {
    noteJob(folder, { event: "submitted", name, job });
    return job;
  }
  const sentence = complaintOf(answer);
  noteJob(folder, { event: "refused", name, sentence });
  if (LIMIT.test(sentence)) return { limit: sentence };
  throw new Failure(
    `Slurm does not take ${name}: ${sentence}; what was asked for is in slurm/${name.split("-").at(-1)!.split(".")[0]}.sbatch, ` +
      `from slurm/profile.json: correct that, and go on with "monosemantic resume ${shellWord(folder.path)}"`,
  );
}

/** "17" or, on a site of several clusters, "17;name". */
function jobNumber({ code, stdout }: Answer): string | undefined {
  return code === 0 ? /^(\d+)/m.exec(stdout)?.[1] : undefined;
}

/** Whether a submission that had no answer has arrived all the same. */
async function foundLater(
  { folder, naming }: Site,
  name: string,
  parts: readonly string[],
): Promise<string | undefined> {
  const queue = await readQueue(folder.plan, naming);
  if ("code" in queue) return undefined;
  const jobs = [...queue.parts.entries()].flatMap(([part, job]) => (parts.includes(part) ? [job] : []));
  return [...jobs, ...queue.tending].find((job) => job.name === name)?.arrayJob;
}

/** What looks after the study: one job when all others have ended, and one that looks in at intervals. */
export function tendWords(
  { folder, profile, naming }: Preview,
  kind: "tend" | "watch",
  after: readonly string[],
): string[] {
  return [
    "--parsable",
    `--job-name=${jobName(kind, 0, naming)}`,
    kind === "tend"
      ? `--dependency=afterany:${after.join(":")}`
      : `--begin=now+${Math.ceil(profile.tendMinutes * 60)}`,
    scriptPath(folder, "tend"),
  ];
}
