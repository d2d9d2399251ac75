/**
 * Slurm's commands, each with a bound on its time: with its controller away a client tries again for minutes, and whoever asked would
 * hang with it.
 */

import { execFile } from "node:child_process";
import { Failure } from "../../errors.ts";

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** It was stopped, since it took too long: what it was to do may have been done. */
  readonly late: boolean;
}

const BOUND_MS = 30_000;

/**
 * Runs one of Slurm's programs.
 * @throws Failure when there is no such program
 */
export function ask(
  program: string,
  args: readonly string[],
  boundMs = BOUND_MS,
  more: NodeJS.ProcessEnv = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      {
        timeout: boundMs,
        killSignal: "SIGKILL",
        env: { ...environment(), ...more },
        maxBuffer: 1 << 28,
        encoding: "utf8",
      },
      (error, stdout, stderr) => {
        if (error?.code === "ENOENT") {
          reject(
            new Failure(
              `there is no ${program} on this machine: start Slurm's work from a login node, or choose --engine local`,
            ),
          );
          return;
        }
        const late = error?.killed === true;
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
        resolve({ code, stdout, stderr: stderr.trim(), late });
      },
    );
  });
}

/**
 * Without what Slurm said about the job we are in: a job that looks after others would hand its own size and place down to them.
 */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !name.startsWith("SLURM_") || name === "SLURM_CONF" || name === "SLURM_CLUSTERS",
    ),
  );
}

/** What a refusal says, without the program's name before it and over several lines. */
export function complaintOf({ stderr, stdout, late, code }: Answer): string {
  if (late) return `no answer within ${BOUND_MS / 1000} seconds`;
  const lines = (stderr || stdout)
    .split("\n")
    .map((line) => line.replace(/^(sbatch|squeue|scancel|scontrol|sacct): (error: )?/, "").trim())
    .filter((line) => line !== "");
  return [...new Set(lines)].join("; ") || `exit code ${code}`;
}
