/** Starts the command line as its users do: a process of its own, whatever it prints kept apart. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { HOME } from "../architecture/imports.ts";

export const LAUNCHER = join(HOME, "bin", "monosemantic.js");

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves when stdout and stderr together contain `text`. */
  saw(text: string): Promise<void>;
}

export function start(command: string, args: readonly string[], env: Record<string, string> = {}): Started {
  const child = spawn(command, args, {
    cwd: HOME,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  const watchers = new Set<() => void>();
  child.stdout.on("data", (chunk) => ((stdout += chunk), watchers.forEach((watcher) => watcher())));
  child.stderr.on("data", (chunk) => ((stderr += chunk), watchers.forEach((watcher) => watcher())));
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return {
    child,
    finished,
    saw: (text) =>
      new Promise((resolve, reject) => {
        const look = () => (stdout + stderr).includes(text) && (watchers.delete(look), resolve());
        watchers.add(look);
        void finished.then(() => reject(new Error(`ended without printing ${text}: ${stdout}${stderr}`)));
        look();
      }),
  };
}

/** `monosemantic …` under the Node that runs the tests. */
export function monosemantic(...args: string[]): Promise<Finished> {
  return start(process.execPath, [LAUNCHER, ...args]).finished;
}

/** A Node on this machine that is too old for the product, if there is one. */
export function olderNode(): string | undefined {
  const candidates = execFileSync("sh", ["-c", "which -a node || true"], { encoding: "utf8" })
    .trim()
    .split("\n");
  return [...candidates, "/usr/bin/node", "/usr/local/bin/node"].find((path) => {
    try {
      return (
        Number(execFileSync(path, ["-p", "process.versions.node"], { encoding: "utf8" }).split(".")[0]) < 24
      );
    } catch {
      return false;
    }
  });
}
