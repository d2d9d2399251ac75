/**
 * Jobs that look after the others. One, `tend`, begins when all that is in the queue has ended, however it ended. Another, `watch`,
 * begins after some time: it finds what failed while long parts are still at work, goes on after a crash of the controller has lost
 * the first, and where a site allows few jobs in the queue it submits the next when some have ended. Both run `monosemantic resume
 * --tend`, which submits their successors, and none once nothing is left to do.
 */

import { ask } from "./commands.ts";
import type { Queue } from "./queue.ts";
import type { Site } from "./site-folder.ts";
import { noteJob } from "./jobs.ts";
import { jobName } from "./queue.ts";
import { submitJob, tendWords, type Submitted } from "./submit.ts";

/**
 * Submits, and has it looked after.
 * @param more whether there is anything to submit
 */
export async function tend(
  site: Site,
  queue: Queue,
  more: boolean,
  submit: () => Promise<Submitted>,
): Promise<Submitted> {
  const { naming, profile } = site;
  const others = othersOf(queue);
  const named = (kind: "tend" | "watch") => others.filter(({ name }) => name === jobName(kind, 0, naming));
  const isWanted = profile.tendMinutes > 0 && (more || queue.parts.size > 0);
  // First, so that it is there whatever happens to this process on the way.
  if (isWanted && named("watch").length === 0)
    await submitJob(site, jobName("watch", 0, naming), tendWords(site, "watch", []));
  const submitted = await submit();
  const living = [...new Set([...queue.parts.values()].map(({ arrayJob }) => arrayJob)), ...submitted.jobs];
  const old = named("tend");
  if (isWanted && living.length > 0 && (submitted.jobs.length > 0 || old.length === 0)) {
    await submitJob(site, jobName("tend", 0, naming), tendWords(site, "tend", living));
    await cancel(site, old);
  }
  if (!isWanted) await stopTending(site, queue);
  return submitted;
}

/** But for the one that we are in. */
function othersOf({ tending }: Queue): Queue["tending"] {
  return tending.filter(({ job }) => job !== process.env["SLURM_JOB_ID"]);
}

export async function stopTending(site: Site, queue: Queue): Promise<void> {
  await cancel(site, othersOf(queue));
}

async function cancel({ folder }: Site, jobs: Queue["tending"]): Promise<void> {
  if (jobs.length === 0) return;
  for (const { name, job } of jobs) noteJob(folder, { event: "cancel", name, job });
  await ask(
    "scancel",
    jobs.map(({ job }) => job),
  );
}
