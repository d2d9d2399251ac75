import { expect, test } from "vitest";
import { quoted, quotedWithMarks } from "../../../src/interpretation/prompts/quoted.ts";
import { Random } from "../../../src/random.ts";
import { HOSTILE } from "./hostile.ts";

test.each(HOSTILE)("%j stays within its quotation marks and comes back as it was", (token) => {
  const string = quoted(token);
  expect(JSON.parse(string)).toBe(token);
  expect(string).toMatch(/^"(?:[^"\\\p{Cc}\u2028\u2029]|\\.)*"$/u);
});

test("nothing reorders or hides a line, and nothing is a chat template's sign", () => {
  const all = HOSTILE.map(quoted).join("\n");
  expect(all.split("\n")).toHaveLength(HOSTILE.length);
  expect(all).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u2028\ufeff\t]/);
  expect(all.isWellFormed()).toBe(true);
  expect(all).not.toContain("<|");
  expect(all).not.toContain("</s>");
});

test("text that only looks like markup stays readable", () => {
  expect(quoted("<div>")).toBe('"<div>"');
  expect(quoted(" a < b")).toBe('" a < b"');
});

test("marks are those that were asked for, whatever the text has", () => {
  expect(quotedWithMarks([" the", " cat", " sat"], [1])).toBe('" the<< cat>> sat"');
  expect(quotedWithMarks(["a", "b", "c", "d"], [0, 1, 3])).toBe('"<<ab>>c<<d>>"');
  const random = Random.of(1, "marks");
  for (let round = 0; round < 300; round++) {
    const texts = Array.from({ length: 8 }, () => HOSTILE[random.integer(HOSTILE.length)]!);
    const marked = texts.flatMap((_, i) => (random.uniform() < 0.4 ? [i] : []));
    const runs = marked.filter((place) => !marked.includes(place - 1)).length;
    const string = quotedWithMarks(texts, marked);
    expect(string.match(/<</g)?.length ?? 0).toBe(runs);
    expect(string.match(/>>/g)?.length ?? 0).toBe(runs);
    expect(JSON.parse(string.replaceAll(/<<|>>/g, ""))).toBe(texts.join(""));
    const inMarks = [...string.matchAll(/<<(.*?)>>/gs)].map(
      (match) => JSON.parse(`"${match[1]!}"`) as string,
    );
    expect(inMarks.join("")).toBe(marked.map((place) => texts[place]).join(""));
  }
});
