/**
 * A command of this program in a process of its own, beside another that goes on: what takes minutes does not keep a page waiting, and
 * does not slow it down by more than the processor's time.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";

export interface Beside {
  /** Resolves when it has ended: true when it did what it should. */
  readonly ended: Promise<boolean>;
  /** Asks it to stop, as Ctrl-C does, and waits until it has. */
  stop(): Promise<void>;
}

/** Its progress and its sentences go where those of this process go; its result is not printed. It never outlives this process. */
export function startBeside(args: readonly string[]): Beside {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...args], {
    // The channel closes with this process, however it ends, and the child ends with the channel.
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ended = once(child, "exit").then(
    ([code]) => code === 0,
    () => false,
  );
  return {
    ended,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGINT");
      await ended;
    },
  };
}
