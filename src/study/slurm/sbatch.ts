/**
 * The scripts that Slurm runs: one for all parts of a stage, as a job array, and one that looks after the study. They are kept in
 * STUDY/slurm, to be read, and to be submitted by hand where somebody wants to.
 *
 * A script starts `monosemantic work` for its part, passes signals on, and goes by its exit code: 75, a checkpoint was made since time
 * runs out: back into the queue; 74, the disk is full: the same after a pause. After TERM it leaves that to Slurm, which has decided
 * already: it puts a preempted job back by itself, and `scontrol requeue` would raise a cancelled one from the dead.
 */

import { join } from "node:path";
import { UsageError } from "../../errors.ts";
import { shellWord } from "../../files/shell-word.ts";
import type { Part, Plan, Stage } from "../plan.ts";
import { memoryWord, stageMemory } from "./memory.ts";
import { siteOf, type Place, type Site, type SlurmProfile } from "./profile.ts";

/** Of a study folder what a script needs: there need be none yet. */
export interface StudyPlace {
  readonly path: string;
  readonly plan: Plan;
  readonly slurm: string;
}

const LAUNCHER = join(import.meta.dirname, "..", "..", "..", "bin", "monosemantic.js");

/** How a node starts this program. */
export function commandOf(profile: SlurmProfile): readonly string[] {
  return profile.command ?? [process.execPath, LAUNCHER];
}

/** What all stages share (part-script.ts). */
export const PART_SCRIPT = "part.sh";

export function scriptPath(folder: StudyPlace, place: Place): string {
  return join(folder.slurm, `${place}.sbatch`);
}

/** The job array of a stage. Its task number, with the number in its first argument, is that of a part. */
export function stageScript(
  folder: StudyPlace,
  profile: SlurmProfile,
  stage: Stage,
  parts: readonly Part[],
): string {
  const { threads } = folder.plan;
  return [
    ...head(folder, profile, stage, threads, [
      `# ${folder.plan.title.replaceAll(/\s+/g, " ")}: ${stage}, one array element for each part.`,
      "# Written by monosemantic; slurm/profile.json is where to change it.",
    ]),
    `#SBATCH --signal=B:USR1@${profile.signalSeconds}`,
    "",
    `study=${shellWord(folder.path)}`,
    "parts=(",
    ...parts.map(({ index, name }) => `  [${index}]=${shellWord(name)}`),
    ")",
    "number=$(( ${1:-0} + SLURM_ARRAY_TASK_ID ))",
    "part=${parts[number]}",
    'if [ -z "$part" ]; then echo "there is no part $number: submit with --array, from 0 or 1 on" >&2; exit 2; fi',
    "",
    ...surroundings(siteOf(profile, stage)),
    `monosemantic=(${words(siteOf(profile, stage), profile)})`,
    `. "$study/slurm/${PART_SCRIPT}"`,
    "",
  ].join("\n");
}

/** The job that looks after the others: it submits again what has to be, and its own successor. */
export function tendScript(folder: StudyPlace, profile: SlurmProfile): string {
  return [
    ...head(folder, profile, "tend", 1, [
      `# ${folder.plan.title.replaceAll(/\s+/g, " ")}: submits again what ended early, until the study is complete.`,
      "# Written by monosemantic; slurm/profile.json is where to change it.",
    ]),
    "",
    `study=${shellWord(folder.path)}`,
    "",
    ...surroundings(siteOf(profile, "tend")),
    `${words(siteOf(profile, "tend"), profile)} resume "$study" --tend`,
    "",
  ].join("\n");
}

function head(
  folder: StudyPlace,
  profile: SlurmProfile,
  place: Place,
  threads: number,
  comment: readonly string[],
): string[] {
  const site = siteOf(profile, place);
  if (/["\n\r\\]/.test(folder.path)) {
    throw new UsageError(
      `--out: the path ${JSON.stringify(folder.path)} holds a quote, a backslash or a line break, which sbatch cannot be told: choose another`,
    );
  }
  const memory = stageMemory(profile, folder.plan, place);
  const gpus = site.gpus === undefined || String(site.gpus) === "0" ? undefined : `gpu:${site.gpus}`;
  const gres = [gpus, site.gres].filter((one) => one !== undefined).join(",");
  const options: readonly (readonly [string, string | number | undefined])[] = [
    ["partition", site.partition],
    ["account", site.account],
    ["qos", site.qos],
    ["time", site.time],
    ["nodes", 1],
    ["ntasks", 1],
    ["cpus-per-task", site.cpus ?? threads],
    ["mem", memory === null ? undefined : memoryWord(memory)],
    ["gres", gres === "" ? undefined : gres],
    ["constraint", site.constraint === undefined ? undefined : `"${site.constraint}"`],
    ["exclude", site.exclude],
    ["nice", site.nice],
    ["chdir", `"${folder.slurm}"`],
    ["output", `logs/%x-${place === "tend" ? "%j" : "%A_%a"}.log`],
    ["open-mode", "append"],
  ];
  return [
    "#!/bin/bash",
    ...comment,
    ...options.flatMap(([name, value]) => (value === undefined ? [] : [`#SBATCH --${name}=${value}`])),
    "#SBATCH --requeue",
    "#SBATCH --kill-on-invalid-dep=yes",
    ...(site.sbatch ?? []).map((option) => `#SBATCH ${option}`),
  ];
}

function surroundings({ modules = [], environment = {}, setup = [] }: Site): string[] {
  const lines = [
    ...modules.map((module) => `module load ${shellWord(module)}`),
    ...Object.entries(environment).map(([name, value]) => `export ${name}=${shellWord(value)}`),
    ...setup,
  ];
  return lines.length === 0 ? [] : [...lines, ""];
}

function words({ container }: Site, profile: SlurmProfile): string {
  const command = commandOf(profile).map(shellWord).join(" ");
  return container === undefined ? command : `${container} ${command}`;
}
