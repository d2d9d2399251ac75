/** Points on the way to a rating, the draft of one, and ratings as a file. */

import { describe, expect, test } from "vitest";
import { ratingsAsCsv } from "../../../src/explorer/page/rate/download.ts";
import { parseDraft } from "../../../src/explorer/page/rate/draft.ts";
import {
  asked,
  nextMissing,
  pointsOfDigit,
  rubricOf,
  runningTotal,
} from "../../../src/explorer/page/rate/points.ts";
import { CRITERIA, rubricProblem } from "../../../src/interpretation/ratings/rubric.ts";
import { fabricateRatings } from "../fabricated-answers.ts";

const keys = (points: Parameters<typeof asked>[0]) => asked(points).map(({ key }) => key);

describe("points", () => {
  test("separation is asked unless all logits are consistent", () => {
    expect(keys({})).toContain("separation");
    expect(keys({ logits: 2 })).toContain("separation");
    expect(keys({ logits: 3 })).not.toContain("separation");
  });

  test("the next criterion is the next one without points, then one that was passed over", () => {
    expect(nextMissing({}, null)).toBe("confidence");
    expect(nextMissing({ confidence: 1 }, "confidence")).toBe("activations");
    expect(nextMissing({ specificity: 1 }, "specificity")).toBe("confidence");
    expect(nextMissing({ logits: 3 }, "logits")).toBe("specificity");
    expect(nextMissing({ confidence: 0, activations: 0, logits: 3, specificity: 0 }, null)).toBeNull();
  });

  test("14 is the most that any rating can have, and every complete one is what the server accepts", () => {
    let most = 0;
    const give = (at: number, points: Readonly<Record<string, number>>): void => {
      const criterion = CRITERIA[at];
      if (criterion === undefined) {
        const rubric = rubricOf(points)!;
        expect(rubricProblem(rubric)).toBeUndefined();
        most = Math.max(most, runningTotal(points));
        return;
      }
      for (let value = 0; value < criterion.levels.length; value++)
        give(at + 1, { ...points, [criterion.key]: value });
    };
    give(0, {});
    expect(most).toBe(14);
  });

  test("separation that was given before all logits were found consistent does not count", () => {
    const points = { confidence: 3, activations: 5, logits: 3, separation: 1, specificity: 3 };
    expect(runningTotal(points)).toBe(14);
    expect(rubricOf(points)!.separation).toBeNull();
    expect(rubricOf({ ...points, logits: 2 })!.separation).toBe(1);
    expect(rubricOf({ confidence: 3 })).toBeNull();
  });

  test("a digit beyond a criterion's range means nothing", () => {
    const activations = CRITERIA.find(({ key }) => key === "activations")!;
    const separation = CRITERIA.find(({ key }) => key === "separation")!;
    expect(pointsOfDigit("5", activations)).toBe(5);
    expect(pointsOfDigit("6", activations)).toBeNull();
    expect(pointsOfDigit("2", separation)).toBeNull();
    expect(pointsOfDigit("a", activations)).toBeNull();
  });
});

describe("a draft", () => {
  test("is read as it was written", () => {
    const draft = { points: { confidence: 2, separation: 0 }, interpretation: "a <b>" };
    expect(parseDraft(JSON.stringify(draft))).toEqual(draft);
  });

  test("that is damaged or holds what nobody could have given loses only that", () => {
    expect(parseDraft(null)).toBeNull();
    expect(parseDraft("{")).toBeNull();
    expect(parseDraft("7")).toBeNull();
    expect(
      parseDraft('{"points":{"confidence":9,"logits":1.5,"specificity":3,"__proto__":1},"interpretation":4}'),
    ).toEqual({ points: { specificity: 3 }, interpretation: "" });
  });
});

test("a table of ratings quotes what has to be, and no cell is a formula", () => {
  const { ratings } = fabricateRatings(2);
  const lines = ratingsAsCsv(ratings).split("\r\n");
  expect(lines).toHaveLength(4);
  expect(lines[0]).toBe(
    "rater,kind,index,interval,confidence,activations,logits,separation,specificity,total,score,interpretation,created",
  );
  expect(lines[1]).toContain('"says ""function"", mostly"');
  expect(lines[2]).toMatch(/^'=grace,neuron,3,1,/);
  expect(lines[3]).toBe("");
});
