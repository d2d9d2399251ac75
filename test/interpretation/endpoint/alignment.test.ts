/** Tokens are the prompt's or they are not: however a tokenizer spells them, read in order they make it up. */

import { expect, test } from "vitest";
import { align } from "../../../src/interpretation/endpoint/alignment.ts";
import { Random } from "../../../src/random.ts";

const exact = (tokens: readonly string[]) => tokens.map((token) => [token]);

test("plain tokens", () => {
  expect(align("a cat", exact(["a", " cat"]), 0)).toEqual(["a", " cat"]);
  expect(align("a cat", exact(["a", " dog"]), 0)).toBeUndefined();
  expect(align("a cat", exact(["a"]), 0)).toBeUndefined();
  expect(align("a cat", exact(["a", " cat", " sat"]), 0)).toBeUndefined();
});

test("what was generated behind it, and the mark before it, are not part of it", () => {
  expect(align("a cat", exact(["a", " cat", " sat"]), 1)).toEqual(["a", " cat", null]);
  expect(align("a cat", exact(["<s>", "a", " cat"]), 0)).toEqual([null, "a", " cat"]);
  expect(align("a cat", exact(["<|begin_of_text|>", "a", " cat", "."]), 1)).toEqual([
    null,
    "a",
    " cat",
    null,
  ]);
  expect(align("<s> cat", exact(["<s>", " cat"]), 0)).toEqual(["<s>", " cat"]);
});

test("spellings of SentencePiece and GPT-2", () => {
  expect(align("a cat\n", exact(["▁a", "▁cat", "<0x0A>"]), 0)).toEqual(["a", " cat", "\n"]);
  expect(align("a cat\t3\n", exact(["a", "Ġcat", "ĉ", "3", "Ċ"]), 0)).toEqual(["a", " cat", "\t", "3", "\n"]);
});

test("characters that are in pieces over several tokens", () => {
  expect(align("a 日 b", exact(["a", " ", "\uFFFD", "\uFFFD", "\uFFFD", " b"]), 0)!.join("")).toBe("a 日 b");
  expect(align("a 😀b", exact(["a", " ", "bytes:\\xf0\\x9f", "bytes:\\x98\\x80", "b"]), 0)).toEqual([
    "a",
    " ",
    "😀",
    "",
    "b",
  ]);
  expect(align("日本", exact(["\uFFFD", "\uFFFD", "本"]), 0)).toEqual(["日", "", "本"]);
});

test("which of its alternatives a token is, from what comes after", () => {
  const places = [
    ["a", "ab"],
    ["b", "bc", "c"],
    ["d", "cd"],
  ];
  expect(align("abcd", places, 0)!.join("")).toBe("abcd");
  expect(align("abd", [["ab", "a"], ["b"], ["d"]], 0)).toEqual(["a", "b", "d"]);
  // The first has no entry: a mark, or the first word.
  expect(align(" the cat", [null, [" the"], [" cat"]], 0)).toEqual([null, " the", " cat"]);
  expect(align(" the cat", [null, [" cat", " the"]], 0)).toEqual([" the", " cat"]);
  expect(align(" the cat", [[" the"], null], 0)).toBeUndefined();
});

test("a prompt of thousands of tokens, each among twenty others, in little time", () => {
  const random = Random.of(3, "alignment");
  const words = Array.from({ length: 50 }, (_, i) => ` ${"abcdefghij".slice(0, 1 + (i % 10))}${i}`);
  const chosen = Array.from({ length: 4000 }, () => words[random.integer(50)]!);
  const places = chosen.map((word) => [
    word.slice(0, 2),
    ...Array.from({ length: 20 }, () => words[random.integer(50)]!),
    word,
  ]);
  const start = performance.now();
  expect(align(chosen.join(""), places, 0)).toEqual(chosen);
  expect(performance.now() - start).toBeLessThan(2000);
});
