/** What starting a study on Slurm would do: its scripts and the commands, to be read before anything is submitted. */

import { join, resolve } from "node:path";
import { shellWord } from "../../files/shell-word.ts";
import type { Plan } from "../plan.ts";
import { jobArrays } from "./arrays.ts";
import { grownMemory } from "./memory.ts";
import { partScript } from "./part-script.ts";
import type { SlurmProfile } from "./profile.ts";
import { PART_SCRIPT, scriptPath } from "./sbatch.ts";
import { previewNaming, scriptsOf } from "./site-folder.ts";
import { sbatchWords, sharesOf, tendWords } from "./submit.ts";

/** @param path where the study is to lie; nothing has to be there yet */
export function slurmPreview(path: string, plan: Plan, profile: SlurmProfile): string {
  const folder = { path: resolve(path), plan, slurm: join(resolve(path), "slurm") };
  const naming = previewNaming(folder.path, profile);
  const wanted = plan.parts.map((part) => ({ part, memoryBytes: grownMemory(profile, plan, part.stage, 1) }));
  const arrays = jobArrays(plan, naming, wanted, new Map(), () => false);
  const shares = sharesOf(arrays);
  const names = arrays.map(({ stage, block }, i) => {
    const same = arrays.filter((other) => other.stage === stage).length > 1;
    return `$${stage}${same ? `_${arrays.slice(0, i).filter((other) => other.stage === stage).length + 1}` : ""}${block > 0 ? `_${block}` : ""}`;
  });
  const site = { folder, profile, naming };
  const shown = (words: readonly string[]) =>
    words.map((word) => (word.includes("$") ? `"${word}"` : shellWord(word))).join(" ");
  const commands = arrays.map(
    (array, i) => `${names[i]!.slice(1)}=$(sbatch ${shown(sbatchWords(site, array, names, shares[i]))})`,
  );
  const tending =
    profile.tendMinutes === 0
      ? []
      : [`sbatch ${shown(tendWords(site, "watch", []))}`, `sbatch ${shown(tendWords(site, "tend", names))}`];
  const texts = [...scriptsOf(folder, profile)].map(
    ([place, text]) => [scriptPath(folder, place), text] as const,
  );
  const files = [...texts, [join(folder.slurm, PART_SCRIPT), partScript(profile, naming)] as const];
  const scripts = files.map(([file, text]) => `# ${file}\n\n${text}`);
  return [...scripts, "# Submitted in this order:\n", ...commands, ...tending].join("\n");
}
