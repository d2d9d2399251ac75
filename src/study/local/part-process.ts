/** `monosemantic work` for one part, as a process of its own: a part that dies takes nothing with it. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const LAUNCHER = fileURLToPath(new URL("../../../bin/monosemantic.js", import.meta.url));
/** Characters of what a process said last. */
const TAIL = 4000;

export interface PartEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it wrote to stderr. */
  readonly said: string;
}

export interface PartProcess {
  readonly part: string;
  readonly pid: number | undefined;
  readonly ended: Promise<PartEnd>;
  /** Asks it to stop with a checkpoint. */
  stop(): void;
}

/** It never outlives this process: the channel between them closes with either, and a process whose channel is closed ends. */
export function startPart(study: string, part: string): PartProcess {
  const child = spawn(process.execPath, [LAUNCHER, "work", study, "--part", part, "--quiet"], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    // Ctrl-C on a terminal reaches the one who started the study, and that one stops the parts.
    detached: true,
  });
  let said = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-TAIL)));
  return {
    part,
    pid: child.pid,
    ended: endOf(child).then(([code, signal]) => ({ code, signal, said })),
    stop: () => child.kill("SIGTERM"),
  };
}

async function endOf(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  try {
    return (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  } catch {
    // It could not even be started.
    return [1, null];
  }
}
