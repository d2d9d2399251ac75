/** The threads that read and write a cache's shards (cache-worker.ts); each task goes to whichever is free first. */

import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { onDeath } from "../engine/worker-death.ts";
import { Failure } from "../errors.ts";
import type { CacheAnswer, CacheTask } from "./cache-worker.ts";

interface Job {
  readonly task: CacheTask;
  readonly resolve: (answer: CacheAnswer) => void;
  readonly reject: (error: Error) => void;
}

export class CacheThreads {
  readonly count: number;
  readonly #workers: Worker[];
  readonly #idle: Worker[];
  readonly #running = new Map<Worker, Job>();
  readonly #queue: Job[] = [];
  #failure?: Error;

  constructor(count: number) {
    this.count = count;
    const code = new URL(`./cache-worker${extname(import.meta.url)}`, import.meta.url);
    this.#workers = Array.from({ length: count }, () => {
      const worker = new Worker(code);
      worker.on("message", (answer: CacheAnswer) => this.#settle(worker, answer));
      onDeath(worker, "a cache", (failure) => this.#fail(failure));
      // Threads without work must not keep the process alive.
      worker.unref();
      return worker;
    });
    this.#idle = [...this.#workers];
  }

  /** @throws Failure as the task does */
  run(task: CacheTask): Promise<CacheAnswer> {
    if (this.#failure) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<CacheAnswer>();
    this.#queue.push({ task, resolve, reject });
    this.#start();
    return promise;
  }

  async close(): Promise<void> {
    this.#fail(new Error("the cache was closed"));
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #start(): void {
    while (this.#queue.length > 0 && this.#idle.length > 0) {
      const worker = this.#idle.pop()!;
      const job = this.#queue.shift()!;
      this.#running.set(worker, job);
      worker.ref();
      worker.postMessage(job.task);
    }
  }

  #settle(worker: Worker, answer: CacheAnswer): void {
    const job = this.#running.get(worker);
    // A thread that is being stopped may still deliver its last answer.
    if (!job) return;
    this.#running.delete(worker);
    this.#idle.push(worker);
    worker.unref();
    const { error } = answer;
    if (error === undefined) job.resolve(answer);
    else job.reject(error.isExpected ? new Failure(error.message) : new Error(error.message));
    this.#start();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const job of [...this.#running.values(), ...this.#queue.splice(0)]) job.reject(this.#failure);
    this.#running.clear();
  }
}
