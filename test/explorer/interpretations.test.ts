/** What the server says of interpretations: one explanation with its text, and files of results, whatever state they are in. */

import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ExplanationPage, Interpretation, UnitList, UnitPage } from "../../src/explorer/api.ts";
import { openStore, STORE_FILE } from "../../src/store/store.ts";
import { fillFormat1 } from "../store/format-1.ts";
import { D_SAE, exploredRun, HOSTILE, tokenText } from "./explored-run.ts";
import { plantInterpretation, plantResult } from "./planted-interpretation.ts";
import { serve, type Served } from "./served.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-interpretations-"));
const run = join(folder, "run");
let served: Served;

beforeAll(() => {
  exploredRun(run);
  plantInterpretation(run, [
    { name: "offline", started: "2026-03-01T00:00:00.000Z" },
    { name: "later", started: "2026-03-02T00:00:00.000Z" },
  ]);
  served = serve([run]);
});
afterAll(async () => {
  expect(served.bugs).toEqual([]);
  await served.close();
  rmSync(folder, { recursive: true });
});

async function answer<T>(path: string, from = served): Promise<T> {
  const response = await from.get(`/api/runs/${path}`);
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as T;
}

async function refused(path: string, from = served) {
  const response = await from.get(`/api/runs/${path}`);
  return { status: response.status, ...((await response.json()) as { error: string }) };
}

describe("an explanation", () => {
  test("of a unit says which score it has, how sure it is, and that it was chosen", async () => {
    const { explanations, row } = await answer<UnitPage>("run/a/units/feature/7");
    expect(row).toMatchObject({ explanation: `fires on ${HOSTILE[1]}`, score: 0.07 });
    expect(explanations.map(({ author }) => author)).toEqual(["token-lookup", "rule"]);
    expect(explanations[0]).toEqual({
      id: expect.any(Number),
      text: `fires on ${HOSTILE[1]}`,
      author: "token-lookup",
      created: expect.any(String),
      score: 0.07,
      scoreKind: "bricken-2023",
      interval: [0.25, 0.75],
      chosen: true,
      interpretation: "offline",
      answeredBy: "rule",
    });
    const { rows } = await answer<UnitList>("run/a/units?sort=score&descending=true&limit=1");
    expect(rows[0]).toMatchObject({ index: D_SAE - 1, score: 0.69 });
  });

  test("is shown with its scores and the text that they were computed on", async () => {
    const { explanations } = await answer<UnitPage>("run/a/units/feature/7");
    const page = await answer<ExplanationPage>(`run/a/explanations/${explanations[0]!.id}`);
    expect(page.explanation).toEqual(explanations[0]);
    expect(page.details).toEqual({ tokens: [7] });
    expect(page.scores.map(({ kind, value, answeredBy }) => [kind, value, answeredBy])).toEqual([
      ["bricken-2023", 0.07, "rule"],
      ["fuzzing", 0.75, "rule"],
      ["intruder", 0.2, "rule"],
      ["logits", 1, "rule"],
    ]);
    const texts = (...ids: number[]) => ids.map(tokenText);
    expect(page.tasks).toEqual([
      {
        type: "simulation",
        scale: 9,
        excerpts: [
          {
            group: "interval",
            interval: 4,
            tokens: texts(0, 1, 2),
            real: [0, 9, 3],
            simulated: [0.333333, 9, 0],
          },
          { group: "random", interval: null, tokens: texts(3, 4, 200), real: [0, 0, 1], simulated: null },
        ],
      },
      {
        type: "fuzzing",
        items: [
          { tokens: texts(5, 6, 7), marked: [1], label: true, yes: true, probability: 0.75 },
          { tokens: texts(5, 6, 8), marked: [0, 2], label: false, yes: false, probability: null },
          { tokens: texts(5, 6, 9), marked: [], label: true, yes: null, probability: null },
        ],
      },
      {
        type: "intruder",
        trials: [
          { excerpts: [texts(0, 1, 2), texts(1, 2, 3)], intruder: 1, answer: 0 },
          { excerpts: [texts(2, 3, 4), texts(3, 4, 5)], intruder: 0, answer: null },
        ],
      },
      {
        type: "logits",
        items: [
          { tokens: texts(0), marked: [], label: true, yes: true, probability: 1 },
          { tokens: texts(250), marked: [], label: false, yes: null, probability: null },
        ],
      },
    ]);
  });

  test.each(["999999", "x", "-1", "1.5", "1e3", "9".repeat(30)])("%s is not there", async (id) => {
    const { status, error } = await refused(`run/a/explanations/${id}`);
    expect(status).toBe(404);
    expect(error).toMatch(/there is no explanation|nothing at this address/);
  });

  test("of one dictionary is none of another", async () => {
    expect((await refused("run/b/explanations/1")).status).toBe(409);
    expect((await refused("run/c/explanations/1")).status).toBe(404);
  });
});

describe("interpretations", () => {
  test("are there as they were written, the newest first", async () => {
    const found = await answer<Interpretation[]>("run/a/interpretations");
    expect(found.map(({ name }) => name)).toEqual(["later", "offline"]);
    expect(found[0]!.subjects.length).toBeGreaterThan(1);
    expect(await answer("run/b/interpretations")).toEqual([]);
    expect((await refused("run/c/interpretations")).status).toBe(404);
  });

  const damaged: [string, (path: string) => void, RegExp][] = [
    ["cut short", (path) => truncateSync(path, 500), /is not JSON/],
    ["empty", (path) => writeFileSync(path, ""), /is empty/],
    ["something else", (path) => writeFileSync(path, "[1]"), /is damaged, or of another version/],
    ["of a later format", (path) => rewrite(path, (one) => ({ ...one, format: 2 })), /format/],
    [
      "uneven",
      (path) =>
        rewrite(path, (one) => ({
          ...one,
          subjects: one.subjects.map((s) => ({ ...s, units: [...s.units, 1] })),
        })),
      /values of \d+ units/,
    ],
    ["far too large", (path) => truncateSync(path, 300 * 2 ** 20), /has 300 MB/],
  ];

  test.each(damaged)(
    "one that is %s is told of in the notes of another, or alone",
    async (_, damage, sentence) => {
      const own = join(folder, `damaged-${damaged.findIndex(([name]) => name === _)}`);
      exploredRun(own, { analysed: false });
      plantResult(own, "a", { name: "whole", notes: ["its own"] });
      const path = plantResult(own, "a", { name: "broken", started: "2027-01-01T00:00:00.000Z" });
      damage(path);
      const other = serve([own]);
      const address = `${own.slice(folder.length + 1)}/a/interpretations`;
      const found = await answer<Interpretation[]>(address, other);
      expect(found.map(({ name }) => name)).toEqual(["whole"]);
      expect(found[0]!.notes[0]).toBe("its own");
      expect(found[0]!.notes[1]).toMatch(sentence);
      expect(found[0]!.notes[1]).toContain("broken.json");
      rmSync(path.replace("broken", "whole"));
      const { status, error } = await refused(address, other);
      expect(status).toBe(500);
      expect(error).toMatch(sentence);
      plantResult(own, "a", { name: "broken" });
      expect(await answer<Interpretation[]>(address, other)).toHaveLength(1);
      expect(other.bugs).toEqual([]);
      await other.close();
    },
  );

  function rewrite(path: string, change: (one: Interpretation) => object): void {
    const other = plantResult(folder, "scratch");
    const one = JSON.parse(readFileSync(other, "utf8")) as Interpretation;
    writeFileSync(path, JSON.stringify(change(one)));
  }
});

describe("a store of format 1", () => {
  test("is shown as it is, and anew when somebody has brought it up to date", async () => {
    const own = exploredRun(join(folder, "old"), { analysed: false });
    const path = join(own, STORE_FILE);
    fillFormat1(path);
    const old = serve([own]);
    // The analysis in it is of a dictionary "sae".
    const list = () => answer<UnitList>("old/sae/units?limit=4", old);
    expect((await list()).rows[3]).toMatchObject({ explanation: "words of old", score: 0.5 });
    expect((await answer<{ ratings: unknown[] }>("old/sae/ratings", old)).ratings).toEqual([]);
    const writer = openStore(path);
    writer.putInterpretation(
      "sae",
      "feature",
      "x",
      [{ index: 3, text: "new", author: "rule", chosen: true, primary: null, details: null, scores: [] }],
      { replace: true, tokenText },
    );
    writer.close();
    expect((await list()).rows[3]).toMatchObject({ explanation: "new", score: null });
    await old.close();
  });
});

test("nothing is written on these GETs", async () => {
  const state = () =>
    readdirSync(run, { recursive: true, encoding: "utf8" })
      .sort()
      .map((name) => [name, statSync(join(run, name)).mtimeMs, statSync(join(run, name)).size]);
  const before = state();
  for (const path of ["explanations/1", "interpretations", "rating/next?rater=A", "ratings"]) {
    await answer(`run/a/${path}`);
  }
  expect(state()).toEqual(before);
});
