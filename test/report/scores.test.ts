/** Scores as report and page lay them out: columns of controls, rows of explainers, histograms with common bins, words. */

import { describe, expect, test } from "vitest";
import {
  cellOf,
  COLUMNS,
  columnsOf,
  kindsOf,
  rowsOf,
  scoresOf,
} from "../../src/report/scores/compared-columns.ts";
import { middle, scoreBins, scoreEdges } from "../../src/report/scores/score-bins.ts";
import {
  definitionOf,
  explainerWords,
  intervalText,
  scoreText,
} from "../../src/report/scores/score-words.ts";
import { OFFLINE_EXPLAINERS } from "../../src/interpretation/explainers/explainer.ts";
import { SCORE_KINDS } from "../../src/interpretation/scores/score.ts";
import { fabricateInterpretation } from "../interpretation/fabricated-interpretation.ts";

const interpretation = fabricateInterpretation({ features: 50, controls: 20 });

describe("columns and rows", () => {
  test("a control that was not computed has no column", () => {
    expect(columnsOf(interpretation).map(({ id }) => id)).toEqual(COLUMNS.map(({ id }) => id));
    const summary = interpretation.summary.map((row) => ({
      ...row,
      cells: row.cells.filter(({ subject }) => subject !== "shuffled-weights"),
    }));
    expect(columnsOf({ summary }).map(({ id }) => id)).not.toContain("shuffled");
  });

  test("the chosen explainer comes first, the others as they were asked for, unknown ones last", () => {
    expect(rowsOf(interpretation, "logits", "all").map(({ explainer }) => explainer)).toEqual([
      "chosen",
      "token-lookup",
      "previous-token",
      "rule",
    ]);
    const explainers = ["rule", "previous-token"];
    expect(
      rowsOf({ ...interpretation, explainers }, "logits", "all").map(({ explainer }) => explainer),
    ).toEqual(["chosen", "rule", "previous-token", "token-lookup"]);
    expect(kindsOf(interpretation)).toEqual(["bricken-2023", "bricken-2023-weighted", "logits", "detection"]);
  });

  test("scores of units are those that the summary summarises, in every split", () => {
    for (const split of ["all", "single-token", "other"] as const) {
      const [row] = rowsOf(interpretation, "bricken-2023", split);
      for (const column of COLUMNS.filter(({ prediction }) => prediction !== "zero")) {
        const values = scoresOf(interpretation, column, {
          kind: "bricken-2023",
          explainer: "chosen",
          split,
        }).map(({ value }) => value);
        const cell = cellOf(row!, column)!;
        expect(values.length).toBe(cell.units);
        expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(cell.mean!, 10);
      }
    }
  });
});

describe("histograms", () => {
  test("have the same bins, hold every value, and edges belong to the bin above", () => {
    const edges = scoreEdges([[0.3], [-0.12, 1]]);
    expect([edges[0], edges.at(-1)]).toEqual([-0.15, 1]);
    const { shares, count, median } = scoreBins([-0.12, 0.3, 0.34, 1], edges);
    expect(count).toBe(4);
    expect(median).toBeCloseTo(0.32, 12);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(shares[edges.indexOf(0.3)]).toBe(0.5);
    expect(shares.at(-1)).toBe(0.25);
    expect(scoreEdges([[]])[0]).toBe(0);
    expect(scoreEdges([[-0.15]])[0]).toBe(-0.15);
    expect(middle([])).toBeNull();
  });
});

describe("words", () => {
  test("a score has two digits, a true minus, and no negative zero", () => {
    expect([0.618, -0.031, -0.001, null, NaN].map(scoreText)).toEqual(["0.62", "−0.03", "0.00", "–", "–"]);
    expect(intervalText([0.551, 0.68])).toBe("[0.55, 0.68]");
    expect(intervalText(null)).toBe("");
  });

  test("every kind and every explainer without a language model is defined", () => {
    for (const kind of SCORE_KINDS) expect(definitionOf(kind).length).toBeGreaterThan(30);
    for (const name of OFFLINE_EXPLAINERS) expect(explainerWords(name)).not.toMatch(/language model/);
    expect(explainerWords("gpt-x")).toMatch(/language model/);
  });
});
