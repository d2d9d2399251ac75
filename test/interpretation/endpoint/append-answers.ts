/** A process that keeps answers until it has kept so many, or is killed: node append-answers.ts FOLDER NAME COUNT CHARACTERS. */

import { AnswerCache, keyOf } from "../../../src/interpretation/endpoint/cache.ts";

const [folder, name, count, characters] = process.argv.slice(2) as [string, string, string, string];
const cache = new AnswerCache(folder);
try {
  for (let i = 0; i < Number(count); i++) {
    const question = { name, i };
    // Not to be compressed: other letters each time.
    const text = Array.from({ length: Number(characters) }, (_, j) =>
      String.fromCharCode(33 + ((i * 7 + j * j * 31 + (j >> 3)) % 90)),
    ).join("");
    cache.put(keyOf("test", question), question, { text, name, i });
    process.stdout.write(`${i}\n`);
  }
} catch (error) {
  process.stderr.write(`${(error as Error).name}: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
