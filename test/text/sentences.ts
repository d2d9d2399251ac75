/** Text that the tokenizer of `test/fixtures/models/text` knows, drawn anew for each test file. */

import type { Random } from "../../src/random.ts";

export const WORDS = [
  "the",
  "cat",
  "sat",
  "on",
  "mat",
  "dog",
  "and",
  "stop",
  "tomorrow",
  "reasons",
  "42",
  "we've",
];

/** `length` words with a space between them. */
export function sentence(random: Random, length: number): string {
  return Array.from({ length }, () => WORDS[random.integer(WORDS.length)]).join(" ");
}

/** `count` records {"text": …} of 200 words each, as lines. */
export function records(random: Random, count: number): string {
  return Array.from({ length: count }, () => JSON.stringify({ text: sentence(random, 200) }) + "\n").join("");
}
