/**
 * How a study stands, as far as its own files say, with what a scheduler knows laid over them where there is one to ask.
 */

import type { Part } from "./plan.ts";

/** How an attempt ended. The first six are written by the attempt itself, the others are concluded from what it left. */
export const ENDINGS = [
  "done",
  /** A signal (time limit, preemption, Ctrl-C): with a checkpoint. */
  "interrupted",
  "cancelled",
  /** A later attempt has begun, or the result was there already. */
  "superseded",
  "disk-full",
  "failed",
  "out-of-memory",
  "time-limit",
  "preempted",
  "node-failure",
  /** Gone without a word: kill -9, a crash. */
  "killed",
] as const;
export type Ending = (typeof ENDINGS)[number];

/** attempt.json: who is at work. */
export interface AttemptRecord {
  /** 1, 2, …: the higher one is the valid one. */
  readonly number: number;
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly started: string;
  /** Number of the attempt whose checkpoint it went on from; null: from the beginning. */
  readonly continues: number | null;
  readonly slurm: {
    readonly job: string;
    readonly arrayJob: string | null;
    readonly task: string | null;
    readonly restarts: number;
    readonly node: string | null;
  } | null;
}

/** progress.json: rewritten every few seconds; its time is the attempt's pulse. */
export interface AttemptProgress {
  readonly at: string;
  readonly phase: string;
  readonly done: number;
  readonly total: number | null;
  readonly unit: string | null;
  readonly memoryBytes: number;
  /** Training step or tokens of the newest checkpoint: whether a retry gets any further. */
  readonly checkpoint: number | null;
}

/** outcome.json. */
export interface AttemptOutcome {
  readonly ending: Ending;
  readonly sentence: string;
  readonly at: string;
  readonly signal: string | null;
}

export interface AttemptView {
  readonly record: AttemptRecord;
  readonly progress: AttemptProgress | null;
  /** Null while it is at work. */
  readonly outcome: AttemptOutcome | null;
}

export type PartStatus =
  | "done"
  | "running"
  /** In a scheduler's queue, and why it waits. */
  | "queued"
  /** For parts that it needs. */
  | "waiting"
  | "ready"
  /** To be gone on with: nobody is at work and the last attempt did not fail for good. */
  | "interrupted"
  | "failed"
  | "cancelled";

export interface PartState {
  readonly part: Part;
  readonly status: PartStatus;
  readonly attempts: readonly AttemptView[];
  /** What a person wants to know: the scheduler's reason, the error, from where it goes on. */
  readonly sentence: string | null;
}

/** What a scheduler says about one part, if it knows it. */
export interface ScheduledPart {
  readonly state: "queued" | "running";
  readonly job: string;
  readonly reason: string | null;
}

export interface Scheduler {
  /** By part name: jobs that are alive. Undefined where it did not answer in time: then files alone speak. */
  alive(): Promise<ReadonlyMap<string, ScheduledPart> | undefined>;
  /** How an attempt ended that left no word, or was stopped by a signal, if the scheduler knows. */
  ending(attempt: AttemptView): Promise<{ ending: Ending; sentence: string } | undefined>;
}

export interface StudyState {
  readonly parts: readonly PartState[];
  readonly done: number;
  readonly failed: number;
  readonly cancelled: boolean;
  readonly complete: boolean;
}
