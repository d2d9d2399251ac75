/** Every explainer finds what was planted for it, says so, and predicts it on documents that it was not made from. */

import { describe, expect, test } from "vitest";
import type {
  Explanation,
  OfflineExplainerName,
  Probe,
} from "../../../src/interpretation/explainers/explainer.ts";
import { OFFLINE_EXPLAINERS } from "../../../src/interpretation/explainers/explainer.ts";
import { OFFLINE } from "../../../src/interpretation/explainers/offline.ts";
import { correlation, idOf, type Planted, plantPassage, plantUnit, textsOf } from "./planted-passage.ts";
import type { UnitEvidence } from "../../../src/interpretation/evidence/passage.ts";

const passage = plantPassage();

const [the, a, of, func, number, name] = [" the", " a", " of", "function", " number", " name"].map(idOf) as [
  number,
  number,
  number,
  number,
  number,
  number,
];
const hangul = new Set(["한", "국", "어"].map(idOf));
const last = (ids: readonly number[], back = 1) => ids[ids.length - back];

/** What is planted, and the explainers that can tell it exactly. */
const PLANTED: Readonly<Record<string, { f: Planted; exact: readonly OfflineExplainerName[] }>> = {
  "a set of tokens": {
    f: (ids) => (last(ids) === the ? 3 : last(ids) === a ? 1 : 0),
    exact: ["token-lookup", "previous-token", "n2g"],
  },
  "a pair": {
    f: (ids) => (last(ids) === of && last(ids, 2) === func ? 2 : 0),
    exact: ["previous-token", "n2g", "rule"],
  },
  "a pattern with a gap": {
    f: (ids) => (last(ids) === of && last(ids, 3) === number ? 2 : 0),
    exact: ["n2g"],
  },
  "a script": {
    f: (ids) => (hangul.has(last(ids)!) ? 1.5 : 0),
    exact: ["token-lookup", "previous-token", "rule", "n2g"],
  },
  "a class after a token": {
    f: (ids) => (/^\d+$/.test(passage.tokenText(last(ids)!)) && last(ids, 2) === idOf("(") ? 1 : 0),
    exact: ["rule", "previous-token", "n2g"],
  },
  "the next token": { f: (_, next) => (next === name || next === number ? 2 : 0), exact: ["next-token"] },
};

const TEN = {
  top: [name, number].map((token) => ({ token, value: 1 })),
  bottom: [],
  vocabulary: Int32Array.from({ length: 30 }, (_, i) => i),
};

/** The unit itself, asked about texts of its own. */
const probeOf =
  (f: Planted): Probe =>
  async (requests) =>
    Float64Array.from(requests, ({ ids }) => f(ids, undefined));

async function explain(
  planted: string,
  explainer: OfflineExplainerName,
): Promise<{ explanation: Explanation; evidence: UnitEvidence }> {
  const { f } = PLANTED[planted]!;
  const unit = plantUnit(passage, f, TEN);
  const [explanation] = await OFFLINE[explainer].explain([unit], { probe: probeOf(f) });
  return { explanation: explanation!, evidence: unit.evidence };
}

async function heldOut({ explanation, evidence }: Awaited<ReturnType<typeof explain>>): Promise<number> {
  const texts = textsOf(evidence, "score");
  const simulated = await explanation.answerer.simulate(texts, 10);
  return correlation(
    simulated.flatMap((values) => values!),
    texts.flatMap(({ f }) => f),
  );
}

describe.each(Object.keys(PLANTED))("%s", (planted) => {
  test.each(PLANTED[planted]!.exact)("is predicted by %s", async (explainer) => {
    expect(await heldOut(await explain(planted, explainer))).toBeGreaterThan(0.97);
  });

  test("is predicted worse by all others", async () => {
    for (const explainer of OFFLINE_EXPLAINERS) {
      if (PLANTED[planted]!.exact.includes(explainer)) continue;
      const { explanation, evidence } = await explain(planted, explainer);
      if (explanation)
        expect([explainer, await heldOut({ explanation, evidence })]).toEqual([
          explainer,
          expect.toSatisfy((r) => Number.isNaN(r) || r < 0.95),
        ]);
    }
  });
});

test("sentences", async () => {
  const said: Record<string, string[]> = {};
  for (const planted of Object.keys(PLANTED)) {
    said[planted] = [];
    for (const explainer of OFFLINE_EXPLAINERS) {
      const { explanation } = await explain(planted, explainer);
      said[planted].push(`${explainer}: ${explanation?.text ?? "nothing"}`);
    }
  }
  expect(said).toMatchInlineSnapshot(`
    {
      "a class after a token": [
        "token-lookup: fires on “2” (3 % of its occurrences, mean 0.034), “1” and “42”; they are 100 % of its activation",
        "previous-token: fires on “2” after “(”; on “1” after “(”; on “42” after “(”: 100 % of its activation",
        "n2g: fires at the end of “(1”, “(2” and “(42”",
        "rule: fires on numbers after “(”, 100 % of active tokens (and on 100 % of such tokens)",
        "next-token: raises “ name” and “ number” as the next token; 3 % of its active tokens are followed by one of its first 2",
      ],
      "a pair": [
        "token-lookup: fires on “ of” (4 % of its occurrences, mean 0.0767) and on nothing else",
        "previous-token: fires on “ of” after “function”: 100 % of its activation",
        "n2g: fires at the end of “function of”",
        "rule: fires on “ of” after “function”, 100 % of active tokens (and on 100 % of such tokens)",
        "next-token: raises “ name” and “ number” as the next token; 0 % of its active tokens are followed by one of its first 2",
      ],
      "a pattern with a gap": [
        "token-lookup: fires on “ of” (4 % of its occurrences, mean 0.0722) and on nothing else",
        "previous-token: fires on “ of” after tokens such as “_”, “ value” and “ run”: 44 % of its activation",
        "n2g: fires at the end of “ number” _ “ of” (_ is any one token)",
        "rule: fires on “ of”, 100 % of active tokens (and on 4 % of such tokens)",
        "next-token: raises “ name” and “ number” as the next token; 0 % of its active tokens are followed by one of its first 2",
      ],
      "a script": [
        "token-lookup: fires on “어” (100 % of its occurrences, mean 1.5), “한” and “국”; they are 100 % of its activation",
        "previous-token: fires on “어” after many different tokens; on “한” after many different tokens; on “국” after many different tokens: 100 % of its activation",
        "n2g: fires at the end of “한”, “어” and “국”",
        "rule: fires on Hangul syllables (Korean), 100 % of active tokens (and on 100 % of such tokens)",
        "next-token: raises “ name” and “ number” as the next token; 7 % of its active tokens are followed by one of its first 2",
      ],
      "a set of tokens": [
        "token-lookup: fires on “ the” (100 % of its occurrences, mean 3) and “ a”; they are 100 % of its activation",
        "previous-token: fires on “ the” after many different tokens; on “ a” after many different tokens: 100 % of its activation",
        "n2g: fires at the end of “ the” and “ a”",
        "rule: fires on “ the” more than elsewhere: 49 % of active tokens, 75 % of its activation (and on 100 % of such tokens)",
        "next-token: raises “ name” and “ number” as the next token; 7 % of its active tokens are followed by one of its first 2",
      ],
      "the next token": [
        "token-lookup: fires on “_” (10 % of its occurrences, mean 0.196), “)”, “어”, “ return”, which are 18 % of its activation, and on 24 other tokens",
        "previous-token: fires on “_” after many different tokens; on “)” after many different tokens; on “어” after many different tokens: 14 % of its activation, and on 25 other tokens",
        "n2g: nothing",
        "rule: fires on “_” more than elsewhere: 5 % of active tokens, 5 % of its activation (and on 10 % of such tokens)",
        "next-token: raises “ name” and “ number” as the next token; 100 % of its active tokens are followed by one of its first 2",
      ],
    }
  `);
});

test("the same unit is explained in the same words, with the same answers", async () => {
  for (const explainer of OFFLINE_EXPLAINERS) {
    const [first, second] = [await explain("a pair", explainer), await explain("a pair", explainer)];
    expect(second.explanation.text).toBe(first.explanation.text);
    expect(JSON.stringify(second.explanation.details)).toBe(JSON.stringify(first.explanation.details));
    const texts = textsOf(first.evidence, "score");
    expect(await second.explanation.answerer.detect(texts)).toEqual(
      await first.explanation.answerer.detect(texts),
    );
  }
});

describe("what little there is to say", () => {
  test("a unit with one active token", async () => {
    const { tokens, documents, sides } = passage;
    const row = tokens.findIndex((_, at) => documents[at]! >= 0 && sides[documents[at]!] === 0 && at > 70);
    const evidence = {
      passage,
      column: { rows: Uint32Array.of(row), values: Float32Array.of(0.5) },
      logits: TEN,
    };
    for (const explainer of OFFLINE_EXPLAINERS) {
      const [explanation] = await OFFLINE[explainer].explain([{ unit: 0, evidence }], {
        probe: async (requests) => new Float64Array(requests.length),
      });
      if (explainer === "n2g") {
        expect(explanation).toBeNull();
        continue;
      }
      expect(explanation!.text).not.toMatch(/NaN|undefined|Infinity/);
      const texts = textsOf(evidence, "score");
      const { simulate, detect, fuzz, intrude, plausible } = explanation!.answerer;
      const marked = texts.map((text) => ({ ...text, marked: [3] }));
      const numbers = [
        ...(await simulate(texts, 9)).flatMap((values) => values!),
        ...[...(await detect(texts)), ...(await fuzz(marked))].map((verdict) => verdict!.probability!),
        ...(
          await plausible([
            { id: 3, text: "" },
            { id: 999, text: "" },
          ])
        ).map((verdict) => verdict!.probability!),
        ...(await intrude([marked.slice(0, 5)])).map((place) => place!),
      ];
      expect(numbers.filter((value) => !(value >= 0 && value <= 9))).toEqual([]);
      JSON.stringify(explanation!.details, (_, value: unknown) => {
        if (typeof value === "number") expect(value).toBeLessThan(Number.POSITIVE_INFINITY);
        return value;
      });
    }
  });

  test("a unit that is silent on the side that explains has no explanation", async () => {
    const { documents, sides } = passage;
    const rows = Uint32Array.from(documents.keys()).filter((row) => sides[documents[row]!] === 2);
    const evidence = { passage, column: { rows, values: Float32Array.from(rows, () => 1) }, logits: TEN };
    for (const explainer of OFFLINE_EXPLAINERS) {
      const [explanation] = await OFFLINE[explainer].explain([{ unit: 0, evidence }], {
        probe: async () => new Float64Array(),
      });
      expect([explainer, explanation]).toEqual([explainer, null]);
    }
  });

  test("no logits, no description by them; no model, no patterns", async () => {
    const unit = plantUnit(passage, PLANTED["a pair"]!.f);
    expect(await OFFLINE["next-token"].explain([unit], { probe: null })).toEqual([null]);
    expect(await OFFLINE.n2g.explain([unit], { probe: null })).toEqual([null]);
  });

  test("an aborted job stops", async () => {
    const unit = plantUnit(passage, PLANTED["a pair"]!.f, TEN);
    for (const explainer of OFFLINE_EXPLAINERS) {
      const context = {
        probe: probeOf(PLANTED["a pair"]!.f),
        signal: AbortSignal.abort(new Error("enough")),
      };
      await expect(OFFLINE[explainer].explain([unit], context)).rejects.toThrow("enough");
    }
  });
});

test("nothing is taken from documents that explanations are scored on", async () => {
  const { f } = PLANTED["a set of tokens"]!;
  const honest = plantUnit(passage, f, TEN);
  const elsewhere = plantUnit(passage, (ids, next) => (last(ids) === func ? 5 : f(ids, next)), TEN);
  const { documents, sides } = passage;
  const keep = (row: number, own: boolean) => (sides[documents[row]!] === 0) === own;
  // On the side "explain" as before, on the others as another unit.
  const merged = [
    ...Array.from(
      honest.evidence.column.rows,
      (row, i) => [row, honest.evidence.column.values[i]!] as const,
    ).filter(([row]) => keep(row, true)),
    ...Array.from(
      elsewhere.evidence.column.rows,
      (row, i) => [row, elsewhere.evidence.column.values[i]!] as const,
    ).filter(([row]) => keep(row, false)),
  ].sort(([x], [y]) => x - y);
  const column = {
    rows: Uint32Array.from(merged, ([row]) => row),
    values: Float32Array.from(merged, ([, value]) => value),
  };
  const mixed = { unit: 7, evidence: { passage, column, logits: TEN } };
  for (const explainer of OFFLINE_EXPLAINERS) {
    const [[one], [other]] = [
      await OFFLINE[explainer].explain([honest], { probe: probeOf(f) }),
      await OFFLINE[explainer].explain([mixed], { probe: probeOf(f) }),
    ];
    expect(other!.text).toBe(one!.text);
    const texts = textsOf(honest.evidence, "score");
    expect(await other!.answerer.simulate(texts, 10)).toEqual(await one!.answerer.simulate(texts, 10));
    expect(await other!.answerer.detect(texts)).toEqual(await one!.answerer.detect(texts));
  }
});
