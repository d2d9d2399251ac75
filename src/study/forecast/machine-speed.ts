/** The speed of this machine: measured once, and kept in the user's cache until the machine or the program is another. */

import { createHash } from "node:crypto";
import { availableParallelism, cpus, homedir, totalmem } from "node:os";
import { join } from "node:path";
import { makeFolder, writeJson } from "../../files/atomic.ts";
import { readTextIfThere } from "../../files/read.ts";
import { versions } from "../../version.ts";
import { measureSpeed } from "./measure-speed.ts";
import { type Speed, speedSchema } from "./speed.ts";

/** `$XDG_CACHE_HOME/monosemantic`, or that below the home folder. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "monosemantic");
}

/** Changes with whatever makes an earlier measurement worthless. */
function machineId(threads: number): string {
  const facts = [
    cpus()[0]?.model ?? "",
    availableParallelism(),
    totalmem(),
    process.version,
    versions,
    threads,
  ];
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 16);
}

/**
 * Rates of this machine with that many threads. The first call takes some seconds.
 * @param folder where they are kept; where it cannot be written, they are measured every time
 */
export async function speedOfThisMachine(threads: number, folder = cacheFolder()): Promise<Speed> {
  const path = join(folder, `speed-${machineId(threads)}.json`);
  const known = keptIn(path);
  if (known !== undefined) return known;
  const speed = await measureSpeed(threads);
  try {
    makeFolder(folder);
    writeJson(path, speed);
  } catch {
    // It is only measured again.
  }
  return speed;
}

function keptIn(path: string): Speed | undefined {
  try {
    const text = readTextIfThere(path);
    return text === undefined ? undefined : speedSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
