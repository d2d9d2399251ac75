/** What the features of a group's dictionaries are said to mean, and whether that predicts them. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../../errors.ts";
import { readInterpretations } from "../../interpretation/read-results.ts";
import { interpretRun } from "../../run/interpret.ts";
import { STORE_FILE } from "../../store/store.ts";
import { groupOf, type Job, trainedTrials } from "./job.ts";

export async function explain(job: Job): Promise<void> {
  const { folder, part, work, hooks } = job;
  const { measures, threads, checkpointMinutes } = folder.plan;
  const { explain: asked } = measures;
  if (asked === null) return;
  if (measures.features !== null && !existsSync(join(work, STORE_FILE))) {
    throw new Failure(`${part.name}: the store of analysed features that it begins with cannot be read`);
  }
  const { hub } = groupOf(job).stream;
  for (const sae of trainedTrials(job)) {
    const { interpretations: found } = readInterpretations(work, sae);
    if (found.some(({ stopped }) => stopped === null)) continue;
    const { interpretations } = await interpretRun(
      {
        run: work,
        ...(hub && { hub }),
        saes: [sae],
        // A study has dictionaries on shuffled weights as trials of their own, at full length and measured like the others.
        options: { ...asked.options, controlTokens: asked.options.controlTokens ?? 0 },
        protocols: asked.protocols,
        ...(asked.features !== null && { features: asked.features }),
        sampling: asked.sampling,
        seed: asked.seed,
        checkpointMinutes,
        threads,
      },
      hooks,
    );
    const stopped = interpretations.find(({ interpretation }) => interpretation.stopped !== null);
    if (stopped !== undefined) throw new Failure(`${sae}: ${stopped.interpretation.stopped}`);
  }
}
