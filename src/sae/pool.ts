/**
 * The threads that do the numeric work of dictionaries: one ONNX Runtime thread and one WebAssembly instance each, over
 * the memory of every dictionary that is attached. All dictionaries of a run share one pool.
 *
 * A task is sent to every worker at once. Inside it they draw chunks of rows and blocks of features from a common counter
 * and meet at barriers, without the main thread: a step is not held up by what that is busy with. What a chunk or a block
 * computes does not depend on who draws it, so results are the same bits for any number of workers.
 */

import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { onDeath } from "../engine/worker-death.ts";
import type { InferenceJob, InferenceTask } from "./inference-work.ts";
import type { TrainingJob, TrainingTask } from "./training-job.ts";

export type Job = ({ type: "training" } & TrainingJob) | ({ type: "inference" } & InferenceJob);
export type Task = TrainingTask | InferenceTask;

export type Request =
  | { kind: "attach"; id: number; job: Job }
  | { kind: "run"; id: number; task: Task }
  | { kind: "detach"; id: number };

export interface Reply {
  readonly error?: string;
}

export interface PoolWorkerData {
  readonly index: number;
  readonly workers: number;
  /** Shared words of the pool's barrier (see barrier.ts). */
  readonly barrier: Int32Array;
}

/** The word of the barrier whose change lets the waiting through (see barrier.ts). */
const GENERATION = 1;

interface Pending {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  /** Callers that wait for its answers, in the order of their requests. */
  readonly pending: Pending[];
  /** Answers that it still owes, whether or not anybody waits for them. */
  owed: number;
}

/** Longest that closing waits for the living to finish their task after one has died, in milliseconds. */
const LAST_TASK_MS = 120_000;
/** Between two attempts to let the waiting through. */
const OPENING_MS = 5;

export class Pool {
  readonly workers: number;
  readonly #barrier = new Int32Array(new SharedArrayBuffer(8));
  #threads: Thread[];
  #ids = 0;
  #failure?: Error;

  /** @param workers threads, one per core unless given */
  constructor(workers = availableParallelism()) {
    this.workers = workers;
    const barrier = this.#barrier;
    this.#threads = Array.from({ length: workers }, (_, index) => {
      const worker = new Worker(new URL(`./pool-worker${extname(import.meta.url)}`, import.meta.url), {
        workerData: { index, workers, barrier } satisfies PoolWorkerData,
      });
      const thread: Thread = { worker, pending: [], owed: 0 };
      worker.on("message", (reply: Reply) => {
        if (--thread.owed === 0) worker.unref();
        // Nobody waits for it any more once another worker has died.
        const answered = thread.pending.shift();
        if (reply.error === undefined) answered?.resolve();
        else answered?.reject(new Error(reply.error));
      });
      onDeath(worker, "a dictionary", (failure) => {
        thread.owed = 0;
        this.#fail(failure);
      });
      // An idle pool must not keep the process alive.
      worker.unref();
      return thread;
    });
  }

  /** Makes a dictionary known to every worker and returns the number to call it by. */
  async attach(job: Job): Promise<number> {
    const id = this.#ids++;
    await this.#broadcast({ kind: "attach", id, job });
    return id;
  }

  /** Runs a task on every worker; tasks run in the order they are given. */
  run(id: number, task: Task): Promise<void> {
    return this.#broadcast({ kind: "run", id, task });
  }

  /** Releases the sessions of a dictionary. Its memory goes when nobody refers to it. */
  detach(id: number): Promise<void> {
    return this.#broadcast({ kind: "detach", id });
  }

  /**
   * Ends the workers, after the tasks they are on: a thread that is stopped inside ONNX Runtime takes the whole process
   * with it.
   */
  async close(): Promise<void> {
    const patience = performance.now() + LAST_TASK_MS;
    while (this.#threads.some(({ owed }) => owed > 0)) {
      if (this.#failure) {
        if (performance.now() > patience) break;
        this.#openBarrier();
      }
      await sleep(OPENING_MS);
    }
    this.#fail(new Error("the pool was closed"));
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  async #broadcast(request: Request): Promise<void> {
    if (this.#failure) throw this.#failure;
    const replies = this.#threads.map(
      (thread) =>
        new Promise<void>((resolve, reject) => {
          thread.pending.push({ resolve, reject });
          thread.owed++;
          thread.worker.ref();
          thread.worker.postMessage(request);
        }),
    );
    // One that failed without going to the barrier would be waited for there.
    let opening: NodeJS.Timeout | undefined;
    for (const reply of replies) {
      reply.catch(() => (opening ??= setInterval(() => this.#openBarrier(), OPENING_MS)));
    }
    // Every worker answers before an error is reported: a task never overlaps the failed one before it.
    const answers = await Promise.allSettled(replies);
    clearInterval(opening);
    const failed = answers.find((reply) => reply.status === "rejected");
    if (failed) throw failed.reason;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { pending } of this.#threads)
      for (const { reject } of pending.splice(0)) reject(this.#failure);
  }

  /**
   * Lets through those who wait for a worker that will not come. What they compute from then on is of no use to anybody;
   * they come to an end with it, and can be stopped.
   */
  #openBarrier(): void {
    Atomics.add(this.#barrier, GENERATION, 1);
    Atomics.notify(this.#barrier, GENERATION);
  }
}
