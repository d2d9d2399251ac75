/** What is shown of hostile tokens. */

import { describe, expect, test } from "vitest";
import {
  escapedToken,
  LONGEST,
  piecesOf,
  plainText,
  plainToken,
} from "../../../src/explorer/page/tokens/token-text.ts";

const kinds = (token: string, edges = false) =>
  piecesOf(token, edges).map(({ kind, text }) => `${kind}:${text}`);

describe("pieces of a token", () => {
  test("plain text is one piece, markup is nothing special", () => {
    expect(kinds("Jerusalem")).toEqual(["text:Jerusalem"]);
    expect(kinds(" the")).toEqual(["text: the"]);
    expect(kinds("<script>alert(1)</script>")).toEqual(["text:<script>alert(1)</script>"]);
    expect(kinds(" 日本語 שלום")).toEqual(["text: 日本語 שלום"]);
  });

  test("spaces at the ends are seen in lists, everywhere in tokens of nothing else", () => {
    expect(kinds(" the", true)).toEqual(["space:·", "text:the"]);
    expect(kinds("a  b ", true)).toEqual(["text:a", "space:··", "text:b", "space:·"]);
    expect(kinds("a b", true)).toEqual(["text:a b"]);
    expect(kinds("  ")).toEqual(["space:··"]);
    expect(kinds("")).toEqual(["escape:(empty)"]);
  });

  test("line breaks and tabs have signs, other controls their numbers", () => {
    expect(kinds("a\n\nb")).toEqual(["text:a", "break:↵↵", "text:b"]);
    expect(kinds("\t")).toEqual(["tab:⇥"]);
    expect(kinds("\r\n")).toEqual(["escape:\\r", "break:↵"]);
    expect(kinds("\u0007x")).toEqual(["escape:\\x07", "text:x"]);
  });

  test.each([
    ["zero-width space", "\u200b", "\\u200B"],
    ["right-to-left override", "\u202e", "\\u202E"],
    ["byte order mark", "\ufeff", "\\uFEFF"],
    ["soft hyphen", "\u00ad", "\\xAD"],
    ["no-break space", "\u00a0", "\\xA0"],
    ["line separator", "\u2028", "\\u2028"],
    ["half a surrogate pair", "\ud83d", "\\uD83D"],
    ["private use", "\ue000", "\\uE000"],
    ["a tag beyond 16 bits", "\u{e0041}", "\\u{E0041}"],
    ["combining grapheme joiner", "a\u034f", "\\u034F"],
  ])("%s is escaped", (_, token, shown) => {
    expect(piecesOf(token).at(-1)).toEqual({ kind: "escape", text: shown });
  });

  test("bytes that are no whole character are marked, as the server writes them", () => {
    expect(kinds("\\xE2\\x80")).toEqual(["partial:\\xE2\\x80"]);
    expect(kinds("a\ufffd")).toEqual(["text:a", "partial:\ufffd"]);
    expect(kinds("\\x41")).toEqual(["text:\\x41"]);
  });

  test("a mark without its letter gets a place to stand", () => {
    expect(kinds("\u0301")).toEqual(["text:◌\u0301"]);
  });

  test("long ones are cut between characters", () => {
    const pieces = piecesOf("😀".repeat(400));
    expect(pieces).toEqual([
      { kind: "text", text: "😀".repeat(LONGEST) },
      { kind: "escape", text: "…" },
    ]);
    expect(escapedToken("x".repeat(400))).toHaveLength(400);
  });
});

test("one line for titles, the whole for tips, running text as it is", () => {
  expect(plainToken(" a\n")).toBe("·a↵");
  expect(escapedToken("a\n\\\u200b")).toBe("a\\n\\\\\\u200B");
  expect(plainText("the word “x” \u202e turned\n")).toBe("the word “x” \\u202E turned↵");
});
