/** How a token is written, in a word: tokens of one shape are used alike, whatever they mean. */

import type { Passage } from "../evidence/passage.ts";
import type { ExplainSide } from "./explain-side.ts";

const SHAPES: readonly (readonly [shape: string, pattern: RegExp])[] = [
  ["bytes", /\\x[89A-F][0-9A-F]/],
  ["space", /^\s+$/],
  ["digits", /^ ?[\p{N}.,]+$/u],
  ["lower", /^ ?\p{Ll}+$/u],
  ["Capital", /^ ?\p{Lu}\p{Ll}+$/u],
  ["CAPITALS", /^ ?\p{Lu}+$/u],
  ["letters", /^ ?[\p{L}\p{M}]+$/u],
  ["marks", /^[^\p{L}\p{N}]+$/u],
];

/** Such as " lower", "Capital", "marks", with the space before it where there is one, and "ASCII" or not. */
export function shapeOf(text: string): string {
  const shape = SHAPES.find(([, pattern]) => pattern.test(text))?.[0] ?? "mixed";
  return `${/^ ./.test(text) ? " " : ""}${shape}${[...text].some((c) => c > "\u007f") ? "+" : ""}`;
}

const known = new WeakMap<Passage, ReadonlyMap<string, number>>();

/** How many different tokens of each shape the side "explain" has. */
export function shapes({ passage, counts }: ExplainSide): ReadonlyMap<string, number> {
  let found = known.get(passage);
  if (found === undefined) {
    const numbers = new Map<string, number>();
    for (let token = 0; token < counts.length; token++) {
      if (counts[token] === 0) continue;
      const shape = shapeOf(passage.tokenText(token));
      numbers.set(shape, (numbers.get(shape) ?? 0) + 1);
    }
    known.set(passage, (found = numbers));
  }
  return found;
}
