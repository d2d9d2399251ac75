/** What a result says of the text that it rests on. */

import { expect, test } from "vitest";
import { noteOnDocuments } from "../../src/run/interpretation-study.ts";

test("few documents are said to be few", () => {
  const of = (explain: number, score: number) =>
    noteOnDocuments({ tokens: 1e6, documents: { explain, choose: 0, score } });
  expect(of(10, 10)).toEqual([]);
  expect(of(12, 1)).toEqual([
    "explained from 12 documents and scored on 1 document: so few say little about other text, whatever the intervals",
  ]);
});
