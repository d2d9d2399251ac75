/**
 * Worker threads that end by themselves: an error that nobody caught, memory used up, `process.exit` in a library. Whoever
 * owns the thread has to reject what it was doing, or the run would wait for ever.
 */

import type { Worker } from "node:worker_threads";
import { Failure, messageOf, outOfMemory } from "../errors.ts";

/**
 * Calls `died` when the thread has ended, for whatever reason; its owner ends it only after it has stopped listening.
 * @param role what the thread does, for the sentence: "an engine"
 */
export function onDeath(worker: Worker, role: string, died: (failure: Failure) => void): void {
  let reason: unknown;
  worker.on("error", (error) => (reason = error));
  // "exit" follows every "error".
  worker.on("exit", (code) => {
    const memory = outOfMemory(reason);
    const words = reason === undefined ? `exit code ${code}` : messageOf(reason);
    died(
      memory ??
        new Failure(
          `${role} thread died (${words}): what is on the disk is whole; give the same command again (to go on with a ` +
            `run, add --resume)`,
          { cause: reason },
        ),
    );
  });
}
