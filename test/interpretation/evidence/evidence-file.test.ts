/** Evidence on disk: what was written comes back, and nothing else ever does. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openEvidence, writeEvidence } from "../../../src/interpretation/evidence/evidence-file.ts";
import type { SetEvidence } from "../../../src/interpretation/evidence/read-evidence.ts";
import { Random } from "../../../src/random.ts";
import { randomColumn, randomPassage } from "./random-passage.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-evidence-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "evidence.safetensors");

const tokenText = (id: number) => `token ${id}`;
const shared = {
  ...randomPassage(1, { contexts: 12, context: 16 }),
  places: Array.from({ length: 12 }, (_, i) => ({
    split: i < 3 ? ("heldout" as const) : ("train" as const),
    context: 7 * i,
  })),
};
const other = randomPassage(2, { contexts: 4, context: 16 });
const sets: SetEvidence[] = [
  {
    passage: shared,
    columns: [0.3, 0, 0.01].map((density, i) => randomColumn(i, shared, density)),
  },
  { passage: other, columns: [randomColumn(9, other, 0.5)] },
  { passage: shared, columns: [] },
];

const plain = (evidence: readonly SetEvidence[]) =>
  evidence.map(({ passage, columns }) => ({
    passage: {
      tokens: [...passage.tokens],
      starts: [...passage.starts],
      documents: [...passage.documents],
      sides: [...passage.sides],
      places: passage.places,
    },
    columns: columns.map(({ rows, values }) => [[...rows], [...values]]),
  }));

describe("an evidence file", () => {
  test("gives back what was written, shared passages as one", () => {
    writeEvidence(path, sets, "this work");
    const read = openEvidence(path, "this work", tokenText)!;
    expect(plain(read)).toEqual(plain(sets));
    expect(read[2]!.passage).toBe(read[0]!.passage);
    expect(read[1]!.passage).not.toBe(read[0]!.passage);
    expect(read[0]!.passage.tokenText(3)).toBe("token 3");
    expect(read[0]!.columns[0]!.rows).toBeInstanceOf(Uint32Array);
  });

  test("of other work, or none, is none", () => {
    writeEvidence(path, sets, "this work");
    expect(openEvidence(path, "other work", tokenText)).toBeUndefined();
    expect(openEvidence(join(folder, "absent"), "this work", tokenText)).toBeUndefined();
    expect(openEvidence(folder, "this work", tokenText)).toBeUndefined();
  });

  test("with any byte changed, or cut short, is none or the same", () => {
    writeEvidence(path, sets, "this work");
    const whole = readFileSync(path);
    const random = Random.of(3, "damage");
    let refused = 0;
    for (let i = 0; i < 300; i++) {
      const damaged = Buffer.from(whole);
      const at = i < 100 ? i * 8 : random.integer(whole.length);
      damaged[at] = damaged[at]! ^ (1 << random.integer(8));
      writeFileSync(path, damaged);
      const read = openEvidence(path, "this work", tokenText);
      if (read === undefined) refused++;
      else expect(plain(read)).toEqual(plain(sets));
    }
    expect(refused).toBeGreaterThan(250);
    for (const length of [0, 7, 8, 100, whole.length - 1]) {
      writeFileSync(path, whole.subarray(0, length));
      expect(openEvidence(path, "this work", tokenText)).toBeUndefined();
    }
  });
});
