/** One thread of a pool (see pool.ts): keeps what is attached and runs tasks one after another. */

import { parentPort, workerData } from "node:worker_threads";
import { messageOf } from "../errors.ts";
import { Barrier } from "./barrier.ts";
import { InferenceWork, type InferenceTask } from "./inference-work.ts";
import type { PoolWorkerData, Reply, Request } from "./pool.ts";
import type { TrainingTask } from "./training-job.ts";
import { TrainingWork } from "./training-work.ts";

const { index, workers, barrier: words } = workerData as PoolWorkerData;
const barrier = new Barrier(words, workers);
const attached = new Map<number, TrainingWork | InferenceWork>();

let last: Promise<void> = Promise.resolve();

parentPort!.on("message", (request: Request) => {
  // Runs are asynchronous; the chain keeps two tasks from interleaving, or barriers would be met in different orders.
  last = last
    .then(() => handle(request))
    .then(
      () => parentPort!.postMessage({} satisfies Reply),
      (error: unknown) => parentPort!.postMessage({ error: messageOf(error) } satisfies Reply),
    );
});

async function handle(request: Request): Promise<void> {
  if (request.kind === "attach") {
    const { job } = request;
    const work =
      job.type === "training"
        ? await TrainingWork.start(job, index, barrier)
        : await InferenceWork.start(job, index);
    attached.set(request.id, work);
    return;
  }
  const work = attached.get(request.id)!;
  if (request.kind === "detach") {
    attached.delete(request.id);
    await work.release();
  } else if (work instanceof TrainingWork) {
    await work.run(request.task as TrainingTask);
  } else {
    await work.run(request.task as InferenceTask);
  }
}
