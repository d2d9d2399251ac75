/** Conditions hold where a reader would say so, counts are those of a plain count, and the chosen rule is the best of all. */

import { describe, expect, test } from "vitest";
import { explainSide, onSide } from "../../../src/interpretation/explainers/explain-side.ts";
import { pairCounts } from "../../../src/interpretation/explainers/pair-counts.ts";
import { chooseRule } from "../../../src/interpretation/explainers/rules/choose-rule.ts";
import type { OfContext, OfToken, Rule } from "../../../src/interpretation/explainers/rules/conditions.ts";
import { indicatorsOf } from "../../../src/interpretation/explainers/rules/indicators.ts";
import { holds, phrase } from "../../../src/interpretation/explainers/rules/rule-on-text.ts";
import { bytesOfText, SCRIPT_NAMES } from "../../../src/interpretation/explainers/rules/scripts.ts";
import { readSurroundings, SURROUNDINGS } from "../../../src/interpretation/explainers/rules/surroundings.ts";
import { TOKEN_CLASSES } from "../../../src/interpretation/explainers/rules/token-classes.ts";
import { correlation, idOf, plantPassage, plantUnit, textsOf, WORDS } from "./planted-passage.ts";

const passage = plantPassage();
const side = explainSide(passage);
const indicators = indicatorsOf(side);

/** The texts of the side "explain", one after the other, and where a rule holds in them. */
const texts = textsOf(plantUnit(passage, () => 0).evidence, "explain");
const indicator = (rule: Rule) => texts.flatMap(({ ids }) => Array.from(holds(rule, ids, indicators)));
const count = (rule: Rule) => indicator(rule).reduce((sum, held) => sum + held, 0);

const classOf = (name: string) => {
  const trait = TOKEN_CLASSES.findIndex((one) => one.name === name);
  if (trait < 0) throw new Error(`no class ${name}`);
  return trait;
};
const traitOf = (name: string) => indicators.traits.names.indexOf(name);

describe("classes of tokens", () => {
  test.each([
    ["numbers", ["1", " 42", "2024"], ["a1", "1.5", "٣"]],
    ["words in capitals", [" NASA", "OK"], ["A", "Ok"]],
    ["capitalised words after a space", [" Name"], ["Name", " name"]],
    ["tokens of mixed case, as in camelCase", ["toString"], ["String"]],
    ["opening brackets", ["(", " {", ".get("], [")", "()"]],
    ["closing brackets", [")", "});", " ]"], ["("]],
    ["quotation marks", ['"', " '", '"]'], ["a"]],
    ["line ends", ["\n", ";\n"], [" "]],
    ["indentation", ["    ", "\t\t"], ["\n  ", " "]],
    ["bytes of characters that are cut in two", ["\\xE6", " \\xC3"], ["\\n", "\\x41"]],
    ["tokens with other than ASCII characters", ["é", "한"], ["e", "\\xE6"]],
    ["articles (“ the”, “ a”, “ an”)", [" the", "The", " an"], [" them"]],
    ["words of control in code (“if”, “return”, …)", [" return", "if"], ["returns"]],
    ["emoji and other pictures", ["🙂", "★"], ["a", "1"]],
    ["operators of code", ["===", " +=".slice(0, 2), " &&"], ["a", "===="]],
  ])("%s", (name, inside, outside) => {
    const { has } = TOKEN_CLASSES[classOf(name)]!;
    expect(inside.filter((text) => !has(text))).toEqual([]);
    expect(outside.filter((text) => has(text))).toEqual([]);
  });

  test("none is named twice", () => {
    expect(new Set(TOKEN_CLASSES.map(({ name }) => name)).size).toBe(TOKEN_CLASSES.length);
  });
});

describe("surroundings", () => {
  /** Tokens are given between bars; those that should be inside are written in capitals or begin with "!". */
  test.each([
    ["inside a web address", "see| |https|://|a|.|org|/|x| |now", [2, 3, 4, 5, 6, 7, 8]],
    ["inside a number with separators", "on| |1|,|000|,|000| of", [2, 3, 4, 5, 6]],
    ["inside a date", "on |2024|-|01|-|02|.", [1, 2, 3, 4, 5]],
    ["inside an identifier in camelCase", "get|Item|Count| of", [0, 1, 2]],
    ["inside an identifier with underscores", "a |max|_|len| b", [1, 2, 3]],
    ["inside a path of files", "in| ./|src|/|a|.ts| now", [1, 2, 3, 4, 5]],
    ["inside a string in double quotes", 'x = |"|a b|"|; y', [1, 2, 3]],
    ["inside a key of JSON", '{|"|a|":| |"b"|}', [1, 2, 3]],
    ["inside a comment to the end of the line", "x;| //| go on|\n|y", [1, 2]],
    ["inside a block comment", "/**|\n * a| b|\n */|\nx", [0, 1, 2, 3]],
    ["inside a heading or comment after “#”", "a\n|# |Title|\n|b", [1, 2]],
    ["inside an HTML or XML tag", "a|<|div| class|>|b", [1, 2, 3, 4]],
    ["inside parentheses", "f|(|a|,| b|)|;", [1, 2, 3, 4, 5]],
    ["inside code in backticks", "a |`|b|`| c", [1, 2, 3]],
    ["that stood among the 16 tokens before", "a|b|a|c", [2]],
  ])("%s", (name, text, inside) => {
    const bit = SURROUNDINGS.indexOf(name);
    expect(bit).toBeGreaterThanOrEqual(0);
    const words = text.split("|");
    const vocabulary = [...new Set(words)];
    const ids = words.map((word) => vocabulary.indexOf(word));
    const marks = readSurroundings(ids, (id) => vocabulary[id]!, bit);
    expect([...marks.keys()].filter((place) => marks[place] !== 0)).toEqual(inside);
    const all = readSurroundings(ids, (id) => vocabulary[id]!);
    expect([...all.keys()].filter((place) => (all[place]! >>> bit) & 1)).toEqual(inside);
  });

  test("time grows with the length of the text, whatever it says", () => {
    for (const piece of [
      "a",
      "aA",
      "a_",
      "1.",
      "1,",
      '"',
      "/",
      "a/",
      "./",
      "<a",
      "((",
      "[",
      "`",
      "'",
      "//",
      "/*",
      "*",
      "#",
      "- ",
      "a.",
      "@a",
      "0f",
      "\n",
      "|",
      "=",
      " ",
    ]) {
      const ids = Array.from({ length: 20_000 }, () => 0);
      const begin = performance.now();
      readSurroundings(ids, () => piece);
      expect([piece, performance.now() - begin]).toEqual([piece, expect.toSatisfy((ms) => ms < 2000)]);
    }
  });
});

describe("scripts", () => {
  test("a character cut into bytes gives its script to all of them", () => {
    const han = SCRIPT_NAMES.indexOf("Han characters (Chinese, Japanese)") + 1;
    const script = (words: readonly string[]) => {
      const found = new Uint8Array(words.length);
      indicators.scripts.read(Int32Array.from(words, idOf), found);
      return Array.from(found);
    };
    expect(script([" the", "\\xE6", "\\x97", "\\xA5", "本", "한"])).toEqual([0, han, han, han, han, 1]);
    // Cut off by the end of the sequence: what it mostly is.
    expect(script([" the", "\\xE6"])).toEqual([0, han]);
  });

  test("bytes of a token's text", () => {
    expect(Array.from(bytesOfText("a\\xE6b"))).toEqual([0x61, 0xe6, 0x62]);
    expect(Buffer.from(bytesOfText("\\n日")).toString()).toBe("\\n日");
  });
});

describe("counts", () => {
  test("of pairs are those of a plain count", () => {
    const pairs = pairCounts(side);
    const plain = new Map<string, number>();
    for (const { ids } of texts) {
      for (let at = 1; at < ids.length; at++) {
        const key = `${ids[at - 1]} ${ids[at]}`;
        plain.set(key, (plain.get(key) ?? 0) + 1);
      }
    }
    expect(pairs.counts.length).toBe(plain.size);
    for (let x = 0; x < WORDS.length; x++) {
      for (let y = 0; y < WORDS.length; y++) expect(pairs.count(x, y)).toBe(plain.get(`${x} ${y}`) ?? 0);
    }
    expect(pairs.find(1000, 1)).toBe(-1);
  });

  const onToken: OfToken[] = [
    { kind: "token", token: idOf(" of") },
    { kind: "trait", trait: classOf("numbers") },
    { kind: "trait", trait: traitOf("the word “name” in any spelling") },
    { kind: "script", script: 1 },
  ];
  const onContext: OfContext[] = [
    { kind: "after-token", token: idOf("(") },
    { kind: "after-trait", trait: classOf("words in lower case after a space") },
    { kind: "surroundings", bit: SURROUNDINGS.indexOf("inside parentheses") },
    { kind: "surroundings", bit: SURROUNDINGS.length - 1 },
  ];

  test("of conditions and of pairs of them are those of where they hold", () => {
    expect(traitOf("the word “name” in any spelling")).toBeGreaterThan(0);
    for (const current of onToken) {
      for (const context of onContext) {
        const counted = indicators.count(current, context);
        if (counted !== null)
          expect([current, context, counted]).toEqual([current, context, count({ current, context })]);
      }
    }
    for (const context of onContext) {
      if (context.kind === "after-token") continue;
      const column = context.kind === "after-trait" ? context.trait : indicators.traits.classes + context.bit;
      expect(indicators.contextCounts[column]).toBe(count({ current: null, context }));
    }
    expect(indicators.beforeCounts[idOf("(")]).toBe(count({ current: null, context: onContext[0]! }));
    expect(indicators.scriptCounts[1]).toBe(count({ current: { kind: "script", script: 1 }, context: null }));
  });
});

describe("the chosen rule", () => {
  const choose = (f: Parameters<typeof plantUnit>[1]) => {
    const { evidence } = plantUnit(passage, f);
    const chosen = chooseRule(side, onSide(side, evidence.column)!, indicators)!;
    return { chosen, words: phrase(chosen.rule, side, indicators), evidence };
  };

  test.each<[string, Parameters<typeof plantUnit>[1]]>([
    ["Hangul syllables (Korean)", (ids) => ("한국어".includes(passage.tokenText(ids.at(-1)!)) ? 1 : 0)],
    [
      "Han characters (Chinese, Japanese)",
      (ids) => (/^(?:本|\\x..)$/.test(passage.tokenText(ids.at(-1)!)) ? 1 : 0),
    ],
    ["numbers", (ids) => (/^\d+$/.test(passage.tokenText(ids.at(-1)!)) ? 1 : 0)],
    [
      "“ of” after “function”",
      (ids) => (ids.at(-1) === idOf(" of") && ids.at(-2) === idOf("function") ? 1 : 0),
    ],
    ["tokens after “(”", (ids) => (ids.at(-2) === idOf("(") ? 1 : 0)],
    [
      "numbers after “(”",
      (ids) => (/^\d+$/.test(passage.tokenText(ids.at(-1)!)) && ids.at(-2) === idOf("(") ? 1 : 0),
    ],
    ["the word “name” in any spelling", (ids) => (/name/i.test(passage.tokenText(ids.at(-1)!)) ? 1 : 0)],
  ])("is “%s” for a unit that is active there", (words, f) => {
    const { chosen, words: found } = choose(f);
    expect(found).toBe(words);
    expect(chosen.correlation).toBeCloseTo(1, 9);
  });

  test("has the correlation that plain arithmetic gives it", () => {
    const { chosen, evidence } = choose((ids) =>
      /^\d/.test(passage.tokenText(ids.at(-1)!)) ? ids.length % 3 : ids.length % 5 === 0 ? 0.5 : 0,
    );
    const f = textsOf(evidence, "explain").flatMap((text) => text.f);
    expect(chosen.correlation).toBeCloseTo(correlation(indicator(chosen.rule), f), 9);
    expect(chosen.occurred).toBe(count(chosen.rule));
  });
});
