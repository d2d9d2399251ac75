/**
 * Worker threads that tokenise batches of texts. Batches are answered in whatever order the threads finish; the caller
 * awaits them in the order in which they were given, so timing never shows in the result.
 */

import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { onDeath } from "../engine/worker-death.ts";
import type { Tokenizer } from "../model/tokenizer.ts";
import { type EncodedTexts, encodeTexts } from "./encoded-texts.ts";

interface Job {
  readonly texts: readonly string[];
  readonly resolve: (encoded: EncodedTexts) => void;
  readonly reject: (error: unknown) => void;
}

export class TokenizePool {
  readonly #tokenizer: Tokenizer;
  readonly #workers: Worker[] = [];
  readonly #idle: Worker[] = [];
  readonly #jobs = new Map<Worker, Job>();
  readonly #queue: Job[] = [];
  #failure: Error | undefined;

  /** @param workers number of threads; with 0 the calling thread does the work */
  constructor(tokenizer: Tokenizer, workers: number) {
    this.#tokenizer = tokenizer;
    const code = new URL(`./tokenize-worker${extname(import.meta.url)}`, import.meta.url);
    for (let i = 0; i < workers; i++) {
      const worker = new Worker(code, { workerData: tokenizer.files });
      worker.on("message", (encoded: EncodedTexts) => this.#finish(worker, encoded));
      onDeath(worker, "a tokenising", (failure) => this.#fail(failure));
      this.#workers.push(worker);
      this.#idle.push(worker);
    }
  }

  encode(texts: readonly string[]): Promise<EncodedTexts> {
    if (this.#workers.length === 0) return Promise.resolve(encodeTexts(this.#tokenizer, texts));
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#queue.push({ texts, resolve, reject });
      this.#start();
    });
  }

  async close(): Promise<void> {
    this.#fail(new Error("the tokenising threads were closed"));
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #start(): void {
    while (this.#queue.length > 0 && this.#idle.length > 0) {
      const worker = this.#idle.pop()!;
      const job = this.#queue.shift()!;
      this.#jobs.set(worker, job);
      worker.postMessage(job.texts);
    }
  }

  #finish(worker: Worker, encoded: EncodedTexts): void {
    const job = this.#jobs.get(worker);
    this.#jobs.delete(worker);
    this.#idle.push(worker);
    job?.resolve(encoded);
    this.#start();
  }

  /** One dead thread ends the work: its batch is lost, and whatever killed it would kill the others. */
  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of [...this.#jobs.values(), ...this.#queue.splice(0)]) reject(this.#failure);
    this.#jobs.clear();
  }
}
