import { expect, test } from "vitest";
import { SIDES, sideOf } from "../../../src/interpretation/evidence/passage.ts";
import { activeOn } from "../../../src/interpretation/protocols/active-tokens.ts";
import { randomColumn, randomPassage } from "../evidence/random-passage.ts";

test("active tokens are dealt to the sides of their documents; those of separators to none, though they are the highest", () => {
  for (let seed = 0; seed < 10; seed++) {
    const passage = randomPassage(seed, { contexts: 20, context: 30 });
    const { rows, values } = randomColumn(seed, passage, 0.3);
    const column = {
      rows,
      values: values.map((f, i) => (passage.documents[rows[i]!]! < 0 ? 100 : i % 9 ? f : 0)),
    };
    for (const side of SIDES) {
      const expected = [...rows.keys()].filter(
        (i) => sideOf(passage, rows[i]!) === side && column.values[i]! > 0,
      );
      const found = activeOn({ passage, column, logits: null }, side);
      expect([...found.rows]).toEqual(expected.map((i) => rows[i]!));
      expect([...found.values]).toEqual(expected.map((i) => column.values[i]!));
      expect(found.max).toBe(Math.max(0, ...found.values));
    }
  }
});
