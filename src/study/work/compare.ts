/** Two dictionaries that differ in their seed alone: how much of what they found is the same. */

import { existsSync } from "node:fs";
import { compareDictionaries } from "../../run/compare.ts";
import { type Job, named, trainedSae } from "./job.ts";

export async function compare({ folder, part, work, hooks }: Job): Promise<void> {
  const { measures, threads } = folder.plan;
  if (measures.compare === null) return;
  const { a, b } = named(folder.plan, "comparisons", part.subject);
  const saes = [a, b].map((trial) => trainedSae(folder, trial));
  // One that diverged has none, and then there is nothing to compare.
  if (!saes.every((sae) => existsSync(sae))) return;
  await compareDictionaries(
    {
      dictionaries: saes,
      ...measures.compare,
      seed: 0,
      out: work,
      threads,
    },
    hooks,
  );
}
