/** STUDY/engine.json: what a study was started with, so that `resume` needs to be told nothing. */

import { join } from "node:path";
import { readTextIfThere } from "../files/read.ts";
import { writeJson } from "../files/atomic.ts";
import { type RetryPolicy, retrySchema } from "./retry-policy.ts";
import type { StudyFolder } from "./study-folder.ts";

export const ENGINES = ["local", "slurm"] as const;
export type EngineName = (typeof ENGINES)[number];

export interface EngineChoice {
  readonly engine: EngineName;
  /** Parts at once, at most; as many as fit unless given. */
  readonly jobs?: number | undefined;
  readonly retry?: RetryPolicy | undefined;
}

export function writeEngine({ path }: Pick<StudyFolder, "path">, choice: EngineChoice): void {
  writeJson(join(path, "engine.json"), choice);
}

/** The local one where none was chosen, or the file cannot be read. */
export function readEngine({ path }: Pick<StudyFolder, "path">): EngineChoice {
  try {
    const text = readTextIfThere(join(path, "engine.json"));
    const { engine, jobs, retry } = JSON.parse(text ?? "{}") as Partial<EngineChoice>;
    const policy = retrySchema.safeParse(retry);
    return {
      engine: engine === "slurm" ? "slurm" : "local",
      ...(typeof jobs === "number" && { jobs }),
      ...(policy.success && { retry: policy.data }),
    };
  } catch {
    return { engine: "local" };
  }
}
