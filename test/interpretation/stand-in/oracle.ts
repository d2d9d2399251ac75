/**
 * A brain that understands the product's own prompts: it explains a unit by its tokens and their integers, and answers from such an
 * explanation exactly. It reads nothing but the text of the request, as a model would: the last turn, the explanation and the tokens as
 * JSON strings.
 *
 *     tokens such as " rain" (9), " sleet" (4)
 */

import type { Asked, Brain, Probabilities } from "./brain.ts";

const STRING = String.raw`"(?:[^"\\\n]|\\.)*"`;

/** Integers by token. */
export type Rule = ReadonlyMap<string, number>;

export function sentenceOf(rule: Rule): string {
  return `tokens such as ${[...rule].map(([token, value]) => `${JSON.stringify(token)} (${value})`).join(", ")}`;
}

export function ruleOf(sentence: string): Rule {
  const pairs = [...sentence.matchAll(new RegExp(`(${STRING}) \\((\\d+)\\)`, "g"))];
  return new Map(pairs.map((pair) => [parsed(pair[1]!), Number(pair[2])]));
}

/** What stands for a value among the alternatives; the default is certainty. */
export type Spread = (value: number, asked: Asked) => Probabilities;

export function oracle(spread: Spread = (value) => ({ [value]: 1 })): Brain {
  return {
    answer: (asked) => answerOf(asked),
    number: (asked, nth, value) => {
      const places = [...answerOf(asked).matchAll(/(")?\d+/g)];
      return places[nth]?.[1] === undefined ? spread(value, asked) : { [value]: 1 };
    },
    prompt(asked, offset, token) {
      if (!/^\t?unknown$/.test(token)) return undefined;
      const start = offset + token.indexOf("u");
      const line = asked.text.slice(asked.text.lastIndexOf("\n", start) + 1, start - 1);
      // A probe's slots are behind bare words.
      if (!line.startsWith('"')) return undefined;
      const values = spread(ruleIn(asked.text).get(parsed(line)) ?? 0, asked);
      const before = token.startsWith("\t") ? "\t" : "";
      return Object.fromEntries([
        ...Object.entries(values).map(([value, p]) => [before + value, 0.5 * p] as const),
        [token, 0.5],
      ]);
    },
  };
}

/** The answer to a chat, by what its last turn looks like. */
function answerOf({ messages }: Asked): string {
  const asked = messages.findLast(
    ({ role, content }) => role === "user" && !content.startsWith("These values are missing"),
  )!.content;
  const answer = answerTo(asked);
  const last = messages.at(-1)!.content;
  if (last === asked || typeof answer === "string") return written(answer);
  const keys = [...last.matchAll(/"(\w+)" \(/g)].map((match) => match[1]!);
  return written(Object.fromEntries(keys.map((key) => [key, answer[key]!])));
}

type Answer = Record<string, number | number[]>;

function written(answer: string | Answer): string {
  return typeof answer === "string" ? answer : JSON.stringify(answer);
}

function answerTo(asked: string): string | Answer {
  if (asked.includes("What is the unit active on?")) return explanationOf(asked);
  const rule = ruleIn(asked);
  const value = (token: string) => rule.get(token) ?? 0;
  const rows = [...asked.matchAll(/^row (\d+), \d+ tokens?\n((?:\d+\t.*\n?)+)/gm)];
  if (rows.length > 0)
    return Object.fromEntries(rows.map(([, key, lines]) => [key!, stringsIn(lines!).map(value)]));
  const excerpts = [...asked.matchAll(/^(\d+)\t\d+ tokens?\t(\[.*\])$/gm)];
  if (excerpts.length > 0)
    return Object.fromEntries(
      excerpts.map(([, key, list]) => [key!, (JSON.parse(list!) as string[]).map(value)]),
    );
  const texts = [...asked.matchAll(new RegExp(`^(\\d+)\t(${STRING})$`, "gm"))].map((match) => match[2]!);
  if (!asked.startsWith("Explanation:")) return { intruder: intruderAmong(texts) };
  const isActive = (text: string) => {
    const marks = marksOf(text);
    const tokens = [...rule.keys()];
    if (marks.length > 0) return marks.every((mark) => tokens.some((token) => mark.includes(token)));
    return tokens.some((token) => parsed(text).includes(token));
  };
  return Object.fromEntries(texts.map((text, i) => [String(i + 1), isActive(text) ? 1 : 0]));
}

/** The eight strongest tokens, by their mean integers. */
function explanationOf(asked: string): string {
  const means = new Map<string, { sum: number; count: number }>();
  for (const [, token, value] of asked.matchAll(new RegExp(`(${STRING})[=\t](\\d+)`, "g"))) {
    const mean = means.get(token!) ?? { sum: 0, count: 0 };
    means.set(token!, { sum: mean.sum + Number(value), count: mean.count + 1 });
  }
  const rule = [...means]
    .map(([token, { sum, count }]) => [parsed(token), Math.min(9, Math.round(sum / count))] as const)
    .filter(([, value]) => value > 0)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 8);
  return sentenceOf(new Map(rule));
}

/** The text whose marks are in the fewest others. */
function intruderAmong(texts: readonly string[]): number {
  const shared = texts.map(
    (text, i) =>
      texts.filter((other, j) => j !== i && marksOf(text).some((m) => marksOf(other).includes(m))).length,
  );
  return shared.indexOf(Math.min(...shared)) + 1;
}

function marksOf(text: string): string[] {
  return [...text.matchAll(/<<(.*?)>>/g)].map((match) => parsed(`"${match[1]!}"`));
}

/** Of the last explanation in a text: those of worked examples come before. Prompts have hundreds of slots, so the last is kept. */
function ruleIn(text: string): Rule {
  if (text !== known.text) {
    const found = [...text.matchAll(new RegExp(`^Explanation: (${STRING})$`, "gm"))].at(-1);
    known = { text, rule: ruleOf(found === undefined ? "" : parsed(found[1]!)) };
  }
  return known.rule;
}
let known: { readonly text: string; readonly rule: Rule } = { text: "", rule: new Map() };

function stringsIn(lines: string): string[] {
  return [...lines.matchAll(new RegExp(STRING, "g"))].map(([string]) => parsed(string));
}

function parsed(string: string): string {
  return JSON.parse(string) as string;
}
