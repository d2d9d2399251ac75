/**
 * The run directory and its run.json: what was run, on what, how long each phase took, how it ended. Rewritten whole at
 * every change, so it always tells the truth about the last moment the run was alive.
 */

import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { join } from "node:path";
import { Failure, messageOf, outOfMemory, UsageError } from "../errors.ts";
import { analysisOptions } from "../features/options.ts";
import { makeFolder, removeTemporaries, writeFailure, writeJson } from "../files/atomic.ts";
import { type FolderLock, LOCK, lockFolder, refuseLocked } from "../files/folder-lock.ts";
import { readJson } from "../files/read.ts";
import { shellWord } from "../files/shell-word.ts";
import { versions } from "../version.ts";
import type { RunRequest } from "./request.ts";

export interface Phase {
  readonly name: string;
  readonly seconds: number;
}

export interface SaeRecord {
  readonly name: string;
  readonly folder: string;
  readonly d_in: number;
  readonly d_sae: number;
  readonly options: unknown;
}

/** The parts of run.json that are known only once the run is under way. */
export interface RunFacts {
  seed?: number;
  model?: Record<string, unknown>;
  hook?: string;
  text?: Record<string, unknown>;
  memory?: Record<string, number>;
  saes?: SaeRecord[];
  /** Dictionaries that have none, and why. */
  diverged?: Readonly<Record<string, string>>;
}

export class RunRecordFile {
  readonly folder: string;
  readonly #path: string;
  readonly #started: string;
  readonly #phases: { name: string; seconds: number }[];
  readonly #request: RunRequest;
  readonly #lock: FolderLock;
  #facts: RunFacts = {};
  #phase: { name: string; since: number } | undefined;

  private constructor(request: RunRequest, lock: FolderLock, earlier: EarlierRun | undefined) {
    this.#lock = lock;
    this.#started = earlier?.started ?? new Date().toISOString();
    this.folder = request.out;
    this.#path = join(request.out, "run.json");
    this.#request = request;
    this.#phases = [...(earlier?.phases ?? [])];
  }

  /**
   * Claims the run directory until the run is complete or has failed: a new or empty one, or with `resume` that of an
   * interrupted run.
   * @throws UsageError when a run is there and `resume` was not asked for, or none is there and it was
   * @throws Failure when another process is at work in the folder, or it cannot be written
   */
  static claim(request: RunRequest): RunRecordFile {
    const { out } = request;
    refuseLocked(out);
    examine(request);
    try {
      makeFolder(out);
      accessSync(out, constants.W_OK);
    } catch (error) {
      throw writeFailure(out, error);
    }
    const lock = lockFolder(out);
    try {
      // Once more, now that nobody else changes it.
      const earlier = examine(request);
      removeTemporaries(out);
      return new RunRecordFile(request, lock, request.resume ? earlier : undefined);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  learn(facts: RunFacts): void {
    this.#facts = { ...this.#facts, ...facts };
    this.write("running");
  }

  /** Ends the phase that runs, if any, and begins another. */
  begin(name: string): void {
    this.#endPhase();
    this.#phase = { name, since: performance.now() };
    this.write("running");
  }

  complete(): void {
    this.#endPhase();
    this.write("complete");
    this.#lock.release();
  }

  /** Records why the run ended, where that can still be written: on a full disk the reason itself must reach the user. */
  fail(error: unknown): void {
    this.#endPhase();
    try {
      this.write("failed", outOfMemory(error) ?? error);
    } catch {
      // The caller throws `error`, which says what to do.
    }
    this.#lock.release();
  }

  write(status: "running" | "complete" | "failed", error?: unknown): void {
    writeJson(this.#path, {
      format: 1,
      version: versions.monosemantic,
      status,
      ...(error === undefined ? {} : { error: messageOf(error) }),
      command: this.#request.command,
      started: this.#started,
      finished: status === "running" ? null : new Date().toISOString(),
      ...this.#facts,
      config: this.#request.config,
      machine: machine(),
      phases: this.#phases,
      peak_memory_bytes: process.resourceUsage().maxRSS * 1024,
    });
  }

  /** Time of a phase that an interruption split adds up under one name. */
  #endPhase(): void {
    if (!this.#phase) return;
    const { name, since } = this.#phase;
    const seconds = (performance.now() - since) / 1000;
    const earlier = this.#phases.find((phase) => phase.name === name);
    if (earlier) earlier.seconds += seconds;
    else this.#phases.push({ name, seconds });
    this.#phase = undefined;
  }
}

interface EarlierRun {
  readonly status: unknown;
  readonly started: string | undefined;
  readonly config: Readonly<Record<string, unknown>>;
  readonly phases: readonly Phase[];
}

/** The run that the folder holds, if any. @throws UsageError when it does not go together with the request */
function examine({ out, resume, config }: RunRequest): EarlierRun | undefined {
  const path = join(out, "run.json");
  const earlier = existsSync(path) ? earlierRun(path) : undefined;
  if (resume && earlier === undefined) {
    throw new UsageError(
      `there is no run to resume in ${out} (no run.json): leave --resume out to start one`,
    );
  }
  // A run that failed before it made anything, for a mistyped name say, does not hold its folder.
  const isHeld = earlier !== undefined && (earlier.status !== "failed" || readdirSync(out).some(isProduct));
  if (isHeld && !resume) {
    throw new UsageError(
      `${out} already holds a run: add --resume to go on with it, or give another folder with --out`,
    );
  }
  if (resume && earlier) refuseToResume(out, earlier, config);
  if (earlier === undefined && existsSync(out) && !isEmptyFolder(out)) {
    throw new UsageError(
      `${out} is not an empty folder: give a new one with --out, so that nothing is overwritten`,
    );
  }
  return earlier;
}

function earlierRun(path: string): EarlierRun {
  const { status, started, config, phases } = (readJson(path, "a run's record") ?? {}) as Record<
    string,
    unknown
  >;
  if (!Array.isArray(phases)) throw new Failure(`${path} is damaged: it has no list of phases`);
  return {
    status,
    started: typeof started === "string" ? started : undefined,
    config: typeof config === "object" && config !== null ? (config as Record<string, unknown>) : {},
    phases: phases as Phase[],
  };
}

/** Files of a run directory that are worth keeping. */
function isProduct(name: string): boolean {
  return ["tokens", "checkpoint", "saes", "metrics.jsonl"].includes(name);
}

/** What may differ between a run and its continuation. */
const FREE: ReadonlySet<string> = new Set([
  "out",
  "resume",
  "cache",
  "cacheDtype",
  "checkpointMinutes",
  "threads",
  "offline",
  "evaluateAt",
  // What is done when it is complete.
  "explore",
  ...Object.keys(analysisOptions.shape),
]);

function refuseToResume(
  out: string,
  { status, config }: EarlierRun,
  now: Readonly<Record<string, unknown>>,
): void {
  if (status === "complete") {
    throw new UsageError(
      `the run in ${out} is complete: there is nothing to resume ("monosemantic report ${shellWord(out)}" writes its report again)`,
    );
  }
  for (const name of new Set([...Object.keys(config), ...Object.keys(now)])) {
    const [before, after] = [config[name], now[name]].map((value) => JSON.stringify(value ?? null));
    if (FREE.has(name) || before === after) continue;
    throw new UsageError(
      `the run in ${out} was started with ${name} ${before}, not ${after}: resume it with the options it was started ` +
        `with, or give another folder with --out`,
    );
  }
}

/** What a process left that was killed before it wrote run.json does not count. */
function isEmptyFolder(path: string): boolean {
  try {
    return readdirSync(path).every((name) => name.startsWith(LOCK) || /^run\.json\..*\.tmp$/.test(name));
  } catch {
    return false;
  }
}

function machine(): Record<string, unknown> {
  return {
    cpu: cpus()[0]?.model.trim(),
    cores: availableParallelism(),
    memory_bytes: totalmem(),
    platform: `${process.platform}-${process.arch}`,
    node: process.versions.node,
    onnxruntime: versions.onnxruntime,
  };
}
