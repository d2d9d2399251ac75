/**
 * The planted run, analysed once for all files of tests that look at it in one go of Vitest: the first to ask makes it, the others
 * wait. Nobody writes into it; who has to takes a copy.
 */

import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inject } from "vitest";
import { analyseRun } from "../../../src/run/analysis.ts";
import { plantRun } from "../../run/planted-run.ts";

/** Path of an analysed run, to be read only. */
export async function plantedRun(): Promise<string> {
  const place = inject("sharedFolder");
  const folder = join(place, "planted");
  const [ready, failed] = [join(place, "planted.ready"), join(place, "planted.failed")];
  try {
    mkdirSync(folder);
  } catch {
    while (!existsSync(ready)) {
      if (existsSync(failed))
        throw new Error("the planted run could not be made: see the other file of tests");
      await sleep(50);
    }
    return folder;
  }
  try {
    await plantRun(folder, 10);
    await analyseRun({
      run: folder,
      options: {
        featuresTokens: 1e6,
        neurons: true,
        neuronTokens: 3000,
        ablations: 1,
        map: true,
        proxies: ["hangul", "hebrew"],
      },
      checkpointMinutes: 5,
      threads: 2,
    });
  } catch (error) {
    writeFileSync(failed, "");
    throw error;
  }
  writeFileSync(ready, "");
  return folder;
}

export interface PlantedCopy {
  readonly folder: string;
  remove(): void;
}

/** A copy that may be written into, under a name of its own. */
export async function plantedCopy(name: string): Promise<PlantedCopy> {
  const place = mkdtempSync(join(tmpdir(), "monosemantic-copy-"));
  const folder = join(place, name);
  cpSync(await plantedRun(), folder, { recursive: true });
  return { folder, remove: () => rmSync(place, { recursive: true, force: true }) };
}
