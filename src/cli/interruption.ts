/**
 * Ctrl-C and TERM. The first asks the command to stop: it finishes its step, saves what is worth saving and ends. The
 * second ends the process at once.
 */

import { Failure } from "../errors.ts";

/** The reason of the abort signal; exit code 128 + the signal's number, as a shell expects. */
export class Interruption extends Failure {
  override readonly exitCode: number;
  readonly signal: "SIGINT" | "SIGTERM";

  constructor(signal: "SIGINT" | "SIGTERM") {
    super(`stopped by ${signal === "SIGINT" ? "Ctrl-C" : "TERM"}`);
    this.signal = signal;
    this.exitCode = signal === "SIGINT" ? 130 : 143;
  }
}

/** On a terminal one Ctrl-C reaches the launcher and this process, and the launcher passes it on: it is one press. */
const SAME_PRESS_MS = 300;

/** An abort signal that the first Ctrl-C or TERM fires. `announce` gets the sentence for the person who pressed it. */
export function interruptionSignal(announce: (line: string) => void): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  const onSignal = (name: "SIGINT" | "SIGTERM") => {
    const reason = new Interruption(name);
    if (!controller.signal.aborted) {
      first = performance.now();
      announce("stopping; press Ctrl-C again to stop at once");
      controller.abort(reason);
    } else if (performance.now() - first > SAME_PRESS_MS) {
      // `process.exit` would stop threads inside ONNX Runtime, which then aborts with a core dump. Without a listener the
      // signal does what it does to any program.
      process.removeAllListeners(name);
      process.kill(process.pid, name);
    }
  };
  process.on("SIGINT", () => onSignal("SIGINT"));
  process.on("SIGTERM", () => onSignal("SIGTERM"));
  return controller.signal;
}

/**
 * A launcher that handed over to this process holds the other end of a channel. When it is killed the channel closes, and
 * this process ends too: a run that nobody can stop any more must not go on writing.
 */
export function endWithLauncher(): void {
  if (!process.connected) return;
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
  process.channel?.unref();
}
