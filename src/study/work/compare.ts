/** Two dictionaries that differ in their seed alone: how much of what they found is the same. */

import { compareDictionaries } from "../../run/compare.ts";
import { type Job, named, trainedSae } from "./job.ts";

export async function compare({ folder, part, work, hooks }: Job): Promise<void> {
  const { measures, threads } = folder.plan;
  if (measures.compare === null) return;
  const { a, b } = named(folder.plan, "comparisons", part.subject);
  await compareDictionaries(
    {
      dictionaries: [trainedSae(folder, a), trainedSae(folder, b)],
      ...measures.compare,
      seed: 0,
      out: work,
      threads,
    },
    hooks,
  );
}
