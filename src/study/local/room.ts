/** Which parts fit on this machine beside those that are at work. */

import { availableParallelism } from "node:os";
import { machineBytes } from "../../sae/memory.ts";

export interface Room {
  /** Parts at once, at most. */
  readonly jobs: number;
  readonly memoryBytes: number;
}

/** As many parts as there are cores for their threads, or as many as are asked for; and as much memory as there is. */
export function roomHere(threads: number, jobs: number | undefined): Room {
  return {
    jobs: jobs ?? Math.max(1, Math.floor(availableParallelism() / threads)),
    memoryBytes: machineBytes(),
  };
}

/** One part always fits: a forecast may be wrong, and the study would never end. */
export function fits({ jobs, memoryBytes }: Room, atWork: readonly number[], wanted: number): boolean {
  if (atWork.length === 0) return true;
  const taken = atWork.reduce((sum, bytes) => sum + bytes, 0);
  return atWork.length < jobs && taken + wanted <= memoryBytes;
}
