/** The scheduler that can be asked about a study, by the engine that it was started with. */

import type { EngineName } from "./engine-file.ts";
import type { Scheduler } from "./state.ts";
import type { StudyFolder } from "./study-folder.ts";

/** Undefined where there is none, or the study was not given to it yet. */
export async function schedulerOf(folder: StudyFolder, engine: EngineName): Promise<Scheduler | undefined> {
  if (engine !== "slurm") return undefined;
  const { isGiven, slurmScheduler } = await import("./slurm/scheduler.ts");
  return isGiven(folder) ? slurmScheduler(folder) : undefined;
}
