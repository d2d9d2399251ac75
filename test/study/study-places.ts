/** What tests read of a study's directory. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readAttempts } from "../../src/study/attempts/attempt-folder.ts";
import type { AttemptView } from "../../src/study/state.ts";

export const attemptsOf = (study: string, part: string): AttemptView[] =>
  readAttempts(join(study, "parts", part, "attempts"));

export const endings = (study: string, part: string) =>
  attemptsOf(study, part).map(({ outcome }) => outcome?.ending ?? null);

/** Step of the newest checkpoint of an attempt at training; 0 while it has none. */
export function checkpointOf(study: string, part: string, attempt: number): number {
  const folder = join(
    study,
    "parts",
    part,
    "attempts",
    String(attempt).padStart(4, "0"),
    "work",
    "checkpoint",
  );
  try {
    const finished = readdirSync(folder).filter((name) => existsSync(join(folder, name, "state.json")));
    return Math.max(0, ...finished.map(Number));
  } catch {
    return 0;
  }
}

/** Bytes of all that a study measured of its dictionaries, by file: what must not depend on how often it was interrupted. */
export function bitsOf(study: string): Record<string, string> {
  const found: Record<string, string> = {};
  const parts = join(study, "parts");
  for (const part of readdirSync(parts)) {
    const saes = join(parts, part, "result", "saes");
    for (const name of existsSync(saes) ? readdirSync(saes) : []) {
      for (const file of readdirSync(join(saes, name))) {
        // The configuration names the place of the text.
        if (file === "cfg.json") continue;
        found[`${part}/${name}/${file}`] = readFileSync(join(saes, name, file)).toString("base64");
      }
    }
  }
  return found;
}

export async function until(what: () => boolean, seconds = 150): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!what()) {
    if (performance.now() > end) throw new Error(`it did not happen within ${seconds} s: ${String(what)}`);
    await sleep(5);
  }
}
