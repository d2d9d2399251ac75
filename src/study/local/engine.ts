/**
 * A study on this machine: starts whatever part is ready, as many at once as there is room for, each as a process of its own, and
 * tries again by the retry policy, until the study is complete or nothing more can be done. It holds nothing that is not in the
 * study's files: killed, it leaves a study that the next one goes on with.
 */

import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../errors.ts";
import { makeFolder } from "../../files/atomic.ts";
import { lockFolder } from "../../files/folder-lock.ts";
import { removeLeftovers } from "../attempts/publish.ts";
import { readState } from "../read-state.ts";
import { forgivenUpTo, verdictOn } from "../retries.ts";
import { type RetryPolicy, retrySchema } from "../retry-policy.ts";
import type { PartState, StudyState } from "../state.ts";
import { StudyFolder } from "../study-folder.ts";
import { DISK_FULL } from "../exit-codes.ts";
import { conclude, lastSentence } from "./conclude.ts";
import { type PartEnd, type PartProcess, startPart } from "./part-process.ts";
import { fits, roomHere } from "./room.ts";

/** How often files are looked at: for what other processes do, and for progress to show. */
const LOOK_MS = 1000;

export interface LocalOptions {
  /** Parts at once, at most; as many as fit unless given. */
  readonly jobs?: number | undefined;
  readonly policy?: RetryPolicy | undefined;
}

export interface EngineHooks {
  readonly signal?: AbortSignal | undefined;
  /** Every second or so, and whenever something has changed. */
  readonly onState?: (state: StudyState) => void;
  /** One line worth reading: a part has begun, ended, failed. */
  readonly onNote?: (line: string) => void;
}

/**
 * Goes on with a study, a cancelled one too, until it is complete, cancelled, the signal is aborted, or what is left cannot be done. Parts at work are
 * stopped with a checkpoint first.
 * @returns how the study stands then
 * @throws Failure when another process drives the same study on this machine, or its folder cannot be written
 */
export async function runLocally(
  path: string,
  { jobs, policy = retrySchema.parse({}) }: LocalOptions = {},
  hooks: EngineHooks = {},
): Promise<StudyState> {
  const folder = StudyFolder.open(path);
  const place = join(folder.path, "local");
  makeFolder(place);
  const lock = lockFolder(place, null);
  // Not before: whoever holds the lock may be stopping because of it.
  rmSync(folder.cancelled, { force: true });
  // What was killed between publishing and this.
  for (const { name } of folder.plan.parts) if (folder.isDone(name)) removeLeftovers(folder, name);
  const driver = new Driver(folder, { jobs, policy }, hooks);
  try {
    return await driver.drive();
  } finally {
    await driver.stopAll();
    lock.release();
  }
}

interface AtWork {
  readonly process: PartProcess;
  readonly memoryBytes: number;
}

class Driver {
  readonly #folder: StudyFolder;
  readonly #policy: RetryPolicy;
  readonly #jobs: number | undefined;
  readonly #hooks: EngineHooks;
  readonly #atWork = new Map<string, AtWork>();
  /** Parts whose process ended without an attempt: how often, and when they may be started again. */
  readonly #refused = new Map<string, { times: number; allowed: number; until: number }>();
  /** Resolves when a process ends. */
  #someEnd = Promise.withResolvers<void>();

  constructor(
    folder: StudyFolder,
    { jobs, policy }: { jobs: number | undefined; policy: RetryPolicy },
    hooks: EngineHooks,
  ) {
    this.#folder = folder;
    this.#policy = policy;
    this.#jobs = jobs;
    this.#hooks = hooks;
  }

  async drive(): Promise<StudyState> {
    const { signal, onState } = this.#hooks;
    for (;;) {
      const state = await readState(this.#folder, { policy: this.#policy });
      onState?.(state);
      if (state.complete || state.cancelled || signal?.aborted) {
        await this.stopAll();
        return readState(this.#folder, { policy: this.#policy });
      }
      const later = this.#startReady(state);
      const elsewhere = state.parts.some(({ status }) => status === "running");
      if (this.#atWork.size === 0 && later === null && !elsewhere) {
        await this.#reportWhatThereIs();
        return state;
      }
      await this.#pause();
    }
  }

  /** Something failed for good, so the report's own part will not come: it is written of the rest. */
  async #reportWhatThereIs(): Promise<void> {
    const { onNote } = this.#hooks;
    try {
      const { writeStudyReport } = await import("../report/write-study-report.ts");
      onNote?.(`the report on what there is: ${writeStudyReport(this.#folder.path).report}`);
    } catch (error) {
      onNote?.(`no report could be written: ${messageOf(error)}`);
    }
  }

  async stopAll(): Promise<void> {
    for (const { process } of this.#atWork.values()) process.stop();
    await Promise.all([...this.#atWork.values()].map(({ process }) => process.ended));
  }

  /** Starts what is ready and fits. @returns when the next part may be tried again; null when none waits for a time */
  #startReady(state: StudyState): number | null {
    const room = roomHere(this.#folder.plan.threads, this.#jobs);
    let later: number | null = null;
    for (const one of state.parts) {
      const { part, status } = one;
      if ((status !== "ready" && status !== "interrupted") || this.#atWork.has(part.name)) continue;
      const { memoryFactor, notBefore } = this.#verdict(one);
      const refused = this.#refused.get(part.name);
      if (refused !== undefined && refused.times > refused.allowed) continue;
      const from = Math.max(notBefore, refused?.until ?? 0);
      if (from > Date.now()) {
        later = Math.min(later ?? Infinity, from);
        continue;
      }
      const memoryBytes = part.forecast.memoryBytes * memoryFactor;
      const taken = [...this.#atWork.values()].map((other) => other.memoryBytes);
      if (fits(room, taken, memoryBytes)) this.#start(one, memoryBytes);
    }
    return later;
  }

  #verdict({ part, attempts }: PartState) {
    return verdictOn(attempts, forgivenUpTo(this.#folder, part.name), this.#policy);
  }

  #start({ part: { name }, attempts }: PartState, memoryBytes: number): void {
    const process = startPart(this.#folder.path, name);
    this.#atWork.set(name, { process, memoryBytes });
    this.#hooks.onNote?.(attempts.length === 0 ? `${name} begins` : `${name} goes on`);
    void process.ended.then((end) => {
      this.#atWork.delete(name);
      this.#ended(name, process.pid, end);
      this.#someEnd.resolve();
      this.#someEnd = Promise.withResolvers();
    });
  }

  #ended(name: string, pid: number | undefined, end: PartEnd): void {
    const { onNote } = this.#hooks;
    if (this.#folder.isDone(name)) {
      this.#refused.delete(name);
      onNote?.(`${name} is done`);
      return;
    }
    onNote?.(`${name}: ${conclude(this.#folder, name, pid, end) ?? this.#refuse(name, end)}`);
  }

  /** The process said no before it began an attempt: on a full disk, or for a reason that will not go away. */
  #refuse(name: string, { code, said }: PartEnd): string {
    const times = (this.#refused.get(name)?.times ?? 0) + 1;
    const { diskFull, diskFullWait, failed } = this.#policy;
    const isFull = code === DISK_FULL;
    this.#refused.set(name, {
      times,
      allowed: isFull ? diskFull : failed,
      until: Date.now() + (isFull ? diskFullWait * 1000 : LOOK_MS),
    });
    return lastSentence(said) ?? "ended before it began";
  }

  async #pause(): Promise<void> {
    const { signal } = this.#hooks;
    const over = new AbortController();
    try {
      await Promise.race([
        this.#someEnd.promise,
        sleep(LOOK_MS, undefined, { signal: signal ? AbortSignal.any([signal, over.signal]) : over.signal }),
      ]);
    } catch {
      // Stopped: looked at next.
    } finally {
      over.abort();
    }
  }
}
