/** Characters that several tokens share are shown on the first of them. */

import { expect, test } from "vitest";
import { sharedPieces } from "../../../src/explorer/page/tokens/split-characters.ts";

const shown = (...tokens: string[]) =>
  sharedPieces(tokens).length === 0 && tokens.length === 0
    ? []
    : tokens.map((_, at) => sharedPieces(tokens)[at]?.map(({ kind, text }) => `${kind}:${text}`) ?? null);

test("whole characters and text are left alone", () => {
  expect(shown("a", " 今", "\n")).toEqual([null, null, null]);
  expect(shown()).toEqual([]);
});

test("a character over two tokens and over four", () => {
  expect(shown("\\xE4\\xBB", "\\x8A")).toEqual([["text:今"], ["rest:‥"]]);
  expect(shown("\\xF0", "\\x9F", "\\x98", "\\x80", "x")).toEqual([
    ["text:😀"],
    ["rest:‥"],
    ["rest:‥"],
    ["rest:‥"],
    null,
  ]);
});

test("a token that ends one and begins the next", () => {
  expect(shown("\\xE4\\xBB", "\\x8A\\xE4", "\\xBB\\x8A")).toEqual([
    ["text:今"],
    ["rest:‥", "text:今"],
    ["rest:‥"],
  ]);
});

test("text before and behind the bytes stays", () => {
  expect(shown("a\\xC3", "\\xA9b")).toEqual([
    ["text:a", "text:é"],
    ["rest:‥", "text:b"],
  ]);
  expect(shown("a\\xC3", "\\xA9b\\xC3", "\\xA9")).toEqual([
    ["text:a", "text:é"],
    ["rest:‥", "text:b", "text:é"],
    ["rest:‥"],
  ]);
});

test("bytes that complete nothing stay bytes", () => {
  expect(shown("\\x8A", "b")).toEqual([null, null]);
  expect(shown("\\xE4\\xBB", "b")).toEqual([null, null]);
  expect(shown("\\x8A\\xC3", "\\xA9")).toEqual([["partial:\\x8A", "text:é"], ["rest:‥"]]);
  // Overlong, and half a surrogate: no characters.
  expect(shown("\\xC0", "\\x80")).toEqual([null, null]);
  expect(shown("\\xED\\xA0", "\\x80")).toEqual([null, null]);
});

test("what is joined and cannot be seen is escaped", () => {
  expect(shown("\\xE2\\x80", "\\xAE")).toEqual([["escape:\\u202E"], ["rest:‥"]]);
});
