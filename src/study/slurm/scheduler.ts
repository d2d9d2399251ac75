/** Slurm as `status` asks it: which parts are in its queue, and how an attempt ended that left no word. */

import type { AttemptView, ScheduledPart, Scheduler } from "../state.ts";
import type { StudyFolder } from "../study-folder.ts";
import { endingOf, type Conclusion } from "./endings.ts";
import { readQueue, scheduledPart } from "./queue.ts";
import { isGiven, openSite, type Site } from "./site-folder.ts";

export { isGiven };

/** @throws UsageError when the study was not started on Slurm */
export function slurmScheduler(folder: StudyFolder): Scheduler {
  return new SlurmScheduler(openSite(folder));
}

class SlurmScheduler implements Scheduler {
  readonly #site: Site;

  constructor(site: Site) {
    this.#site = site;
  }

  async alive(): Promise<ReadonlyMap<string, ScheduledPart> | undefined> {
    const { folder, naming } = this.#site;
    // Without squeue, as on a laptop that sees the cluster's disk, the files alone speak.
    const queue = await readQueue(folder.plan, naming).catch(() => undefined);
    if (queue === undefined || "code" in queue) return undefined;
    return new Map([...queue.parts].map(([part, job]) => [part, scheduledPart(job)]));
  }

  ending({ record, outcome }: AttemptView): Promise<Conclusion | undefined> {
    return endingOf(this.#site.folder.slurm, record, outcome?.signal ?? null);
  }
}
