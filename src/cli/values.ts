/**
 * From the words on a command line to values: numbers with k, M and B, lists by comma, true and false. What a word may
 * mean is decided by the option's kinds; whether the value is in range is decided afterwards by its schema.
 */

import type { Option } from "./options.ts";

const SUFFIXES: Readonly<Record<string, number>> = { k: 3, m: 6, b: 9, g: 9 };

/** `5M` → 5000000, `1.5e-4`, `100_000`; undefined for anything that is not wholly a number. */
export function parseNumber(text: string): number | undefined {
  const match = /^([+-]?(?:\d[\d_]*\.?\d*|\.\d+))(?:e([+-]?\d+))?([kmbg])?$/i.exec(text.trim());
  if (match === null) return undefined;
  const [, mantissa, exponent = "0", suffix] = match;
  const power = Number(exponent) + (suffix === undefined ? 0 : SUFFIXES[suffix.toLowerCase()]!);
  // Through decimal text, so that 1.1M is 1100000 exactly and not 1.1 · 1e6 rounded.
  return Number(`${mantissa!.replaceAll("_", "")}e${power}`);
}

/** The value of `option` that the words `texts` (one for every time the flag was given) stand for. */
export function parseValue(option: Option, texts: readonly string[]): unknown {
  const { kinds } = option;
  if (!kinds.list) return parseSingle(option, texts.at(-1)!);
  // A comma within braces belongs to a glob such as docs/*.{txt,md}.
  const parts = texts.flatMap((text) => text.split(/,(?![^{]*\})/)).map((part) => part.trim());
  if (kinds.single && parts.length === 1) return parseSingle(option, parts[0]!);
  return parts.filter((part) => part !== "").map((part) => parseSingle(option, part));
}

function parseSingle({ kinds }: Option, text: string): unknown {
  const word = kinds.words.find((candidate) => String(candidate) === text);
  if (word !== undefined) return word;
  if (kinds.number) {
    const number = parseNumber(text);
    if (number !== undefined) return number;
  }
  if (kinds.boolean && (text === "true" || text === "false")) return text === "true";
  if (kinds.null && text === "null") return null;
  return text;
}

/** A config file may write numbers as `"5M"` and a list of one without brackets, as the command line does. */
export function fromJson(option: Option, value: unknown): unknown {
  if (typeof value === "string" && option.kinds.number) return parseValue(option, [value]);
  if (Array.isArray(value)) {
    return value.map((item) => (typeof item === "string" ? parseSingle(option, item) : item));
  }
  if (option.kinds.list && !option.kinds.single && value !== null) return [value];
  return value;
}

/** A value as one would type it: 5M, 1e-4, 8,32. Whole numbers keep every digit, others four. */
export function formatValue(value: unknown): string {
  if (Array.isArray(value)) return value.map(formatValue).join(",");
  return typeof value === "number" ? formatNumber(value) : String(value);
}

function formatNumber(value: number): string {
  if (!Number.isInteger(value)) {
    const rounded = Number(value.toPrecision(4));
    return Math.abs(rounded) < 1e-2 ? rounded.toExponential() : String(rounded);
  }
  for (const [suffix, power] of [
    ["B", 9],
    ["M", 6],
    ["k", 3],
  ] as const) {
    const short = `${value / 10 ** power}${suffix}`;
    if (value >= Math.max(10_000, 10 ** power) && short.length <= 6 && parseNumber(short) === value)
      return short;
  }
  return String(value);
}
