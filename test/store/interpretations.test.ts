/** What interpretations and people say of units: scores, raw answers and ratings come back; what stands for a unit; kills. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Excerpt } from "../../src/interpretation/evidence/passage.ts";
import type { RawAnswers } from "../../src/interpretation/scores/score.ts";
import {
  openStore,
  type ScoredExplanation,
  type Store,
  type StoredAnswers,
  type StoredScore,
} from "../../src/store/store.ts";
import { explanationsOf } from "./synthetic-interpretation.ts";
import { queryOf, textOf, writeAnalysis } from "./synthetic.ts";

let folder: string;
let store: Store;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "interpretations-"));
  store = openStore(join(folder, "features.sqlite"));
  writeAnalysis(store, "sae", { count: 30, seed: 3 }, { subject: "weights" });
  writeAnalysis(store, "sae", { count: 4, seed: 3, kind: "neuron" });
});
afterAll(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const excerpt = (part: Partial<Excerpt> = {}): Excerpt => ({
  start: 70_000,
  length: 3,
  centre: 1,
  group: "interval",
  interval: 4,
  ...part,
});

const score = (part: Partial<StoredScore>): StoredScore => ({
  kind: "detection",
  value: 0.75,
  interval: [0.5, 0.875],
  degenerate: false,
  asked: 10,
  failed: 1,
  others: { auc: 0.8, f1: null },
  answeredBy: "rule",
  answers: null,
  ...part,
});

const said = (part: Partial<ScoredExplanation>): ScoredExplanation => ({
  index: 0,
  text: "fires on something",
  author: "rule",
  chosen: false,
  primary: "detection",
  details: { rule: [1] },
  scores: [score({})],
  ...part,
});

const put = (
  name: string,
  explanations: readonly ScoredExplanation[],
  replace = true,
  kind: "feature" | "neuron" = "feature",
) => store.putInterpretation("sae", kind, name, explanations, { replace, tokenText: textOf });

const RAW: Record<RawAnswers["type"], StoredAnswers> = {
  simulation: {
    raw: {
      type: "simulation",
      scale: 9,
      excerpts: [excerpt(), excerpt({ group: "random", interval: null, centre: null, length: 2, start: 0 })],
      quantised: [
        [0, 9, 3],
        [0, 0],
      ],
      real: [
        [0, 4.5, Math.fround(1.3)],
        [0, 0],
      ],
      simulated: [[0.5, 8.25, 0], null],
      weights: [1, 0.25],
    },
    tokens: [
      [5, 50_000, 7],
      [8, 9],
    ],
  },
  detection: {
    raw: {
      type: "detection",
      excerpts: [excerpt(), excerpt({ group: "top" }), excerpt({ group: "elsewhere" })],
      marked: [[], [], []],
      labels: [true, false, true],
      verdicts: [{ yes: true, probability: null }, null, { yes: false, probability: 0.125 }],
    },
    tokens: [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ],
  },
  fuzzing: {
    raw: {
      type: "fuzzing",
      excerpts: [excerpt()],
      marked: [[0, 2]],
      labels: [true],
      verdicts: [{ yes: true, probability: 1 }],
    },
    tokens: [[1, 2, 3]],
  },
  intruder: {
    raw: {
      type: "intruder",
      trials: [
        { excerpts: [excerpt(), excerpt({ start: 9 })], intruder: 1 },
        { excerpts: [excerpt(), excerpt()], intruder: 0 },
      ],
      answers: [0, null],
    },
    tokens: [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
      [1, 1, 1],
    ],
  },
  logits: {
    raw: {
      type: "logits",
      tokens: [60_001, 3],
      labels: [true, false],
      verdicts: [{ yes: false, probability: 0.5 }, null],
    },
    tokens: [],
  },
};

describe("raw answers", () => {
  test.each(Object.keys(RAW) as RawAnswers["type"][])("of %s come back as they were", (type) => {
    const answers = RAW[type];
    put(type, [
      said({
        index: 2,
        author: type,
        scores: [score({ answers }), score({ value: null, interval: null, answers: null })],
      }),
    ]);
    const { id } = store.explanations("sae", "feature", 2).find(({ author }) => author === type)!;
    const record = store.explanation(id)!;
    expect(record.answers).toEqual([answers]);
    expect(record.scores).toEqual([
      score({ answers }),
      score({ value: null, interval: null, answers: null }),
    ]);
    expect(record).toMatchObject({ sae: "sae", kind: "feature", index: 2 });
    expect(record.explanation).toMatchObject({ id, interpretation: type, details: { rule: [1] } });
    expect(store.scores(id).map((one) => ({ ...one, answers: null }))).toEqual(
      record.scores.map((one) => ({ ...one, answers: null })),
    );
  });

  test("have tokens that are spelled", () => {
    expect([50_000, 60_001].map((id) => store.tokenText(id))).toEqual([" t50000", " t60001"]);
  });

  test("are kept once for scores of one task, questions once for explanations of one unit, and go with them", () => {
    const { raw } = RAW.detection;
    const other = {
      tokens: RAW.detection.tokens,
      raw: { ...raw, verdicts: [null, null, null] } as RawAnswers,
    };
    const before = count("question");
    put("shared", [
      said({ author: "a", scores: [score({ answers: RAW.simulation }), score({ answers: RAW.simulation })] }),
      said({ author: "b", scores: [score({ answers: { ...RAW.detection } }), score({ answers: other })] }),
    ]);
    const ids = store
      .explanations("sae", "feature", 0)
      .filter(({ interpretation }) => interpretation === "shared");
    const [b, a] = ids.map(({ id }) => store.explanation(id)!);
    expect(a!.answers).toHaveLength(1);
    expect(a!.scores[0]!.answers).toBe(a!.scores[1]!.answers);
    expect(b!.answers.map((one) => one.raw)).toEqual([raw, other.raw]);
    expect(count("question")).toBe(before);
    for (const { id } of ids) store.removeExplanation(id);
    put("detection", []);
    put("simulation", []);
    expect(count("question")).toBe(before - 2);
    expect(count("answers")).toBe(before - 2);
    expect(count("score")).toBe(2 * (before - 2));
  });
});

function count(table: string): number {
  const database = new DatabaseSync(store.path, { readOnly: true });
  const { n } = database.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number };
  database.close();
  return n;
}

describe("what stands for a unit", () => {
  const row = () => {
    const { explanation, score: shown } = store.rows("sae", "feature", [5])[0]!;
    const [listed] = store.list("sae", queryOf({ minScore: -9 })).rows.filter(({ index }) => index === 5);
    expect(listed?.score ?? null).toBe(shown);
    return [explanation, shown];
  };

  test("is what was chosen, of the newest interpretation, and not what scores best; a person's words before all", () => {
    const one = (text: string, value: number | null, chosen: boolean) =>
      said({ index: 5, text, author: text, chosen, scores: [score({ value })] });
    store.addExplanation("sae", "feature", 5, { text: "loose", author: "old", score: 0.3 });
    expect(row()).toEqual(["loose", 0.3]);
    put("first", [one("better", 0.9, false), one("chosen", 0.4, true)]);
    expect(row()).toEqual(["chosen", 0.4]);
    put("second", [one("newer", 0.2, true), one("best", 0.95, false)]);
    expect(row()).toEqual(["newer", 0.2]);
    store.addExplanation("sae", "feature", 5, { text: "mine", author: "person" });
    expect(row()).toEqual(["mine", 0.2]);
    expect(store.explanations("sae", "feature", 5).map(({ text }) => text)).toEqual([
      "mine",
      "newer",
      "chosen",
      "best",
      "better",
      "loose",
    ]);
    put("third", [one("too rare", null, true)]);
    expect(row()).toEqual(["mine", null]);
    expect(store.words("sae", "feature", [5])).toEqual(["mine"]);
    expect(store.list("sae", queryOf({ q: "too rare" })).rows.map(({ index }) => index)).toContain(5);
  });

  test("says which score it is, and how sure", () => {
    const scores = [
      score({ kind: "logits", value: 0.6, interval: null }),
      score({ answeredBy: "gpt, integers" }),
    ];
    put("sure", [said({ index: 6, chosen: true, scores })]);
    expect(store.explanations("sae", "feature", 6)[0]).toMatchObject({
      score: 0.75,
      scoreKind: "detection",
      interval: [0.5, 0.875],
      chosen: true,
      interpretation: "sure",
      answeredBy: "gpt, integers",
    });
    put("unsure", [said({ index: 7, primary: "logits", scores }), said({ index: 8, primary: null })]);
    expect(store.explanations("sae", "feature", 7)[0]).toMatchObject({ score: 0.6, interval: null });
    expect(store.explanations("sae", "feature", 8)[0]).toMatchObject({ score: null, scoreKind: null });
  });
});

describe("an interpretation", () => {
  const texts = (index: number) =>
    store
      .explanations("sae", "neuron", index)
      .map(({ interpretation, author, text }) => `${interpretation} ${author} ${text}`)
      .sort();

  test("is replaced by name, goes on when it was stopped, and keeps the numbers of what stays", () => {
    const one = (index: number, author: string, text: string) => said({ index, author, text });
    put("x", [one(0, "a", "1"), one(0, "b", "1"), one(1, "a", "1")], true, "neuron");
    put("y", [one(0, "a", "1")], true, "neuron");
    const idOf = () =>
      store
        .explanations("sae", "neuron", 0)
        .find(({ interpretation: x, author }) => x === "x" && author === "a")!.id;
    const id = idOf();
    put("x", [one(1, "a", "2"), one(2, "a", "2")], false, "neuron");
    expect([0, 1, 2].map(texts)).toEqual([["x a 1", "x b 1", "y a 1"], ["x a 2"], ["x a 2"]]);
    put("x", [one(0, "a", "3")], true, "neuron");
    expect([0, 1, 2].map(texts)).toEqual([["x a 3", "y a 1"], [], []]);
    expect(idOf()).toBe(id);
    expect(store.list("sae", queryOf({ kind: "neuron", q: "2" })).rows.map(({ index }) => index)).toEqual([
      2,
    ]);
    expect(store.explanation(999_999)).toBeUndefined();
  });

  test("is refused for what was not analysed, and when another one began", () => {
    expect(() => put("x", [said({ index: 99 })])).toThrow(/holds no analysis of feature 99 of sae/);
    expect(() =>
      store.putInterpretation("none", "feature", "x", [], { replace: true, tokenText: textOf }),
    ).toThrow(/no analysis of the features of none/);
    const other = openStore(store.path);
    function* overtaken() {
      yield said({ index: 1 });
      other.putInterpretation("sae", "feature", "race", [said({ index: 1, text: "the other's" })], {
        replace: true,
        tokenText: textOf,
      });
    }
    expect(() =>
      store.putInterpretation("sae", "feature", "race", overtaken(), { replace: true, tokenText: textOf }),
    ).toThrow(/another process began the interpretation "race"/);
    expect(store.explanations("sae", "feature", 1).map(({ text }) => text)).toEqual(["the other's"]);
    other.close();
  });

  test("of other weights is out of sight", () => {
    const path = join(folder, "subjects.sqlite");
    const own = openStore(path);
    writeAnalysis(own, "sae", { count: 2 }, { subject: "a" });
    own.putInterpretation("sae", "feature", "x", [said({})], { replace: true, tokenText: textOf });
    const { id } = own.explanations("sae", "feature", 0)[0]!;
    writeAnalysis(own, "sae", { count: 2 }, { subject: "b" });
    expect(own.explanation(id)).toBeUndefined();
    writeAnalysis(own, "sae", { count: 2 }, { subject: "a" });
    expect(own.explanation(id)?.explanation.text).toBe("fires on something");
    own.close();
  });

  test("that is killed while it replaces another leaves every unit with words", async () => {
    const path = join(folder, "killed.sqlite");
    const own = openStore(path);
    writeAnalysis(own, "sae", { count: 60, seed: 1 });
    own.putInterpretation("sae", "feature", "x", explanationsOf({ count: 60, seed: 1 }), {
      replace: true,
      tokenText: textOf,
    });
    own.close();
    for (let round = 0; round < 5; round++) {
      const child = childOf("interpret", path, "60", String(round + 2));
      let output = "";
      child.stdout!.on("data", (chunk: Buffer) => (output += chunk.toString()));
      while (output === "") await new Promise((resolve) => setTimeout(resolve, 2));
      await new Promise((resolve) => setTimeout(resolve, 17 * round));
      child.kill("SIGKILL");
      await once(child, "exit");
      const reader = openStore(path, { readonly: true });
      for (let index = 0; index < 60; index++) {
        const found = reader.explanations("sae", "feature", index);
        expect(found.length).toBeGreaterThanOrEqual(3);
        expect(found[0]!.chosen).toBe(true);
        for (const { id } of found) expect(reader.explanation(id)!.scores).toHaveLength(3);
      }
      reader.close();
    }
    const after = openStore(path);
    after.putInterpretation("sae", "feature", "x", explanationsOf({ count: 60, seed: 9 }), {
      replace: true,
      tokenText: textOf,
    });
    for (let index = 0; index < 60; index++)
      expect(after.explanations("sae", "feature", index)).toHaveLength(3);
    expect(after.list("sae", queryOf({ q: "explanation" })).total).toBe(60);
    after.close();
  });
});

function childOf(...args: string[]) {
  const script = fileURLToPath(new URL("child.ts", import.meta.url));
  return spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
}

describe("ratings", () => {
  const points = { confidence: 3, activations: 5, logits: 2, separation: 1, specificity: 3 };
  const rating = {
    ...points,
    rater: "A",
    kind: "feature" as const,
    index: 3,
    interval: 10,
    interpretation: "x",
  };

  test("are kept, one of each rater and interval, the newest", () => {
    const first = store.putRating("sae", rating);
    expect(first).toMatchObject({ ...rating, total: 14 });
    store.putRating("sae", { ...rating, rater: "B", logits: 3, separation: null });
    store.putRating("sae", { ...rating, kind: "neuron", interval: 0, confidence: 0 });
    const again = store.putRating("sae", { ...rating, confidence: 1 });
    expect(again).toMatchObject({ id: first.id, total: 12 });
    expect(store.ratings("sae").map(({ rater, kind, total }) => [rater, kind, total])).toEqual([
      ["A", "feature", 12],
      ["B", "feature", 14],
      ["A", "neuron", 11],
    ]);
    expect(store.ratings("other")).toEqual([]);
    expect(() => store.putRating("sae", { ...rating, index: 30 })).toThrow(/no analysis of feature 30/);
    expect(store.removeRating(first.id)).toBe(true);
    expect(store.removeRating(first.id)).toBe(false);
    writeAnalysis(store, "sae", { count: 30, seed: 3 }, { subject: "weights" });
    expect(store.ratings("sae")).toHaveLength(2);
  });
});
