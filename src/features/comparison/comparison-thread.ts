/** `compareActivations` in a thread of its own: it takes seconds to minutes, and the calling thread stays free. */

import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { onDeath } from "../../engine/worker-death.ts";
import type { ActivationComparison, ComparisonOptions } from "./activations.ts";
import type { ComparedRows } from "./pairs.ts";

export interface ComparisonJob {
  readonly a: ComparedRows;
  readonly b: ComparedRows;
  readonly context: number;
  readonly options: ComparisonOptions;
}

/** @throws the signal's reason when it is aborted */
export function compareInThread(job: ComparisonJob, signal?: AbortSignal): Promise<ActivationComparison> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const worker = new Worker(new URL(`./comparison-worker${extname(import.meta.url)}`, import.meta.url), {
      workerData: job,
    });
    const stop = () => {
      reject(signal!.reason as Error);
      void worker.terminate();
    };
    signal?.addEventListener("abort", stop, { once: true });
    worker.on("message", (result: ActivationComparison) => resolve(result));
    // After an answer this changes nothing: a promise is settled once.
    onDeath(worker, "a comparison", (failure) => {
      signal?.removeEventListener("abort", stop);
      reject(failure);
    });
  });
}
