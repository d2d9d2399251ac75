/** `monosemantic explore`, as a process of its own. */

import { LAUNCHER, start } from "../../cli/processes.ts";

export interface Explorer {
  /** http://127.0.0.1:PORT */
  readonly address: string;
  readonly port: number;
  /** Waits until it has ended. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

/** @param port 0: any free one */
export async function explore(runs: readonly string[], port = 0): Promise<Explorer> {
  const { child, finished, saw } = start(process.execPath, [
    LAUNCHER,
    "explore",
    runs.join(","),
    "--no-open",
    "--port",
    String(port),
    "--threads",
    "1",
  ]);
  let printed = "";
  child.stdout!.on("data", (chunk) => (printed += chunk));
  await saw("(Ctrl-C ends it)");
  const address = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)![0];
  return {
    address,
    port: Number(new URL(address).port),
    async end(signal = "SIGTERM") {
      child.kill(signal);
      await finished;
    },
  };
}
