/**
 * How an attempt ended that left no word, as Slurm tells it: in the job's log (what slurmstepd wrote there, and the script's own first
 * and last line), by sacct where the cluster keeps accounts, by scontrol for some minutes. The log comes first: it is there on every
 * cluster, for good, and without cgroups it alone has the words for memory.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AttemptRecord, Ending } from "../state.ts";
import { ask } from "./commands.ts";

export interface Conclusion {
  readonly ending: Ending;
  readonly sentence: string;
}

type SlurmRecord = NonNullable<AttemptRecord["slurm"]>;

const SENTENCES: Partial<Record<Ending, string>> = {
  "out-of-memory": "Slurm ended it since it took more memory than it had asked for",
  "time-limit": "the time limit came before it had ended by itself",
  preempted: "it had to make way for a job of higher priority",
  "node-failure": "its node failed, or could no longer be reached",
  cancelled: "somebody cancelled the job (scancel)",
};

/**
 * What slurmstepd writes into the log, where the program's own words stand too; the first that is found counts. A program that was killed
 * in the midst of a line leaves Slurm's words behind its own.
 */
const STEP_WORDS: readonly (readonly [RegExp, Ending])[] = [
  [
    /(slurmstepd|srun)(-[^\s:]+)?: error: .*(exceeded (job |step )?memory limit|oom[-_ ]?kill|out[- ]of[- ]memory)/i,
    "out-of-memory",
  ],
  [/CANCELLED AT \S+ DUE TO TIME LIMIT/, "time-limit"],
  [/CANCELLED AT \S+ DUE TO PREEMPTION/, "preempted"],
  [/CANCELLED AT \S+ DUE TO NODE FAILURE|DUE TO NODE FAILURE/, "node-failure"],
  [/CANCELLED AT \S+ \*\*\*/, "cancelled"],
];

const BEGINS = /^\[(\S+)\] \S+: job \S+ \((\d+)\) begins on (\S+)$/;
const ENDED = /^\[\S+\] \S+: ended with code (\d+)$/m;

interface Stretch {
  readonly at: number;
  readonly node: string;
  readonly text: string;
}

/** @param signal that stopped it with a checkpoint; null where it left no word */
export async function endingOf(
  slurm: string,
  record: AttemptRecord,
  signal: string | null,
): Promise<Conclusion | undefined> {
  if (record.slurm === null) return undefined;
  if (signal === "SIGUSR1")
    return concluded("time-limit", "the time limit was near: it made a checkpoint first");
  const job = record.slurm;
  const stretches = stretchesOf(join(slurm, "logs"), job);
  const own = stretches.findLastIndex(
    ({ at, node }) => at <= Date.parse(record.started) + 1000 && (job.node === null || node === job.node),
  );
  const told = own === -1 ? undefined : fromLog(stretches[own]!.text);
  if (told !== undefined || signal !== null) return told;
  const started = Date.parse(record.started) / 1000;
  const accounted = (await fromAccounts(job, started)) ?? (await fromController(job, started));
  if (accounted !== undefined) return accounted;
  // Slurm says why it ends a job, but on a node that is gone nobody could write it.
  const later = stretches[own + 1];
  if (own !== -1 && later !== undefined) {
    return concluded(
      "node-failure",
      `Slurm began it anew on ${later.node}, and ${job.node ?? "its node"} said nothing`,
    );
  }
  return undefined;
}

/** A log holds all starts of a job, the one behind the other. */
function stretchesOf(logs: string, job: SlurmRecord): Stretch[] {
  const ending = `-${job.arrayJob ?? job.job}_${job.task}.log`;
  const file = existsSync(logs) ? readdirSync(logs).find((name) => name.endsWith(ending)) : undefined;
  if (file === undefined) return [];
  const stretches: { at: number; node: string; text: string }[] = [];
  for (const line of readFileSync(join(logs, file), "utf8").split("\n")) {
    const begins = BEGINS.exec(line);
    if (begins !== null) stretches.push({ at: Date.parse(begins[1]!), node: begins[3]!, text: "" });
    else if (stretches.length > 0) stretches.at(-1)!.text += line + "\n";
  }
  return stretches;
}

export function fromLog(text: string): Conclusion | undefined {
  for (const [pattern, ending] of STEP_WORDS) {
    if (pattern.test(text)) return concluded(ending, SENTENCES[ending]!);
  }
  const code = Number(ENDED.exec(text)?.[1] ?? Number.NaN);
  if (!(code > 128)) return undefined;
  return code === 137
    ? concluded("killed", "something ended it at once (kill -9, or the system when memory ran out)")
    : concluded("killed", `it was ended by signal ${code - 128}`);
}

/** Slurm's words for the state of a job. */
const STATES: readonly (readonly [RegExp, Ending])[] = [
  [/^OUT_OF_ME/, "out-of-memory"],
  [/^TIMEOUT|^DEADLINE/, "time-limit"],
  [/^PREEMPTED/, "preempted"],
  [/^NODE_FAIL|^BOOT_FAIL/, "node-failure"],
  [/^CANCELLED/, "cancelled"],
];

function fromState(state: string): Conclusion | undefined {
  const ending = STATES.find(([pattern]) => pattern.test(state))?.[1];
  return ending === undefined ? undefined : concluded(ending, SENTENCES[ending]!);
}

const ACCOUNT_BOUND_MS = 10_000;
/** Clocks of nodes differ a little. */
const SLACK_SECONDS = 5;

/** One line for every start of the job: that which the attempt falls into. */
async function fromAccounts(job: SlurmRecord, started: number): Promise<Conclusion | undefined> {
  const answer = await ask(
    "sacct",
    ["-D", "-X", "-n", "-P", "-j", idOf(job), "-o", "State,Start,End"],
    ACCOUNT_BOUND_MS,
    { SLURM_TIME_FORMAT: "%s" },
  ).catch(() => undefined);
  if (answer === undefined || answer.code !== 0) return undefined;
  for (const line of answer.stdout.split("\n")) {
    const [state = "", start = "", end = ""] = line.split("|");
    if (Number(start) - SLACK_SECONDS <= started && started <= (Number(end) || Infinity) + SLACK_SECONDS) {
      const conclusion = fromState(state);
      if (conclusion !== undefined) return conclusion;
    }
  }
  return undefined;
}

/** The controller knows the last start of a job, for some minutes after its end. */
async function fromController(job: SlurmRecord, started: number): Promise<Conclusion | undefined> {
  const answer = await ask("scontrol", ["-o", "show", "job", idOf(job)], ACCOUNT_BOUND_MS, {
    SLURM_TIME_FORMAT: "%s",
  }).catch(() => undefined);
  if (answer === undefined || answer.code !== 0) return undefined;
  const field = (name: string) => new RegExp(`(?:^|\\s)${name}=(\\S+)`).exec(answer.stdout)?.[1] ?? "";
  if (Number(field("StartTime")) - SLACK_SECONDS <= started) {
    const conclusion = fromState(field("JobState"));
    if (conclusion !== undefined) return conclusion;
  }
  if (Number(field("Restarts")) > job.restarts) {
    return concluded(
      "node-failure",
      `Slurm put it back into the queue, and ${job.node ?? "its node"} said nothing`,
    );
  }
  return undefined;
}

function idOf({ job, arrayJob, task }: SlurmRecord): string {
  return arrayJob === null || task === null ? job : `${arrayJob}_${task}`;
}

function concluded(ending: Ending, sentence: string): Conclusion {
  return { ending, sentence };
}
