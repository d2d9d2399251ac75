/** From predictions to answers: thresholds, verdicts, what is implied of next tokens, which explanation is chosen, how tokens are quoted. */

import { describe, expect, test } from "vitest";
import { bestThreshold, meanAt } from "../../../src/interpretation/explainers/calibration.ts";
import { chooseExplanation } from "../../../src/interpretation/explainers/choose.ts";
import { OFFLINE } from "../../../src/interpretation/explainers/offline.ts";
import {
  activation,
  enumerate,
  percent,
  quoteToken,
} from "../../../src/interpretation/explainers/quote-token.ts";
import { idOf, plantPassage, plantUnit, textsOf, tokenText } from "./planted-passage.ts";

describe("thresholds", () => {
  test("lie between the classes, in the widest gap", () => {
    expect(bestThreshold([3, 4], [0, 1])).toBe(2);
    expect(bestThreshold([2, 10], [0, 1, 9])).toBe(1.5);
  });

  test("are found as by trying every value", () => {
    for (let trial = 0; trial < 50; trial++) {
      const draw = (n: number, shift: number) =>
        Array.from({ length: n }, (_, i) => ((i * 7919 + trial * 104729) % 101) / 10 + shift);
      const [positive, negative] = [draw(9, 1), draw(13, 0)];
      const balanced = (threshold: number) =>
        positive.filter((score) => score > threshold).length / 9 +
        negative.filter((score) => score <= threshold).length / 13;
      const best = Math.max(...[...positive, ...negative, -1].map(balanced));
      expect(balanced(bestThreshold(positive, negative)!)).toBeCloseTo(Math.max(best, 1), 9);
    }
  });

  test("say no where nothing tells the classes apart, and nothing where there is one class", () => {
    expect(bestThreshold([1, 1], [1, 1])).toBe(Number.POSITIVE_INFINITY);
    expect(bestThreshold([0], [1])).toBe(Number.POSITIVE_INFINITY);
    expect(bestThreshold([1], [])).toBeNull();
  });
});

describe("verdicts", () => {
  const passage = plantPassage(
    300,
    [" the", " a", " go", " run", " it", ".", ",", "1"]
      .map(idOf)
      .flatMap((id) => (id === idOf(" the") ? [id] : Array.from({ length: 20 }, () => id))),
  );
  const the = idOf(" the");
  const unit = plantUnit(passage, (ids) => (ids.at(-1) === the ? 2 : 0));

  test("of a rule that is true are right, and their probabilities are on the same side of ½", async () => {
    const [explanation] = await OFFLINE["token-lookup"].explain([unit], { probe: null });
    const texts = textsOf(unit.evidence, "score").map(({ ids, texts, f }) => ({
      ids: ids.slice(0, 32),
      texts: texts.slice(0, 32),
      f: f.slice(0, 32),
    }));
    const truth = texts.map(({ f }) => f.some((value) => value > 0));
    expect(new Set(truth).size).toBe(2);
    const verdicts = await explanation!.answerer.detect(texts);
    expect(verdicts.map((verdict) => verdict!.yes)).toEqual(truth);
    for (const verdict of verdicts) expect(verdict!.probability! > 0.5).toBe(verdict!.yes);

    const right = texts
      .filter(({ f }) => f.some(Boolean))
      .map((text) => ({ ...text, marked: [text.f.findIndex(Boolean)] }));
    const wrong = right.map((text) => ({ ...text, marked: [text.f.indexOf(0)] }));
    expect((await explanation!.answerer.fuzz(right)).every((verdict) => verdict!.yes)).toBe(true);
    expect((await explanation!.answerer.fuzz(wrong)).some((verdict) => verdict!.yes)).toBe(false);
    expect(await explanation!.answerer.intrude([[right[0]!, wrong[1]!, right[1]!]])).toEqual([1]);
  });

  test("simulations are shares of the highest activation, rounded on the scale 0–9 only", async () => {
    const graded = plantUnit(passage, (ids) => (ids.at(-1) === the ? 2 : ids.at(-1) === idOf("1") ? 0.3 : 0));
    const [explanation] = await OFFLINE["token-lookup"].explain([graded], { probe: null });
    const ids = [the, idOf("1"), idOf(".")];
    const sequences = [{ ids, texts: ids.map(tokenText) }];
    expect(await explanation!.answerer.simulate(sequences, 9)).toEqual([[9, 1, 0]]);
    const [values] = await explanation!.answerer.simulate(sequences, 10);
    expect(values![0]).toBeCloseTo(10, 6);
    expect(values![1]).toBeCloseTo(1.5, 5);
    expect(values![2]).toBe(0);
  });

  test("equal values have equal means, however many are marked", () => {
    const values = new Float64Array(32).fill(0.0123456789);
    const means = Array.from({ length: 32 }, (_, i) => meanAt(values, [...values.keys()].slice(0, i + 1)));
    expect(new Set(means).size).toBe(1);
    expect(bestThreshold(means.slice(2), means.slice(0, 2))).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("next tokens", () => {
  const passage = plantPassage();
  const plausible = async (
    explainer: "token-lookup" | "rule" | "next-token",
    unit: ReturnType<typeof plantUnit>,
    texts: readonly string[],
  ) => {
    const [explanation] = await OFFLINE[explainer].explain([unit], { probe: null });
    const verdicts = await explanation!.answerer.plausible(texts.map((text) => ({ id: idOf(text), text })));
    return verdicts.map((verdict) => verdict!.yes);
  };

  test("a token implies what usually follows it", async () => {
    // Bytes of one character come one after the other, everything else at random.
    const unit = plantUnit(passage, (ids) => (ids.at(-1) === idOf("\\xE6") ? 1 : 0));
    expect(await plausible("token-lookup", unit, ["\\x97", "\\xA5", "\\xE6"])).toEqual([true, false, false]);
    expect(await plausible("rule", unit, ["\\x97", "\\xA5", "\\xE6"])).toEqual([true, false, false]);
  });

  test("the first ten logits are plausible, and so is what followed activity; later ranks have no part in it", async () => {
    const ten = [" the", " a"].map((text) => ({ token: idOf(text), value: 3 }));
    const later = Array.from({ length: 8 }, () => ({ token: idOf(" the"), value: 2 }));
    const logits = (eleventh: string) => ({
      top: [...ten, ...later, { token: idOf(eleventh), value: 1 }],
      bottom: [],
      vocabulary: new Int32Array(),
    });
    const f = (_: readonly number[], next: number | undefined) => (next === idOf(" run") ? 1 : 0);
    const asked = [" the", " run", "42", "."];
    expect(await plausible("next-token", plantUnit(passage, f, logits("42")), asked)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(await plausible("next-token", plantUnit(passage, f, logits(".")), asked)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("which explanation is chosen", () => {
  test("the best, of equals the simplest, one with a score before one without", () => {
    const scores = (given: Record<string, number | null>) =>
      chooseExplanation(Object.entries(given).map(([explainer, score]) => ({ explainer, score })));
    expect(scores({ "next-token": 0.5, n2g: 0.4 })).toBe("next-token");
    expect(scores({ rule: 0.5, "previous-token": 0.5, n2g: 0.5 })).toBe("previous-token");
    expect(scores({ "gpt-9": 0.5, rule: 0.5 })).toBe("rule");
    expect(scores({ "token-lookup": null, rule: -0.2, n2g: Number.NaN })).toBe("rule");
    expect(scores({ rule: null, "token-lookup": null })).toBe("token-lookup");
    expect(scores({})).toBeNull();
  });
});

describe("tokens in a sentence", () => {
  test.each([
    [" the", "“ the”"],
    ["\n\t", "“\\n\\t”"],
    ["\n        ", "“\\n[8 spaces]”"],
    ["\u202eabc", "“\\u202eabc”"],
    ["\u2066", "“\\u2066”"],
    ["\u200b", "“\\u200b”"],
    ["\u00a0", "“\\u00a0”"],
    ["\ud800", "“\\ud800”"],
    ["\u{e0001}", "“\\u{e0001}”"],
    ["”", "“\\u201d”"],
    ['"<b>', '“"<b>”'],
    ["\\xE2", "“\\xE2”"],
    ["\\n", "“\\\\n”"],
    ["\u0301", "“◌\u0301”"],
    ["한국", "“한국”"],
    ["x".repeat(40), `“${"x".repeat(23)}…”`],
  ])("%j", (text, quoted) => {
    expect(quoteToken(text)).toBe(quoted);
  });

  test("shares are not rounded to what is not true", () => {
    expect([0, 0.001, 0.5, 0.999, 1].map(percent)).toEqual(["0 %", "<1 %", "50 %", ">99 %", "100 %"]);
  });

  test("lists and values", () => {
    expect(enumerate(["a"])).toBe("a");
    expect(enumerate(["a", "b", "c"])).toBe("a, b and c");
    expect([2.3123, 0.00001, 1234567, 0].map(activation)).toEqual(["2.31", "1.0e-5", "1.2e+6", "0"]);
  });
});
