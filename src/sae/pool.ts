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
import { Worker } from "node:worker_threads";
import type { InferenceJob, InferenceTask } from "./inference-work.ts";
import type { TrainingJob, TrainingTask } from "./training-work.ts";

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

interface Pending {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Pool {
  readonly workers: number;
  #threads: { worker: Worker; pending: Pending[] }[];
  #ids = 0;
  #failure?: Error;
  /** The task given last; tasks end in the order they are given. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param workers threads, one per core unless given */
  constructor(workers = availableParallelism()) {
    this.workers = workers;
    const barrier = new Int32Array(new SharedArrayBuffer(8));
    this.#threads = Array.from({ length: workers }, (_, index) => {
      const worker = new Worker(new URL(`./pool-worker${extname(import.meta.url)}`, import.meta.url), {
        workerData: { index, workers, barrier } satisfies PoolWorkerData,
      });
      const thread = { worker, pending: [] as Pending[] };
      worker.on("message", (reply: Reply) => {
        const answered = thread.pending.shift();
        // A worker that is being stopped may still deliver its last answer.
        if (!answered) return;
        const { resolve, reject } = answered;
        if (thread.pending.length === 0) worker.unref();
        if (reply.error === undefined) resolve();
        else reject(new Error(reply.error));
      });
      worker.on("error", (error) => this.#fail(error as Error));
      worker.on("exit", (code) => this.#fail(new Error(`a step worker ended with code ${code}`)));
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
    if (!this.#failure) await this.#last;
    this.#fail(new Error("the pool was closed"));
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  async #broadcast(request: Request): Promise<void> {
    if (this.#failure) throw this.#failure;
    // Every worker answers before an error is reported: a task never overlaps the failed one before it.
    const answers = Promise.allSettled(
      this.#threads.map(
        ({ worker, pending }) =>
          new Promise<void>((resolve, reject) => {
            pending.push({ resolve, reject });
            worker.ref();
            worker.postMessage(request);
          }),
      ),
    );
    this.#last = answers;
    const failed = (await answers).find((reply) => reply.status === "rejected");
    if (failed) throw failed.reason;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { pending } of this.#threads)
      for (const { reject } of pending.splice(0)) reject(this.#failure);
  }
}
