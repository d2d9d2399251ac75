/**
 * What an interpretation leaves beside the store:
 *
 *     RUN/interpretation/SAE/NAME.json                 scores of all units and controls (src/interpretation/result.ts)
 *     RUN/interpretation/SAE/NAME.controls.jsonl.zst   explanations of controls with their raw answers, one line a unit
 *     RUN/interpretation/answers/                      requests to language models and their answers
 */

import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { makeFolder, writeAtomic, writeJson } from "../files/atomic.ts";
import { type Interpretation, INTERPRETATION_FOLDER } from "../interpretation/result.ts";

export function interpretationFolder(run: string, sae: string): string {
  return join(run, INTERPRETATION_FOLDER, sae);
}

export function answersFolder(run: string): string {
  return join(run, INTERPRETATION_FOLDER, "answers");
}

/** @param controls lines of the second file */
export function writeInterpretation(
  run: string,
  interpretation: Interpretation,
  controls: readonly unknown[],
): string {
  const folder = interpretationFolder(run, interpretation.sae);
  makeFolder(folder);
  const path = join(folder, `${interpretation.name}.json`);
  if (controls.length > 0) {
    const lines = controls.map((line) => `${JSON.stringify(line)}\n`).join("");
    writeAtomic(join(folder, `${interpretation.name}.controls.jsonl.zst`), zstdCompressSync(lines));
  }
  writeJson(path, interpretation);
  return path;
}
