/** STUDY/slurm: the profile the study was given, how its jobs are called, and their scripts. */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, isAbsolute, join, resolve } from "node:path";
import { UsageError } from "../../errors.ts";
import { makeFolder, writeAtomic, writeJson } from "../../files/atomic.ts";
import { readJson } from "../../files/read.ts";
import { STAGES, type Stage } from "../plan.ts";
import { StudyFolder } from "../study-folder.ts";
import { ask } from "./commands.ts";
import { readProfile, type SlurmProfile } from "./profile.ts";
import type { Naming } from "./queue.ts";
import { partScript } from "./part-script.ts";
import { PART_SCRIPT, scriptPath, stageScript, tendScript, type StudyPlace } from "./sbatch.ts";

/** A study in Slurm's hands. */
export interface Site {
  readonly folder: StudyFolder;
  readonly profile: SlurmProfile;
  readonly naming: Naming;
}

const PROFILE = "profile.json";
const NAMING = "naming.json";

/** Slurm's own default. */
const MAX_ARRAY_SIZE = 1001;

/** Whether a study was given to Slurm. */
export function isGiven({ slurm }: Pick<StudyFolder, "slurm">): boolean {
  return existsSync(join(slurm, PROFILE)) && existsSync(join(slurm, NAMING));
}

/** What the study was started with. @throws UsageError when it was not started on Slurm */
export function openSite(given: StudyFolder): Site {
  const folder = fromRoot(given);
  const profile = join(folder.slurm, PROFILE);
  const naming = join(folder.slurm, NAMING);
  if (!isGiven(folder)) {
    throw new UsageError(
      `the study in ${folder.path} was not given to Slurm (no slurm/profile.json): "monosemantic sweep" with --engine slurm does that`,
    );
  }
  return { folder, profile: readProfile(profile), naming: readJson(naming, "how jobs are called") as Naming };
}

/** Writes down the profile that a study is started with. */
export function writeProfile({ slurm }: Pick<StudyFolder, "slurm">, profile: SlurmProfile): void {
  makeFolder(slurm);
  writeJson(join(slurm, PROFILE), profile);
}

/** Makes what is missing. Names of jobs stay for good: by them they are found again. @throws UsageError as openSite */
export async function makeSite(given: StudyFolder): Promise<Site> {
  const folder = fromRoot(given);
  const file = join(folder.slurm, PROFILE);
  if (!existsSync(file)) return openSite(folder);
  const profile = readProfile(file);
  makeFolder(join(folder.slurm, "logs"));
  const path = join(folder.slurm, NAMING);
  if (!existsSync(path)) {
    const arraySize = profile.maxArraySize ?? (await askedArraySize()) ?? MAX_ARRAY_SIZE;
    writeJson(path, { name: studyName(folder.path), arraySize } satisfies Naming);
  }
  return openSite(folder);
}

/** Nodes do not start where we are. Links stay: what they lead to may be called otherwise there. */
function fromRoot(folder: StudyFolder): StudyFolder {
  return isAbsolute(folder.path) ? folder : StudyFolder.open(resolve(folder.path));
}

/** As jobs would be called that were not submitted. */
export function previewNaming(path: string, profile: SlurmProfile): Naming {
  return { name: studyName(path), arraySize: profile.maxArraySize ?? MAX_ARRAY_SIZE };
}

/** The folder's name, with a few digits of its path: two studies of one name are told apart. */
function studyName(path: string): string {
  const readable = basename(path)
    .replaceAll(/[^A-Za-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "")
    .slice(0, 24);
  return `${readable || "study"}-${createHash("sha256").update(path).digest("hex").slice(0, 6)}`;
}

async function askedArraySize(): Promise<number | undefined> {
  const answer = await ask("scontrol", ["show", "config"]);
  const found = /^MaxArraySize\s*=\s*(\d+)/m.exec(answer.stdout)?.[1];
  return answer.code === 0 && found !== undefined ? Math.max(2, Number(found)) : undefined;
}

/** Stages that the plan has parts of, and their scripts. */
export function scriptsOf(folder: StudyPlace, profile: SlurmProfile): Map<Stage | "tend", string> {
  const scripts = new Map<Stage | "tend", string>();
  for (const stage of STAGES) {
    const parts = folder.plan.parts.filter((part) => part.stage === stage);
    if (parts.length > 0) scripts.set(stage, stageScript(folder, profile, stage, parts));
  }
  if (profile.tendMinutes > 0) scripts.set("tend", tendScript(folder, profile));
  return scripts;
}

/** Anew at each submission: the profile may have been corrected. */
export function writeScripts({ folder, profile, naming }: Site): void {
  writeAtomic(join(folder.slurm, PART_SCRIPT), partScript(profile, naming));
  for (const [place, text] of scriptsOf(folder, profile)) {
    writeAtomic(scriptPath(folder, place), text);
  }
}
