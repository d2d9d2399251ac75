/**
 * STUDY/slurm/jobs.jsonl: every submission, a line before it and a line after it. A process that was killed between the two leaves the
 * first, and whoever reads the queue finds the job by its name.
 */

import { join } from "node:path";
import { makeFolder } from "../../files/atomic.ts";
import { appendLine } from "../../files/lines.ts";
import type { StudyFolder } from "../study-folder.ts";

type JobLine = {
  readonly at: string;
  readonly name: string;
} & (
  | { readonly event: "submit"; readonly words: readonly string[]; readonly parts: readonly string[] }
  | { readonly event: "submitted" | "lost" | "cancel" | "release"; readonly job: string }
  | { readonly event: "refused"; readonly sentence: string }
);

type Unstamped = JobLine extends infer Line ? (Line extends JobLine ? Omit<Line, "at"> : never) : never;

export function noteJob(folder: StudyFolder, line: Unstamped): void {
  makeFolder(folder.slurm);
  appendLine(join(folder.slurm, "jobs.jsonl"), { at: new Date().toISOString(), ...line });
}
