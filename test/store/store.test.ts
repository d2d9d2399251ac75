/** What is put into the store comes out of it: units to the last bit, lists in the order asked for, labels, ablations. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SORTS } from "../../src/explorer/api.ts";
import type { UnitRecord } from "../../src/features/records.ts";
import { Random } from "../../src/random.ts";
import { orderOf } from "../../src/store/columns.ts";
import { pack, unpack } from "../../src/store/packed.ts";
import { openStore, type Store, type StoredAblation } from "../../src/store/store.ts";
import { analysisOf, contextsOf, queryOf, textOf, unitOf, writeAnalysis } from "./synthetic.ts";

const shape = { count: 400, seed: 3, dead: 10 };
const neurons = { count: 20, seed: 4, kind: "neuron" as const };
const units = Array.from({ length: shape.count }, (_, index) => unitOf(index, shape));

let folder: string;
let store: Store;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "store-"));
  store = openStore(join(folder, "features.sqlite"));
  writeAnalysis(store, "sae", shape, { subject: "weights-1" });
  writeAnalysis(store, "sae", neurons);
  writeAnalysis(store, "other", { count: 5, seed: 5 });
});
afterAll(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("an analysis", () => {
  test("is found by dictionary and kind, or not at all", () => {
    expect(store.analyses().map(({ sae, record }) => `${sae} ${record.kind} ${record.count}`)).toEqual([
      "other feature 5",
      "sae feature 400",
      "sae neuron 20",
    ]);
    expect(store.analysis("sae", "feature")).toEqual({
      sae: "sae",
      subject: "weights-1",
      record: analysisOf(shape),
    });
    expect(store.analysis("other", "neuron")).toBeUndefined();
    expect(store.list("none", queryOf())).toEqual({ total: 0, rows: [] });
    expect(store.unit("sae", "feature", 400)).toBeUndefined();
    expect(store.unit("sae", "feature", -1)).toBeUndefined();
    expect(store.map("none", "feature").index).toEqual([]);
  });

  test("gives its units back as they were", () => {
    for (const unit of units) expect(store.unit("sae", "feature", unit.index)!.record).toEqual(unit);
    expect(store.unit("sae", "neuron", 19)!.record).toEqual(unitOf(19, neurons));
  });

  test("shows a unit's contexts as text, each once, in the order of the examples", () => {
    const { record, contexts } = store.unit("sae", "feature", 17)!;
    const numbers = [...new Set(record.examples.map(({ context }) => context))];
    const texts = contextsOf(shape).map(({ tokens }) => Array.from(tokens, textOf));
    expect(contexts).toEqual(numbers.map((context) => ({ split: "train", context, tokens: texts[context] })));
  });

  test("keeps contexts of large vocabularies", () => {
    const tokens = Int32Array.of(0, 65535, 65536, 2 ** 31 - 1);
    const writer = store.begin("wide", analysisOf({ count: 0 }), { tokenText: textOf });
    writer.putContexts([{ split: "heldout", context: 3, tokens }]);
    writer.commit();
    expect(store.contexts("wide", "feature", [{ split: "heldout", context: 3 }])).toEqual([
      { split: "heldout", context: 3, tokens },
    ]);
    expect(store.contexts("wide", "feature", [{ split: "train", context: 3 }])).toEqual([]);
    expect(store.tokenText(2 ** 31 - 1)).toBe(" t2147483647");
    expect(store.tokenText(99_999)).toBe("<token 99999>");
  });

  test("is replaced as a whole, and not before the end", () => {
    const path = join(folder, "replaced.sqlite");
    const [writing, reading] = [openStore(path), openStore(path)];
    writeAnalysis(writing, "sae", { count: 3, seed: 1 }, { finished: "first" });
    const seen = () => ({
      finished: reading.analysis("sae", "feature")!.record.finished,
      units: reading.list("sae", queryOf()).total,
      max: reading.unit("sae", "feature", 2)?.record.statistics.max,
      token: reading.tokenText(7),
    });
    const before = seen();
    const next = { count: 600, seed: 2 };
    const writer = writing.begin("sae", analysisOf(next, "then"), {
      tokenText: (id) => textOf(id).toUpperCase(),
    });
    for (let index = next.count - 1; index >= 0; index--) writer.putUnit(unitOf(index, next));
    expect(seen()).toEqual(before);
    writer.commit(analysisOf(next, "second"));
    expect(seen()).toEqual({
      finished: "second",
      units: 600,
      max: unitOf(2, next).statistics.max,
      token: textOf(7).toUpperCase(),
    });
    const dropped = writing.begin("sae", analysisOf(shape), { tokenText: textOf });
    dropped.putUnit(unitOf(0, shape));
    dropped.discard();
    expect(seen().finished).toBe("second");
    const incomplete = writing.begin("sae", analysisOf(shape), { tokenText: textOf });
    expect(() => incomplete.commit()).toThrow("0 of 400 units");
    expect(seen().finished).toBe("second");
    writing.close();
    reading.close();
  });
});

describe("a list", () => {
  const scores = new Map<number, number>();
  beforeAll(() => {
    const random = Random.of(8);
    for (let index = 0; index < shape.count; index += 3) scores.set(index, random.integer(20) / 20 - 0.4);
    store.addExplanations(
      "sae",
      "feature",
      [...scores].map(([index, score]) => ({ index, text: `unit ${index}`, author: "rule", score })),
    );
  });

  const key: Record<string, (unit: UnitRecord) => number | null> = {
    index: ({ index }) => index,
    density: ({ statistics }) => statistics.density,
    max: ({ statistics }) => statistics.max,
    mean: ({ statistics }) => statistics.mean,
    entropy: ({ tokenAnalysis }) => tokenAnalysis!.entropy,
    score: ({ index }) => scores.get(index) ?? null,
  };

  test.each(SORTS.filter((sort) => sort !== "random"))("is sorted by %s, both ways", (sort) => {
    for (const descending of [false, true]) {
      const value = key[sort]!;
      const known = units.filter((unit) => value(unit) !== null);
      const unknown = units.filter((unit) => value(unit) === null);
      known.sort((a, b) => (descending ? value(b)! - value(a)! : value(a)! - value(b)!) || a.index - b.index);
      const expected = [...known, ...unknown].map(({ index }) => index);
      const { total, rows } = store.list("sae", queryOf({ sort, descending, limit: 1000 }));
      expect(total).toBe(shape.count);
      expect(rows.map(({ index }) => index)).toEqual(expected);
    }
  });

  test("at random is the same every time, and a permutation", () => {
    const indices = () =>
      store.list("sae", queryOf({ sort: "random", limit: 1000 })).rows.map(({ index }) => index);
    expect(indices()).toEqual(indices());
    expect(indices()).not.toEqual(units.map(({ index }) => index));
    expect(indices().sort((a, b) => a - b)).toEqual(units.map(({ index }) => index));
  });

  test.each([
    [{ filter: "dead" }, ({ statistics }) => statistics.active === 0],
    [{ filter: "alive" }, ({ statistics }) => statistics.active > 0],
    [{ filter: "single" }, ({ singleToken }) => singleToken === true],
    [{ filter: "other" }, ({ singleToken }) => singleToken === false],
    [
      { minDensity: 0.02, maxDensity: 0.06 },
      ({ statistics: { density } }) => density >= 0.02 && density <= 0.06,
    ],
    [{ minMax: 4 }, ({ statistics }) => statistics.max >= 4],
    [{ minScore: 0 }, ({ index }) => (scores.get(index) ?? -1) >= 0],
    [
      { minMax: 2, filter: "single", minScore: -1 },
      ({ index, statistics, singleToken }) =>
        statistics.max >= 2 && singleToken === true && scores.has(index),
    ],
  ] as [Parameters<typeof queryOf>[0], (unit: UnitRecord) => boolean][])(
    "is filtered by %o",
    (query, accepts) => {
      const expected = units.filter(accepts).map(({ index }) => index);
      expect(expected.length).toBeGreaterThan(0);
      const { total, rows } = store.list("sae", queryOf({ ...query, limit: 1000 }));
      expect(rows.map(({ index }) => index)).toEqual(expected);
      expect(total).toBe(expected.length);
    },
  );

  test("has pages", () => {
    const all = store.list("sae", queryOf({ sort: "max", limit: 1000 })).rows;
    const paged = [0, 150, 300, 450].flatMap(
      (offset) => store.list("sae", queryOf({ sort: "max", offset, limit: 150 })).rows,
    );
    expect(paged).toEqual(all);
    expect(store.list("sae", queryOf({ offset: 10_000 }))).toEqual({ total: shape.count, rows: [] });
  });

  test("has rows that say what the unit's record says", () => {
    const unit = units[30]!;
    const row = store.rows("sae", "feature", [30, 9999])[0]!;
    expect(row).toEqual({
      index: 30,
      density: unit.statistics.density,
      mean: unit.statistics.mean,
      max: unit.statistics.max,
      singleToken: unit.singleToken,
      entropy: unit.tokenAnalysis!.entropy,
      sparkline: unit.statistics.histogram.counts,
      tokens: unit.tokenAnalysis!.tokens.slice(0, 8).map(({ token }) => textOf(token)),
      logits: unit.logits!.top.slice(0, 8).map(({ token }) => textOf(token)),
      explanation: "unit 30",
      score: scores.get(30),
    });
    expect(store.unit("sae", "feature", 30)!.row).toEqual(row);
    expect(store.rows("sae", "feature", [9999, 30])).toEqual([row]);
  });

  test("of 98,304 keys with ties and gaps is that of a sort with a comparison", () => {
    const random = Random.of(2);
    const keys = Float64Array.from({ length: 98_304 }, () =>
      random.uniform() < 0.1 ? NaN : random.integer(5000) - 2500,
    );
    for (const descending of [false, true]) {
      const expected = Array.from(keys.keys()).sort((a, b) => {
        const [x, y] = [keys[a]!, keys[b]!];
        if (Number.isNaN(x) || Number.isNaN(y))
          return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
        return (descending ? y - x : x - y) || a - b;
      });
      expect(orderOf(keys, descending)).toEqual(Uint32Array.from(expected));
    }
  });
});

describe("words and the map", () => {
  test("are the explanation, else the first tokens", () => {
    const first = units[1]!.tokenAnalysis!.tokens.slice(0, 3).map(({ token }) => textOf(token).trim());
    expect(store.words("sae", "feature", [0, 1, 9999])).toEqual(["unit 0", first.join(" · "), ""]);
    const map = store.map("sae", "feature");
    expect(map.index).toEqual(units.map(({ index }) => index));
    expect(map.x[5]).toBe(units[5]!.map![0]);
    expect(map.y[5]).toBe(units[5]!.map![1]);
    expect(map.density[5]).toBe(units[5]!.statistics.density);
    expect(map.words.slice(0, 2)).toEqual(store.words("sae", "feature", [0, 1]));
    expect(store.densities("sae", "feature")[5]).toBe(units[5]!.statistics.density);
  });
});

describe("explanations", () => {
  test("of a person come first, then by score; the list shows the first and the highest score", () => {
    const add = (text: string, author: string, score?: number) =>
      store.addExplanation("sae", "neuron", 3, { text, author, ...(score === undefined ? {} : { score }) });
    const weak = add("weak", "rule", 0.1);
    add("good", "gpt", 0.9);
    add("unscored", "gpt");
    expect(store.rows("sae", "neuron", [3])[0]).toMatchObject({ explanation: "good", score: 0.9 });
    add("mine", "person");
    add("mine, newer", "person");
    expect(store.explanations("sae", "neuron", 3).map(({ text }) => text)).toEqual([
      "mine, newer",
      "mine",
      "good",
      "weak",
      "unscored",
    ]);
    expect(store.rows("sae", "neuron", [3])[0]).toMatchObject({ explanation: "mine, newer", score: 0.9 });
    expect(store.score(weak.id, 0.95, "detection", { n: 3 })).toBe(true);
    expect(store.explanations("sae", "neuron", 3)[2]).toMatchObject({
      text: "weak",
      score: 0.95,
      scoreKind: "detection",
      details: { n: 3 },
    });
    expect(store.list("sae", queryOf({ kind: "neuron", minScore: 0.92 })).total).toBe(1);
    expect(store.score(weak.id, null, null)).toBe(true);
    expect(store.list("sae", queryOf({ kind: "neuron", minScore: 0.92 })).total).toBe(0);
    expect(store.removeExplanation(weak.id)).toBe(true);
    expect(store.removeExplanation(weak.id)).toBe(false);
    expect(store.score(weak.id, 1, null)).toBe(false);
    expect(store.list("sae", queryOf({ kind: "neuron", q: "weak" })).total).toBe(0);
    expect(store.explanations("sae", "feature", 4)).toEqual([]);
  });

  test("are refused for what was not analysed, and when empty; none of several is added then", () => {
    const before = store.explanations("sae", "neuron", 1);
    expect(() =>
      store.addExplanations("sae", "neuron", [
        { index: 1, text: "there", author: "rule" },
        { index: 20, text: "not there", author: "rule" },
      ]),
    ).toThrow(/holds no analysis of neuron 20 of sae/);
    expect(store.explanations("sae", "neuron", 1)).toEqual(before);
    expect(() => store.addExplanation("sae", "neuron", 1, { text: " ", author: "person" })).toThrow(
      /at least one word/,
    );
  });

  test("stay when the same weights are analysed again, and are out of sight for others", () => {
    const path = join(folder, "subject.sqlite");
    const own = openStore(path);
    const texts = () => own.explanations("sae", "feature", 0).map(({ text }) => text);
    writeAnalysis(own, "sae", { count: 2 }, { subject: "a" });
    own.addExplanation("sae", "feature", 0, { text: "of a", author: "person" });
    writeAnalysis(own, "sae", { count: 2 }, { subject: "a" });
    expect(texts()).toEqual(["of a"]);
    writeAnalysis(own, "sae", { count: 2 }, { subject: "b" });
    expect(texts()).toEqual([]);
    expect(own.list("sae", queryOf({ q: "of" })).total).toBe(0);
    writeAnalysis(own, "sae", { count: 2 }, { subject: "a" });
    expect(texts()).toEqual(["of a"]);
    own.close();
  });
});

describe("ablations", () => {
  const ablation = (context: number, change: number): StoredAblation => ({
    split: "train",
    context,
    activations: [0, 1.5, 0],
    lossChange: [0, change, -0.25],
    lowered: [[], [{ token: 900, before: 0.5, after: 0.25 }], []],
    raised: [
      [],
      [
        { token: 901, before: 0.125, after: 0.25 },
        { token: 3, before: 0, after: 0.5 },
      ],
      [],
    ],
  });

  test("are kept by unit and context, replaced one by one, and go with the analysis", () => {
    store.putAblations("sae", "neuron", 2, [ablation(9, 1), ablation(4, 2)], textOf);
    store.putAblations("sae", "neuron", 2, [ablation(9, 3)], textOf);
    expect(store.ablations("sae", "neuron", 2)).toEqual([ablation(4, 2), ablation(9, 3)]);
    expect(store.ablations("sae", "neuron", 1)).toEqual([]);
    expect(store.tokenText(900)).toBe(" t900");
    expect(() => store.putAblations("sae", "neuron", 20, [ablation(1, 1)], textOf)).toThrow(
      /no analysis of neuron 20/,
    );
    writeAnalysis(store, "sae", neurons);
    expect(store.ablations("sae", "neuron", 2)).toEqual([]);
  });
});

test("packed values keep floats to the bit and whole numbers of any size", () => {
  const floats = Float32Array.of(0, -0, 1e-45, 3.4e38, -1 / 3);
  const integers = [0, 127, 128, 16384, 2 ** 31, 2 ** 40];
  expect(unpack(pack({ a: "é\0" }, floats, integers))).toEqual({ json: { a: "é\0" }, floats, integers });
});
