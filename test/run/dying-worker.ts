/**
 * Preloaded (`node --import`) into a real run, in its main thread and in its workers: one worker of the chosen kind dies
 * in the chosen way when it gets its N-th piece of work.
 */

import { isMainThread, parentPort, workerData } from "node:worker_threads";

/** Which worker, how, and at which piece of its work: `dictionary exit 40`. */
const [role, way, at] = (process.env["DYING_WORKER"] ?? "").split(" ");

interface Message {
  kind?: string;
  id?: number;
}

const WAYS: Record<string, (message: Message) => void> = {
  exit: () => process.exit(7),
  "exit-0": () => process.exit(0),
  throw: () => {
    throw new Error("the worker broke");
  },
  memory: () => {
    const hoard: number[][] = [];
    for (;;) hoard.push(Array.from({ length: 1e5 }, Math.random));
  },
  // Nothing of that number is attached: the work itself throws, and nothing else.
  confuse: (message) => {
    message.id = -1;
  },
};

function roleOfThis(): string {
  if ("barrier" in workerData) return workerData.index === 0 ? "dictionary" : "other dictionary";
  return "threads" in workerData ? "engine" : "tokenising";
}

if (!isMainThread && roleOfThis() === role) {
  const port = parentPort!;
  const listen = port.on.bind(port);
  let pieces = 0;
  port.on = ((event: "message", listener: (message: Message) => void) =>
    listen(event, (message: Message) => {
      if ((message.kind ?? "run") === "run" && ++pieces === Number(at)) WAYS[way!]!(message);
      listener(message);
    })) as typeof port.on;
}
