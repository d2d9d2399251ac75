/** Search finds what it says, in the order it says, and nothing that somebody types makes it fail. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { analysisOf, AWKWARD, queryOf, textOf, unitOf } from "./synthetic.ts";

const COUNT = 60;
let folder: string;
let store: Store;

/** Unit i fires on the tokens of `fires[i]` and raises those of `raises[i]`, and on nothing else. */
function write(fires: Record<number, number[]>, raises: Record<number, number[]>): void {
  const shape = { count: COUNT };
  const writer = store.begin("sae", analysisOf(shape), { tokenText: textOf });
  for (let index = 0; index < COUNT; index++) {
    const unit = unitOf(index, shape);
    const token = (id: number) => ({ token: id, active: 1, occurred: 1, mean: 1, value: 1 });
    writer.putUnit({
      ...unit,
      tokenAnalysis: { tokens: (fires[index] ?? []).map(token), entropy: 1 },
      logits: { ...unit.logits!, top: (raises[index] ?? []).map(token), bottom: [] },
    });
  }
  writer.commit();
}

const id = (text: (typeof AWKWARD)[number]) => AWKWARD.indexOf(text);
const found = (q: string, query = {}) =>
  store.list("sae", queryOf({ q, limit: 1000, ...query })).rows.map(({ index }) => index);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "store-"));
  store = openStore(join(folder, "features.sqlite"));
  const fires: Record<number, number[]> = {
    10: [id(" theory")],
    11: [id(" the")],
    12: [id("The")],
    13: [id("the"), id(" theory")],
    14: [id("42")],
    15: [id(" ")],
    16: [id("\n")],
  };
  AWKWARD.forEach((_, token) => (fires[20 + token] = [token]));
  write(fires, { 5: [id("the")], 6: [id(" theory")], 42: [id("中")] });
  const explain = (index: number, text: string) =>
    store.addExplanation("sae", "feature", index, { text, author: "rule" });
  explain(1, "the definite article, in Hangul syllables");
  explain(2, "手机和电脑");
  explain(3, "naïve Café code");
  explain(4, 'quotes "inside" AND OR NOT NEAR');
});
afterAll(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("a search", () => {
  const awkward = (text: (typeof AWKWARD)[number]) => 20 + id(text);

  test("shows and finds first what a unit fires on at its strongest", () => {
    const shape = { count: 1 };
    const own = openStore(join(folder, "peaks.sqlite"));
    const writer = own.begin("sae", analysisOf(shape), { tokenText: textOf });
    const often = { token: id("42"), active: 9, occurred: 9, mean: 0.1 };
    writer.putUnit({
      ...unitOf(0, shape),
      peaks: [id("The")],
      tokenAnalysis: { tokens: [often], entropy: 1 },
    });
    writer.commit();
    expect(own.rows("sae", "feature", [0])[0]!.tokens).toEqual(["The", "42"]);
    expect(own.list("sae", queryOf({ q: "The" })).total).toBe(1);
    own.close();
  });

  test("puts units for which the token stands before those that fire on it too", () => {
    const shape = { count: 3 };
    const own = openStore(join(folder, "standing.sqlite"));
    const writer = own.begin("sae", analysisOf(shape), { tokenText: textOf });
    const others = (["42", " theory", "中", "\n"] as const).map(id);
    const orders = [[...others, id("the")], [others[0]!, id(" the"), others[1]!], [id("the")]];
    orders.forEach((tokens, index) => {
      const counts = tokens.map((token) => ({ token, active: 1, occurred: 1, mean: 1 }));
      writer.putUnit({ ...unitOf(index, shape), peaks: [], tokenAnalysis: { tokens: counts, entropy: 1 } });
    });
    writer.commit();
    const order = (query: object) =>
      own.list("sae", queryOf({ q: "the", limit: 3, ...query })).rows.map(({ index }) => index);
    expect(order({})).toEqual([1, 2, 0]);
    expect(order({ sort: "index", descending: true })).toEqual([2, 1, 0]);
    own.close();
  });

  test("finds by every form of a token what has one word for all of them", () => {
    const shape = { count: 1 };
    const own = openStore(join(folder, "forms.sqlite"));
    const writer = own.begin("sae", analysisOf(shape), { tokenText: textOf });
    const tokens = [id("the"), id(" the"), id("42"), id("The")].map((token) => {
      return { token, active: 1, occurred: 1, mean: 1 };
    });
    writer.putUnit({ ...unitOf(0, shape), peaks: [], tokenAnalysis: { tokens, entropy: 1 } });
    writer.commit();
    expect(own.words("sae", "feature", [0])).toEqual(["the · 42 · The"]);
    expect(own.rows("sae", "feature", [0])[0]!.tokens).toEqual(["the", " the", "42", "The"]);
    own.close();
  });

  test("puts the token itself first, then its logit, other case, explanations, longer tokens", () => {
    const other = [12, awkward("The")];
    const longer = [6, 10, awkward(" theory")];
    expect(found("the")).toEqual([11, 13, awkward(" the"), awkward("the"), 5, ...other, 1, ...longer]);
  });

  test("keeps that order whatever the list is sorted by, and sorts within", () => {
    const order = found("the", { sort: "max", descending: true });
    const max = (index: number) => store.rows("sae", "feature", [index])[0]!.max;
    expect(order.slice(0, 4).sort((a, b) => a - b)).toEqual([11, 13, awkward(" the"), awkward("the")]);
    expect(order.slice(0, 4)).toEqual(order.slice(0, 4).sort((a, b) => max(b) - max(a)));
    expect(order[4]).toBe(5);
    expect(order.slice(-3).sort((a, b) => a - b)).toEqual([6, 10, awkward(" theory")]);
  });

  test("for a number finds that unit first, then tokens", () => {
    expect(found("42")).toEqual([42, 14, awkward("42")]);
    expect(found(" #7 ")).toEqual([7]);
    expect(found("999999999")).toEqual([]);
  });

  test("finds words of explanations, beginnings of the last one, any case and accent, CJK within a text", () => {
    expect(found("hangul syl")).toEqual([1]);
    expect(found("syl hangul")).toEqual([]);
    expect(found("cafe")).toEqual([3]);
    expect(found("naive code")).toEqual([3]);
    expect(found("手机")).toEqual([2]);
    expect(found("电脑")).toEqual([2]);
    expect(found("机手")).toEqual([]);
    expect(found('"inside"')).toEqual([4]);
    expect(found("and or not near")).toEqual([4]);
  });

  test.each(AWKWARD.map((text, token) => [JSON.stringify(text.slice(0, 20)), text, 20 + token] as const))(
    "finds the token %s",
    (_, text, unit) => {
      if (text !== "") expect(found(text)).toContain(unit);
    },
  );

  test("for spaces finds tokens of just these", () => {
    expect(found(" ")).toEqual([15, awkward(" ")]);
    expect(found("\n")).toEqual([16, awkward("\n")]);
    expect(found("   ")).toEqual([]);
  });

  test("filters what it found", () => {
    expect(found("the", { filter: "dead" })).toEqual([]);
    expect(store.list("sae", queryOf({ q: "the", limit: 2, offset: 1 }))).toMatchObject({ total: 11 });
  });

  test("for anything at all ends without an error", () => {
    const hostile = [
      '"',
      '""',
      '"""',
      "*",
      "a*",
      "*a",
      "^",
      "a AND",
      "AND",
      "NOT",
      "NEAR(a b, 2)",
      "words:a",
      "{words}:a",
      "-a",
      "+a",
      "a + b",
      "(a",
      ")",
      "a' OR 1=1 --",
      "'; DROP TABLE unit; --",
      "%",
      "_",
      "\\",
      "\0",
      "a\0b",
      "\ud800",
      "a\udfff",
      "\u202e",
      "\u200d",
      "👩‍👩‍👧",
      "x".repeat(1e6),
      "a ".repeat(1e5),
      "中".repeat(1e4),
      "-1",
      "1e9",
      "0x10",
      "NaN",
      "\u0300",
      "\u0300a",
      "ﬀ",
      "İ",
      "ß",
      "﷽".repeat(1000),
    ];
    const random = Random.of(1);
    const alphabet = [..."\"*^()-+:{}\\'%_ \0\n", "AND", "OR", "NOT", "NEAR", "a", "中", "\ud800", "words"];
    for (let i = 0; i < 500; i++) {
      hostile.push(
        Array.from({ length: 1 + random.integer(12) }, () => alphabet[random.integer(alphabet.length)]).join(
          "",
        ),
      );
    }
    for (const q of hostile) {
      const { total, rows } = store.list("sae", queryOf({ q }));
      expect(total).toBeGreaterThanOrEqual(rows.length);
    }
    expect(found("the")).toHaveLength(11);
  });

  test("and hostile words of people are kept as they are", () => {
    const text = `<script>alert(1)</script> "quoted" 'x' -- \0 \u202e ; DROP TABLE explanation`;
    const { id: added } = store.addExplanation("sae", "feature", 59, { text, author: "person" });
    expect(store.explanations("sae", "feature", 59)[0]!.text).toBe(text);
    expect(found("alert(1)")).toEqual([59]);
    store.removeExplanation(added);
    expect(found("alert(1)")).toEqual([]);
    const lone = store.addExplanation("sae", "feature", 59, { text: "half \ud83d", author: "person" });
    expect(lone.text).toBe("half \ufffd");
  });
});
