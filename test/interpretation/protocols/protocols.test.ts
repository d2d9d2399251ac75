/** What holds for every protocol, on random text: nothing that explains scores, nothing comes twice, and the draw is one draw. */

import { describe, expect, test } from "vitest";
import { windowKey } from "../../../src/interpretation/evidence/examples.ts";
import {
  type Excerpt,
  SIDES,
  sideOf,
  type UnitEvidence,
} from "../../../src/interpretation/evidence/passage.ts";
import { PROTOCOLS } from "../../../src/interpretation/protocols/protocols.ts";
import { PROTOCOL_NAMES, type Task } from "../../../src/interpretation/protocols/task.ts";
import { isTooRare } from "../../../src/interpretation/protocols/too-rare.ts";
import { randomColumn, randomPassage } from "../evidence/random-passage.ts";
import { onToken, plantedText, plantedUnit } from "./planted-text.ts";

function excerptsOf(task: Task): readonly Excerpt[] {
  switch (task.type) {
    case "simulation":
      return task.excerpts;
    case "intruder":
      return task.trials.flatMap(({ excerpts }) => excerpts);
    case "logits":
      return [];
    case "detection":
    case "fuzzing":
      return task.items.map(({ excerpt }) => excerpt);
  }
}

/** Units of random passages, with copied stretches in some: documents that repeat each other. */
const units = Array.from({ length: 24 }, (_, seed) => {
  const passage = randomPassage(seed, { contexts: 100 + 20 * seed, context: 20 + 8 * (seed % 9) });
  if (seed % 3 === 0) {
    const { tokens, documents } = passage;
    for (let at = tokens.length >> 1; at < tokens.length; at++) {
      if (documents[at]! >= 0) tokens[at] = tokens[at - (tokens.length >> 1)]! || 1;
    }
  }
  const column = randomColumn(seed, passage, [0.002, 0.02, 0.2, 0.9][seed % 4]!);
  return { unit: seed, seed: seed % 5, evidence: { passage, column, logits: null } satisfies UnitEvidence };
});

describe.each(PROTOCOL_NAMES)("%s", (name) => {
  const protocol = PROTOCOLS[name];

  test("is called so", () => expect(protocol.name).toBe(name));

  test("never asks about a document that it explained from, or the same window twice", () => {
    let asked = 0;
    const wrong: string[] = [];
    for (const { evidence, ...draw } of units) {
      const { passage } = evidence;
      const ofSide = {
        explain: protocol.explaining(evidence, draw).excerpts,
        choose: protocol.tasks(evidence, "choose", draw).flatMap(excerptsOf),
        score: protocol.tasks(evidence, "score", draw).flatMap(excerptsOf),
      };
      const keys = new Set(ofSide.explain.map(({ start, length }) => windowKey(passage, start, length)));
      expect(keys.size).toBe(ofSide.explain.length);
      const seen = new Map<number, string>();
      for (const side of SIDES) {
        const found = new Set<string>();
        for (const { start, length } of ofSide[side]) {
          const documents = passage.documents.subarray(start, start + length);
          const document = documents[0]!;
          if (documents.some((other) => other !== document)) wrong.push("two documents");
          if (sideOf(passage, start) !== side) wrong.push("another side");
          if ((seen.get(document) ?? side) !== side) wrong.push("document on two sides");
          seen.set(document, side);
          const key = windowKey(passage, start, length);
          if (found.has(key)) wrong.push("the same window twice");
          if (side !== "explain" && keys.has(key)) wrong.push("a window that was explained from");
          found.add(key);
        }
      }
      asked += ofSide.score.length;
    }
    expect(wrong).toEqual([]);
    expect(asked).toBeGreaterThan(50);
  });

  test("draws the same for the same seed and unit whatever was drawn between, and something else for others", () => {
    const passage = plantedText(1);
    const [evidence, ...others] = [5, 6, 7, 8, 9, 10].map((token) => onToken(passage, token));
    const all = (of: UnitEvidence, seed: number, unit: number) => ({
      explaining: protocol.explaining(of, { seed, unit }),
      choose: protocol.tasks(of, "choose", { seed, unit }),
      score: protocol.tasks(of, "score", { seed, unit }),
    });
    const first = all(evidence!, 3, 4);
    for (const other of others) all(other, 3, 4);
    expect(all({ ...evidence! }, 3, 4)).toEqual(first);
    expect(all(evidence!, 4, 4).score).not.toEqual(first.score);
    expect(all(evidence!, 3, 5).score).not.toEqual(first.score);
    // The records of Bills et al. are the highest, and no draw.
    const differs = name !== "bills-2023";
    for (const draw of [
      { seed: 4, unit: 4 },
      { seed: 3, unit: 5 },
    ]) {
      const again = protocol.explaining(evidence!, draw);
      expect(JSON.stringify(again) !== JSON.stringify(first.explaining)).toBe(differs);
    }
  });

  test("has integers on its scale for the explainer, the highest among them", () => {
    for (const { evidence, ...draw } of units) {
      const { excerpts, quantised, scale } = protocol.explaining(evidence, draw);
      expect(quantised.map(({ length }) => length)).toEqual(excerpts.map(({ length }) => length));
      const off = quantised
        .flat()
        .filter((value) => !(Number.isInteger(value) && value >= 0 && value <= scale));
      expect(off).toEqual([]);
    }
    const passage = plantedText(2);
    const { quantised, scale } = protocol.explaining(onToken(passage, 5), { seed: 0, unit: 0 });
    expect(Math.max(...quantised.flat())).toBeGreaterThanOrEqual(scale - 1);
  });

  test("asks nothing about a unit that is too rare, or never active", () => {
    const passage = plantedText(3, { contexts: 300 });
    const silent = plantedUnit(passage, () => 0);
    expect(protocol.explaining(silent, { seed: 0, unit: 0 }).excerpts).toEqual([]);
    expect(protocol.tasks(silent, "choose", { seed: 0, unit: 0 })).toEqual([]);
    const onScore = (count: number) => {
      let left = count;
      const { column } = onToken(passage, 5);
      const rows = column.rows.filter((row) => sideOf(passage, row) !== "score" || left-- > 0);
      return { passage, column: { rows, values: new Float32Array(rows.length).fill(1) }, logits: null };
    };
    const [rare, common] = [onScore(10), onScore(40)];
    expect([isTooRare(rare, "score"), isTooRare(common, "score"), isTooRare(silent, "score")]).toEqual([
      true,
      false,
      true,
    ]);
    expect(protocol.tasks(rare, "score", { seed: 0, unit: 0 })).toEqual([]);
    expect(protocol.tasks(rare, "choose", { seed: 0, unit: 0 })).not.toEqual([]);
    expect(protocol.tasks(common, "score", { seed: 0, unit: 0 })).not.toEqual([]);
  });
});

test("copies of one window are no examples", () => {
  const passage = plantedText(4, { contexts: 200, context: 64, document: 2000 });
  const { column } = onToken(passage, 5);
  const evidence = { passage, column, logits: null };
  expect(isTooRare(evidence, "score")).toBe(false);
  for (let at = 0; at < passage.tokens.length; at++) {
    if (passage.documents[at]! >= 0) passage.tokens[at] = 1 + (at % 3);
  }
  expect(isTooRare(evidence, "score")).toBe(true);
});
