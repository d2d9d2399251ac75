/** What the scripts of the findings are given, and the figures that they write. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Figure, standalone } from "../../src/report/figure.ts";

/** The words behind the script's name, of which the first is the directory of a study; without one the process ends. */
export function studyArguments(script: string): [string, ...string[]] {
  const [study, ...rest] = process.argv.slice(2);
  if (study !== undefined) return [study, ...rest];
  console.error(`give the directory of a study: node scripts/findings/${script} STUDY`);
  process.exit(2);
}

export function writeFigures(folder: string, figures: readonly Figure[]): void {
  for (const figure of figures) writeFileSync(join(folder, `${figure.name}.svg`), standalone(figure));
}
