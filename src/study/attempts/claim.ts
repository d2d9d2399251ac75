/**
 * Beginning an attempt. Its number is its fence: whoever makes the folder of the next number is the valid one from that moment on, on
 * any machine, and all before it stop when they see it. `mkdir` fails for all but one.
 */

import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { makeFolder, writeFailure, writeJson } from "../../files/atomic.ts";
import { type FolderLock, lockFolder } from "../../files/folder-lock.ts";
import type { AttemptRecord } from "../state.ts";
import type { StudyFolder } from "../study-folder.ts";
import { attemptNumbers, attemptPath, OUTCOME, PROGRESS, RECORD, WORK } from "./attempt-folder.ts";
import { reserve } from "./reserved-file.ts";

export interface Attempt {
  readonly number: number;
  readonly id: string;
  readonly path: string;
  /** Where it works; there once it has inherited. */
  readonly work: string;
  readonly lock: FolderLock;
  /** Says from which attempt it goes on. */
  continues(number: number | null): void;
}

/** @throws Failure when the disk is full or cannot be written; nothing is left then */
export function claim(folder: StudyFolder, part: string): Attempt {
  const attempts = folder.attemptsFolder(part);
  const { number, path } = nextFolder(attempts);
  const record: AttemptRecord = {
    number,
    id: randomUUID(),
    host: hostname(),
    pid: process.pid,
    started: new Date().toISOString(),
    continues: null,
    slurm: slurmJob(process.env),
  };
  let lock: FolderLock | undefined;
  try {
    lock = lockFolder(path, null);
    reserve(join(path, OUTCOME));
    reserve(join(path, PROGRESS));
    writeJson(join(path, RECORD), record);
  } catch (error) {
    lock?.release();
    rmSync(path, { recursive: true, force: true });
    throw error;
  }
  return {
    number,
    id: record.id,
    path,
    work: join(path, WORK),
    lock,
    continues: (earlier) => writeJson(join(path, RECORD), { ...record, continues: earlier }),
  };
}

function nextFolder(attempts: string): { number: number; path: string } {
  try {
    makeFolder(attempts);
    // A network file system may show an old list for a while: what is there already is stepped over.
    for (let tried = 0; ;) {
      const number = Math.max(attemptNumbers(attempts).at(-1) ?? 0, tried) + 1;
      tried = number;
      const path = attemptPath(attempts, number);
      try {
        mkdirSync(path);
        return { number, path };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    }
  } catch (error) {
    throw writeFailure(attempts, error);
  }
}

/** What Slurm tells a job about itself. */
function slurmJob(env: NodeJS.ProcessEnv): AttemptRecord["slurm"] {
  const job = env["SLURM_JOB_ID"];
  if (job === undefined) return null;
  return {
    job,
    arrayJob: env["SLURM_ARRAY_JOB_ID"] ?? null,
    task: env["SLURM_ARRAY_TASK_ID"] ?? null,
    restarts: Number(env["SLURM_RESTART_COUNT"] ?? 0),
    node: env["SLURMD_NODENAME"] ?? null,
  };
}
