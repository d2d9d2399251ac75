/**
 * The script that each token of a sequence is written in. A byte-level tokenizer cuts most characters beyond Latin apart, so characters
 * are put together first: each token has the script of the first character of a script that it has bytes of, and one whose
 * character lies partly outside the sequence has the script that it mostly has on the side "explain".
 */

import { builtInScript, type InScript, unicodeScript } from "../../../features/proxies/scripts.ts";
import { BROKEN, Spelling } from "../../../features/proxies/spelling.ts";
import type { Passage } from "../../evidence/passage.ts";

/** Names as they go into "fires on …". Latin is left out: there are classes for how it is written. */
const NAMES: readonly (readonly [name: string, has: InScript])[] = [
  ["Hangul syllables (Korean)", builtInScript("hangul")],
  ["Arabic script", builtInScript("arabic")],
  ["Hebrew script", builtInScript("hebrew")],
  ["Cyrillic letters", unicodeScript("Cyrillic").has],
  ["Greek letters", unicodeScript("Greek").has],
  ["Han characters (Chinese, Japanese)", unicodeScript("Han").has],
  ["Hiragana (Japanese)", unicodeScript("Hiragana").has],
  ["Katakana (Japanese)", unicodeScript("Katakana").has],
  ...(
    "Devanagari Bengali Gurmukhi Gujarati Tamil Telugu Kannada Malayalam Sinhala Thai Lao Tibetan Myanmar Georgian Ethiopic Khmer " +
    "Mongolian Armenian Cherokee"
  )
    .split(" ")
    .map((name) => [`${name} script`, unicodeScript(name).has] as const),
];

/** By script − 1. */
export const SCRIPT_NAMES: readonly string[] = NAMES.map(([name]) => name);

const scriptOfCode = new Map<number, number>();

/** Number of a character's script from 1; 0 for any other. */
function scriptOf(code: number): number {
  let script = scriptOfCode.get(code);
  if (script === undefined) {
    script = NAMES.findIndex(([, has]) => has(code)) + 1;
    scriptOfCode.set(code, script);
  }
  return script;
}

const BYTE = /\\x([89A-F][0-9A-F])/g;

/** Of a token's text, with `\xE2` as the byte that it stands for. */
export function bytesOfText(text: string): Uint8Array {
  const parts: Buffer[] = [];
  let end = 0;
  for (const match of text.matchAll(BYTE)) {
    parts.push(Buffer.from(text.slice(end, match.index)), Buffer.from([Number.parseInt(match[1]!, 16)]));
    end = match.index + match[0].length;
  }
  return Buffer.concat([...parts, Buffer.from(text.slice(end))]);
}

export class ScriptReader {
  readonly #spelling: Spelling;
  /** The script that a token is mostly of, by token; 0 before `learn`. */
  readonly #usual: Uint8Array;

  constructor({ tokenText }: Passage, vocabulary: number) {
    this.#spelling = new Spelling({
      vocabSize: vocabulary,
      bosId: -1,
      tokenBytes: (id) => bytesOfText(tokenText(id)),
      tokenText,
    });
    this.#usual = new Uint8Array(vocabulary);
  }

  /** The script of each token, numbered from 1; 0 for none. */
  read(tokens: Int32Array, scripts: Uint8Array): void {
    this.#readWhole(tokens, scripts);
    for (let at = 0; at < tokens.length; at++)
      if (scripts[at] === 0) scripts[at] = this.#usual[tokens[at]!] ?? 0;
  }

  /** Learns what tokens are mostly of, from stretches of text. */
  learn(stretches: Iterable<Int32Array>): void {
    const votes = new Map<number, Uint32Array>();
    for (const tokens of stretches) {
      const scripts = new Uint8Array(tokens.length);
      this.#readWhole(tokens, scripts);
      for (let at = 0; at < tokens.length; at++) {
        if (scripts[at] === 0) continue;
        let counts = votes.get(tokens[at]!);
        if (counts === undefined) votes.set(tokens[at]!, (counts = new Uint32Array(NAMES.length + 1)));
        counts[scripts[at]!]!++;
      }
    }
    for (const [token, counts] of votes) this.#usual[token] = counts.indexOf(Math.max(...counts));
  }

  #readWhole(tokens: Int32Array, scripts: Uint8Array): void {
    scripts.fill(0, 0, tokens.length);
    this.#spelling.characters(tokens, (character, first, last) => {
      if (character === BROKEN || character < 0x80) return;
      const script = scriptOf(character);
      if (script === 0) return;
      for (let at = first; at <= last; at++) if (scripts[at] === 0) scripts[at] = script;
    });
  }
}
