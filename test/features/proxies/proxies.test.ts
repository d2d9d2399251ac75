import { describe, expect, test } from "vitest";
import { openProxies } from "../../../src/features/proxies/options.ts";
import { PatternProxy, compilePattern } from "../../../src/features/proxies/pattern-proxy.ts";
import { Spelling, type Vocabulary } from "../../../src/features/proxies/spelling.ts";
import { loadTokenizer } from "../../../src/model/tokenizer.ts";
import { Random } from "../../../src/random.ts";
import { splitOf, vocabulary } from "./vocabulary.ts";

/** The values of one proxy on contexts that are also what frequencies are counted on. */
function valuesOf(name: string, vocab: Vocabulary, contexts: readonly (readonly number[])[]): number[] {
  const [proxy] = openProxies([name], vocab, splitOf(contexts));
  const tokens = Int32Array.from(contexts.flat());
  const values = new Float64Array(tokens.length);
  proxy!.evaluate(tokens, contexts[0]!.length, values);
  return [...values];
}

describe("strings over an alphabet", () => {
  const vocab = vocabulary(["AT", "CG", "x", " G"]);
  const [AT, CG, x, G, BOS] = [0, 1, 2, 3, 4];
  // p(t) = (n + ½) / (8 + 5/2)
  const contexts = [
    [BOS, AT, CG, x],
    [BOS, AT, AT, G],
  ];
  const logP = (n: number) => Math.log((n + 0.5) / 10.5);
  const never = Math.log(1e-10);

  test("base64 by hand: the best of the strings that end at a token", () => {
    const weight = { AT: -2 * Math.log(64) - logP(3), CG: -2 * Math.log(64) - logP(1) };
    const bos = never - logP(2);
    const expected = [
      bos,
      weight.AT,
      weight.CG + Math.max(0, weight.AT),
      -Math.log(64) - logP(1) + Math.max(0, weight.CG),
      bos,
      weight.AT,
      weight.AT + Math.max(0, weight.AT),
      never - Math.log(64) - logP(1),
    ];
    const values = valuesOf("base64", vocab, contexts);
    for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i]!, 10);
  });

  test("dna needs two tokens and is 0 or 1", () => {
    // AT: −2·log 4 − log(3.5/10.5) = −1.67, CG: −2·log 4 − log(1.5/10.5) = −0.83: too frequent here to be likelier in DNA.
    expect(valuesOf("dna", vocab, contexts)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    const rare = [[BOS, AT, CG, AT, ...Array.from({ length: 996 }, () => x)]];
    const values = valuesOf("dna", vocab, rare);
    expect(values.slice(0, 5)).toEqual([0, 0, 1, 1, 0]);
    expect(values.reduce((sum, value) => sum + value, 0)).toBe(2);
  });

  test("nothing reaches across a separator or into the next context", () => {
    const filler = Array.from({ length: 60 }, () => x);
    expect(valuesOf("dna", vocab, [[AT, BOS, CG, ...filler, CG]]).every((value) => value === 0)).toBe(true);
    expect(
      valuesOf("dna", vocab, [
        [AT, ...filler, CG],
        [AT, ...filler, CG],
      ]).every((value) => value === 0),
    ).toBe(true);
  });

  test("hexadecimal numbers are in capitals or not, never both", () => {
    const vocab = vocabulary(["ab12", "AB12", "z"]);
    const filler = Array.from({ length: 300_000 }, () => 2);
    const values = valuesOf("hex", vocab, [[0, 0, 2, 1, 1, 2, 0, 1, ...filler]]);
    const one = -4 * Math.log(16) - Math.log(3.5 / (300_008 + 2));
    expect(values[0]).toBeCloseTo(one, 8);
    expect(values[1]).toBeCloseTo(2 * one, 8);
    expect(values[4]).toBeCloseTo(2 * one, 8);
    expect(values[7]).toBeCloseTo(one, 8);
  });

  test("equals the enumeration of all strings that end at each token", () => {
    const tokens = ["a", "ff", "0", "Z", "G", "deadbeef", "the ", " ", "é", "ACGT", "BEEF"];
    const vocab = vocabulary(tokens);
    const random = Random.of(1, "proxies");
    const contexts = Array.from({ length: 20 }, () =>
      Array.from({ length: 24 }, () => random.integer(tokens.length)),
    );
    const flat = contexts.flat();
    const p = (t: number) =>
      (flat.filter((other) => other === t).length + 0.5) / (flat.length + (tokens.length + 1) / 2);
    const product = (bytes: Buffer, alphabet: string) =>
      [...bytes].reduce(
        (sum, byte) =>
          sum +
          Math.log(alphabet.includes(String.fromCharCode(byte)) && byte < 128 ? 1 / alphabet.length : 1e-10),
        0,
      );
    const all = (context: readonly number[], j: number, alphabets: readonly string[], least: number) => {
      let best = Number.NEGATIVE_INFINITY;
      for (let first = j - least + 1; first >= 0; first--) {
        const string = context.slice(first, j + 1);
        const bytes = Buffer.from(string.map((t) => tokens[t]!).join(""));
        const background = string.reduce((sum, t) => sum + Math.log(p(t)), 0);
        for (const alphabet of alphabets) best = Math.max(best, product(bytes, alphabet) - background);
      }
      return best;
    };
    const letters = "abcdefghijklmnopqrstuvwxyz";
    const cases = {
      base64: [[`${letters}${letters.toUpperCase()}0123456789+/`], 1],
      hex: [["0123456789abcdef", "0123456789ABCDEF"], 1],
      dna: [["ATCG"], 2],
    } as const;
    for (const [name, [alphabets, least]] of Object.entries(cases)) {
      const values = valuesOf(name, vocab, contexts);
      contexts.forEach((context, c) =>
        context.forEach((_, j) => {
          const expected = all(context, j, alphabets, least);
          const found = values[c * 24 + j]!;
          if (name === "dna") expect(found).toBe(Number(expected > 0));
          else expect(found).toBeCloseTo(expected, 8);
        }),
      );
    }
  });
});

describe("scripts", () => {
  // ש = D7 A9, ל = D7 9C, 한 = ED 95 9C
  const vocab = vocabulary(["a", "של", " של", [0xed, 0x95], [0x9c], " ", "שa", "  של"]);
  const [a, SHEL, SPACED, ED95, x9C, SPACE, MIXED, INDENTED, BOS] = [0, 1, 2, 3, 4, 5, 6, 7, 8];

  test("1 over the script's share where all characters are of it, 1e-10 of that elsewhere", () => {
    const context = [BOS, SHEL, a, SPACED, SPACE, MIXED, INDENTED, a];
    const prior = Math.log((2 + 0.5) / (8 + 1));
    const never = Math.log(1e-10) - prior;
    valuesOf("hebrew", vocab, [context]).forEach((value, i) =>
      expect(value).toBeCloseTo([never, -prior, never, -prior, never, never, never, never][i]!, 10),
    );
  });

  test("a part of a character by what it turns out to be, a whole character as itself, whatever its bytes are elsewhere", () => {
    // D6 begins Hebrew (D6 B0) once and Armenian (D6 80) once; A9 ends a Hebrew letter (D7 A9) and an Arabic one (D8 A9).
    const vocab = vocabulary(["a", [0xd6], [0xb0], [0x80], [0xd7], [0xa9], [0xd8]]);
    const [a, D6, B0, x80, D7, A9, D8] = [0, 1, 2, 3, 4, 5, 6];
    const context = [a, D6, B0, D6, x80, D7, A9, D8, A9, a];
    const prior = Math.log((4 + 0.5) / (10 + 1));
    const never = Math.log(1e-10) - prior;
    const half = Math.log(0.5) - prior;
    const expected = [never, half, -prior, half, never, -prior, -prior, never, never, never];
    valuesOf("hebrew", vocab, [context]).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 10));
    // Nor do the halves on two sides of a separator make a letter: A9 is then judged as if it had been cut off.
    const BOS = 7;
    const apart = valuesOf("hebrew", vocab, [[a, D6, B0, D6, x80, D7, BOS, A9, D8, A9]]);
    expect(apart[7]).toBeCloseTo(Math.log(1e-10) - Math.log((2 + 0.5) / 11), 10);
    // Cut off at the start of a context, A9 is Hebrew in one of the two cases of which it can be said.
    const cut = valuesOf("hebrew", vocab, [[A9, ...context.slice(1)]])[0]!;
    expect(cut).toBeCloseTo(half, 10);
  });

  test("Hangul in three bytes over two tokens; a character cut off at the edge of a context is not counted", () => {
    const prior = Math.log((2 + 0.5) / (5 + 1));
    const values = valuesOf("hangul", vocab, [[x9C, ED95, x9C, a, ED95]]);
    const never = Math.log(1e-10) - prior;
    [-prior, -prior, -prior, never, -prior].forEach((value, i) => expect(values[i]).toBeCloseTo(value, 10));
  });

  test("equals the enumeration of all strings, decoded by the platform", () => {
    const pieces = [
      "a",
      "ש",
      " של",
      [0xd7],
      [0xa9],
      [0x9c],
      [0xed],
      [0x95],
      [0x95, 0x9c],
      [0xed, 0x95],
      " ",
    ].concat([[0x9c, 0xd7], "한", [0xa9, 0x20], [0xd6], [0x80]]) as (string | number[])[];
    const vocab = vocabulary(pieces);
    const bytes = pieces.map((piece) => Buffer.from(piece as string));
    const random = Random.of(2, "scripts");
    // Whole characters cut into tokens in every way.
    const words = [
      [0],
      [1],
      [2],
      [3, 4],
      [3, 5],
      [6, 8],
      [9, 5],
      [6, 7, 5],
      [3, 11, 4],
      [9, 11, 4],
      [3, 13],
      [10],
      [12],
      [14, 4],
      [14, 15],
    ];
    const context = 24;
    const contexts = Array.from({ length: 60 }, () =>
      Array.from({ length: 30 }, () => words[random.integer(words.length)]!)
        .flat()
        .slice(1, 1 + context),
    );

    interface Part {
      start: number;
      end: number;
      /** Undefined for a byte of a character that is cut off. */
      hebrew: boolean | undefined;
    }
    const read = contexts.map((tokens) => {
      const all = Buffer.concat(tokens.map((t) => bytes[t]!));
      const starts = tokens.map((_, j) => Buffer.concat(tokens.slice(0, j).map((t) => bytes[t]!)).length);
      const parts: Part[] = [];
      for (let at = 0; at < all.length;) {
        const size = [1, 2, 3].find(
          (n) => !new TextDecoder().decode(all.subarray(at, at + n)).includes("\ufffd"),
        );
        const text = all.subarray(at, at + (size ?? 0)).toString();
        // Byte-level BPE's space before a word is of any script.
        const neutral =
          text === " " && starts.some((start, j) => start === at && bytes[tokens[j]!]!.length > 1);
        const hebrew = size === undefined ? undefined : neutral || /^[\u0590-\u05ff]$/u.test(text);
        parts.push({ start: at, end: at + (size ?? 1), hebrew });
        at += size ?? 1;
      }
      return { tokens, all, starts, parts };
    });
    const touched = (parts: Part[], from: number, to: number) =>
      parts.filter(({ start, end }) => start < to && end > from);

    const ends: { bytes: string; hebrew: boolean }[] = [];
    const occurrences: { token: number; hebrew: boolean }[] = [];
    for (const { tokens, all, starts, parts } of read) {
      for (const [j, token] of tokens.entries()) {
        const end = starts[j]! + bytes[token]!.length;
        const open = parts.find((part) => part.start < end && part.end > end);
        if (open !== undefined)
          ends.push({ bytes: all.toString("hex", open.start, end), hebrew: open.hebrew! });
        const own = touched(parts, starts[j]!, end);
        if (own.some(({ hebrew }) => hebrew === undefined) && own.every(({ hebrew }) => hebrew !== false))
          continue;
        occurrences.push({ token, hebrew: own.every(({ hebrew }) => hebrew === true) });
      }
    }
    const share = (list: readonly { hebrew: boolean }[]) =>
      list.length === 0 ? 0 : list.filter(({ hebrew }) => hebrew).length / list.length;
    const prior = (occurrences.filter(({ hebrew }) => hebrew).length + 0.5) / (contexts.length * context + 1);

    const values = valuesOf("hebrew", vocab, contexts);
    let between = 0;
    for (const [c, { tokens, all, starts, parts }] of read.entries()) {
      for (const [j, token] of tokens.entries()) {
        const end = starts[j]! + bytes[token]!.length;
        const own = all.subarray(0, end);
        let best = 1e-10;
        // Every string that begins with a character, has all of the token's bytes and ends with it.
        for (let first = end - 1; first >= 0; first--) {
          if ((own[first]! & 0xc0) === 0x80 || touched(parts, first, end)[0]!.start > starts[j]!) continue;
          const inside = touched(parts, first, end);
          const whole = inside.filter((part) => part.end <= end && part.hebrew !== undefined);
          const openFrom = inside.find((part) => part.end > end || part.hebrew === undefined)?.start;
          const begun =
            openFrom === undefined
              ? 1
              : share(ends.filter((other) => other.bytes === all.toString("hex", openFrom, end)));
          if (whole.every(({ hebrew }) => hebrew === true)) best = Math.max(best, begun);
        }
        const cut = tokens.slice(0, j + 1).every((t) => bytes[t]!.every((byte) => (byte & 0xc0) === 0x80));
        const cutInside =
          (own[starts[j]!]! & 0xc0) === 0x80 &&
          parts.find((part) => part.end > starts[j]!)!.hebrew === undefined;
        if (cut || cutInside)
          best = Math.max(1e-10, share(occurrences.filter((other) => other.token === token)));
        if (best > 1e-10 && best < 1) between++;
        expect(values[c * context + j], `${c} ${j} ${tokens}`).toBeCloseTo(
          Math.log(best) - Math.log(prior),
          8,
        );
      }
    }
    expect(between).toBeGreaterThan(20);
  });

  test("a real byte-level vocabulary: every token of a Hebrew or Hangul word is accepted, of an English one none", () => {
    const tokenizer = loadTokenizer("models/one-layer");
    for (const [name, word] of [
      ["hebrew", "שלום עולם"],
      ["hangul", "안녕하세요 세계"],
      ["arabic", "مرحبا بالعالم"],
      ["script:Greek", "καλημέρα κόσμε"],
    ] as const) {
      const before = [...tokenizer.encode("some English text, and more of it: ")];
      const within = [...tokenizer.encode(word)];
      const context = [tokenizer.bosId, ...before, ...within, ...before];
      // A space alone before a word whose letters are cut into bytes is no letter.
      const space = tokenizer.encode(" ")[0]!;
      const values = valuesOf(name, tokenizer, [context]);
      const expected = context.map(
        (token, i) => i > before.length && i <= before.length + within.length && token !== space,
      );
      expect(values.map((value) => value > 0)).toEqual(expected);
    }
  });
});

describe("patterns", () => {
  const vocab = vocabulary(["ab", "c1", "2", "x", [0xc3], [0xa9]]);
  const BOS = 6;

  test("accept every token with a byte of a match, within a document", () => {
    expect(valuesOf("regex:b.[0-9]+", vocab, [[0, 1, 2, 3, 0, BOS, 1, 2]])).toEqual([1, 1, 1, 0, 0, 0, 0, 0]);
    expect(valuesOf("regex:é", vocab, [[3, 4, 5, 3]])).toEqual([0, 1, 1, 0]);
    expect(valuesOf("regex:x*", vocab, [[0, 3, 3, 0]])).toEqual([0, 1, 1, 0]);
    expect(valuesOf("regex:^|$", vocab, [[0, 3]])).toEqual([0, 0]);
  });

  test("that would take for ever end in a sentence", () => {
    const spelling = new Spelling(vocabulary(["a", "b"]));
    const proxy = new PatternProxy("regex:(a+)+$", compilePattern("(a+)+$"), spelling, 200);
    const tokens = new Int32Array(64);
    tokens[63] = 1;
    expect(() => proxy.evaluate(tokens, 64, new Float64Array(64))).toThrow(
      /^regex:\(a\+\)\+\$ did not finish within 0.2 seconds on 64 characters: repetitions within/,
    );
    proxy.evaluate(tokens.fill(0), 64, new Float64Array(64));
  });
});
