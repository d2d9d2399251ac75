/**
 * What of a study is in Slurm's queue. Jobs are found by their names, which are the study's own, and not by numbers: a controller that
 * lost its last seconds gives the same number to another job, and a submission that was cut off has no number here at all.
 */

import type { Part, Plan } from "../plan.ts";
import type { ScheduledPart } from "../state.ts";
import { ask, type Answer } from "./commands.ts";

/** How jobs of one study are called, written down once in STUDY/slurm/engine.json. */
export interface Naming {
  readonly name: string;
  /** Parts of one stage whose numbers give the same quotient by this are in one array. */
  readonly arraySize: number;
}

export interface QueuedJob {
  /** The number that the array, or the job if it is none, was given. */
  readonly arrayJob: string;
  readonly task: number | null;
  /** A number of its own, which it has from its start. */
  readonly job: string;
  readonly state: string;
  readonly reason: string;
  readonly name: string;
}

export interface Queue {
  /** By name of the part. */
  readonly parts: ReadonlyMap<string, QueuedJob>;
  /** Those that look after the study. */
  readonly tending: readonly QueuedJob[];
}

/** The job that comes when all others have ended, and the one that looks in at intervals. */
export const TENDING = ["tend", "watch"] as const;

export function blockOf(part: Part, { arraySize }: Naming): number {
  return Math.floor(part.index / arraySize);
}

export function taskOf(part: Part, { arraySize }: Naming): number {
  return part.index % arraySize;
}

/** Of the array that holds a part: `sweep-1f3a-train`, from the second one on with its number. */
export function jobName(stage: string, block: number, { name }: Naming): string {
  return `${name}-${stage}${block === 0 ? "" : `.${block}`}`;
}

const FIELDS = ["%F", "%K", "%A", "%T", "%j", "%r"];

/** The study's living jobs; an answer that is none where the controller could not be asked. */
export async function readQueue(plan: Plan, naming: Naming): Promise<Queue | Answer> {
  const named = new Map(
    plan.parts.map((part) => [
      key(jobName(part.stage, blockOf(part, naming), naming), taskOf(part, naming)),
      part,
    ]),
  );
  const names = new Set(plan.parts.map((part) => jobName(part.stage, blockOf(part, naming), naming)));
  for (const kind of TENDING) names.add(jobName(kind, 0, naming));
  const answer = await ask("squeue", ["-r", "-h", `--name=${[...names].join(",")}`, "-o", FIELDS.join("|")]);
  if (answer.code !== 0) return answer;
  const parts = new Map<string, QueuedJob>();
  const tending: QueuedJob[] = [];
  for (const job of parseQueue(answer.stdout)) {
    const part = named.get(key(job.name, job.task));
    if (part !== undefined) parts.set(part.name, preferred(parts.get(part.name), job));
    else if (TENDING.some((kind) => jobName(kind, 0, naming) === job.name)) tending.push(job);
  }
  return { parts, tending };
}

function key(name: string, task: number | null): string {
  return `${name} ${task ?? ""}`;
}

export function parseQueue(text: string): QueuedJob[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [arrayJob = "", task = "", job = "", state = "", name = "", ...reason] = line.trim().split("|");
      return {
        arrayJob,
        task: /^\d+$/.test(task) ? Number(task) : null,
        job,
        state,
        name,
        reason: reason.join("|"),
      };
    });
}

/** Of two jobs for one part, which a lost answer can cause, the one that is at work. */
function preferred(a: QueuedJob | undefined, b: QueuedJob): QueuedJob {
  return a === undefined || (!isAtWork(a) && isAtWork(b)) ? b : a;
}

const AT_WORK = ["RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT"];

export function isAtWork({ state }: QueuedJob): boolean {
  return AT_WORK.includes(state);
}

export function idOf({ arrayJob, task }: QueuedJob): string {
  return task === null ? arrayJob : `${arrayJob}_${task}`;
}

/** Slurm put it on hold after its own failure to start it; a person who held a job is left alone. */
export function isHeldBySlurm({ reason }: QueuedJob): boolean {
  return /requeued[ _]?(in )?held|launch.?failed/i.test(reason);
}

export function scheduledPart(job: QueuedJob): ScheduledPart {
  const state = isAtWork(job) ? "running" : "queued";
  return { state, job: idOf(job), reason: reasonOf(job) };
}

/** By the word that squeue has for it, or its beginning. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^DependencyNeverSatisfied/, "what it waits for has failed"],
  [/^Dependency/, "waits for the parts that it needs"],
  [/^JobArrayTaskLimit/, "waits for others of its stage, as the profile's `concurrent` asks"],
  [/^BeginTime/, "was put back into the queue and waits its minimum time"],
  [/^Resources/, "waits for a free node"],
  [/^Priority/, "others come first"],
  [/^(Assoc|QOS).*(Limit|Minutes|Grp|Max)/, "a limit of the account or QOS is reached"],
  [
    /^PartitionTimeLimit/,
    "asks for more time than the partition allows: change `time` in slurm/profile.json",
  ],
  [/^(PartitionDown|PartitionInactive)/, "the partition is closed"],
  [/^(ReqNodeNotAvail|NodeDown|Nodes_required)/i, "the nodes that it may use are down or reserved"],
  [/^BadConstraints/, "no node has what the profile asks for"],
  [/^JobHeldUser/, "somebody has put it on hold: scontrol release lets it go"],
  [/^JobHeldAdmin/, "the administrator has put it on hold"],
  [/launch.?failed|requeued.*held/i, "Slurm could not start it and put it on hold: resume lets it go"],
];

function reasonOf(job: QueuedJob): string | null {
  if (isAtWork(job)) return job.state === "RUNNING" ? null : job.state.toLowerCase();
  if (job.reason === "" || job.reason === "None") return null;
  const words = REASONS.find(([pattern]) => pattern.test(job.reason))?.[1];
  return words === undefined ? job.reason : `${words} (${job.reason})`;
}
