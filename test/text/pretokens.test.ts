import { describe, expect, it } from "vitest";
import { pretokenEnd } from "../../src/model/pretokens.ts";
import { Random } from "../../src/random.ts";
import { multilingual } from "./samples.ts";

const gpt2 = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

function split(text: string): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length;) {
    const end = pretokenEnd(text, start);
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}

describe("pretokenEnd", () => {
  it.each(multilingual)("cuts as GPT-2's expression does: %j", (text) => {
    expect(split(text)).toEqual(text.match(gpt2) ?? []);
  });

  it("cuts random mixtures of every class as GPT-2's expression does", () => {
    const random = Random.of(1);
    const alphabet = [..."aé日𝒳'sretvmld09٣Ⅷ ½  \t\n\r\u00a0\u3000\ufeff!-_€😀👩🏽\u0301\u200d\u0000\ufffd"];
    for (let round = 0; round < 3000; round++) {
      let text = "";
      for (let i = random.integer(14); i >= 0; i--) text += alphabet[random.integer(alphabet.length)]!;
      expect(split(text)).toEqual(text.match(gpt2) ?? []);
    }
  });

  it("classifies every code point as the expression does", () => {
    const wrong: string[] = [];
    for (let point = 0; point < 0x110000; point++) {
      if (point === 0xd800) point = 0xe000;
      const char = String.fromCodePoint(point);
      const kinds = [`a${char}`, `1${char}`, `!${char}`, ` \t${char}`];
      const together = kinds.map((text) => pretokenEnd(text, 0) === text.length);
      const expected = [
        /\p{L}/u.test(char),
        /\p{N}/u.test(char),
        /[^\s\p{L}\p{N}]/u.test(char),
        /\s/u.test(char),
      ];
      if (together.join() !== expected.join()) wrong.push(`U+${point.toString(16)}`);
    }
    expect(wrong).toEqual([]);
  });
});
