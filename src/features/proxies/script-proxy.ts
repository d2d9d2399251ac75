/**
 * The proxy of a script. What a script makes likely is not a matter of one letter after the other, so Bayes turns it round:
 *
 *   P(s | script) / P(s) = P(script | s) / P(script)
 *   P(script | s)        = 1 if all characters of s are of the script, else 1e-10
 *
 * A string becomes no more of the script by becoming longer. So the best one that ends at a token has the characters that the token has
 * bytes of, and no others; where the first of them began in the tokens before, they say which it is. The paper judges a token that is no
 * whole character by how often it is of the script. That is wanted in two places only:
 *
 *   the last character is not finished yet     factor begun(its bytes so far)     (census.ts)
 *   the first began before the context         P = fraction(t)
 *
 * (Judged by itself, a byte such as A9, one in twenty of them Hebrew, would be twenty times as Hebrew as the text, in a Thai letter too.)
 */

import type { ScriptCensus } from "./census.ts";
import { NEVER, type Proxy } from "./proxy.ts";
import type { InScript } from "./scripts.ts";
import {
  beginningKey,
  characterSize,
  codePoint,
  isContinuation,
  openSize,
  type Spelling,
} from "./spelling.ts";

const SPACE = 0x20;

/** Bytes of a character before its last. */
const BEFORE = 3;

export class ScriptProxy implements Proxy {
  readonly name: string;
  readonly usual: number;
  readonly #spelling: Spelling;
  readonly #has: InScript;
  readonly #census: ScriptCensus;
  /** log P(script). */
  readonly #prior: number;
  /** The value of every token; NaN for one that begins within a character. */
  readonly #alone: Float64Array;

  constructor(name: string, spelling: Spelling, has: InScript, census: ScriptCensus) {
    this.name = name;
    this.#spelling = spelling;
    this.#has = has;
    this.#census = census;
    this.#prior = Math.log(census.probability);
    this.usual = Math.log(NEVER) - this.#prior;
    this.#alone = Float64Array.from({ length: spelling.size }, (_, token) => {
      const bytes = spelling.bytes(token);
      return bytes.length > 0 && isContinuation(bytes[0]!) ? Number.NaN : this.#value(this.#ofScript(bytes));
    });
  }

  evaluate(tokens: Int32Array, context: number, values: Float64Array): void {
    for (let at = 0; at < tokens.length; at++) {
      const value = this.#alone[tokens[at]!] ?? this.usual;
      values[at] = Number.isNaN(value) ? this.#begunBefore(tokens, at - (at % context), at) : value;
    }
  }

  /** The value of a token that begins within a character. */
  #begunBefore(tokens: Int32Array, start: number, at: number): number {
    const bytes = [...this.#spelling.bytes(tokens[at]!)];
    const own = bytes.length;
    for (let earlier = at - 1; earlier >= start && isContinuation(bytes[0]!); earlier--) {
      const before = this.#spelling.bytes(tokens[earlier]!);
      if (before.length === 0 || bytes.length - own >= BEFORE) break;
      const needed = before.subarray(Math.max(0, before.length - BEFORE));
      const lead = needed.findLastIndex((byte) => !isContinuation(byte));
      bytes.unshift(...needed.subarray(Math.max(0, lead)));
    }
    if (isContinuation(bytes[0]!)) return this.#value(this.#census.fraction[tokens[at]!]!);
    return this.#value(this.#ofScript(Uint8Array.from(bytes)));
  }

  /** P(script | the bytes), which begin with a character; 0 stands for 1e-10. */
  #ofScript(bytes: Uint8Array): number {
    const open = openSize(bytes);
    const end = bytes.length - open;
    // Byte-level BPE writes the space before a word into the word's first token: there it is of no script.
    const from = bytes.length > 1 && bytes[0] === SPACE ? 1 : 0;
    for (let at = from; at < end;) {
      const size = characterSize(bytes, at, end);
      if (size === 0 || !this.#has(codePoint(bytes, at, size))) return 0;
      at += size;
    }
    if (open > 0) return this.#census.begun.get(beginningKey(bytes.subarray(end))) ?? 0;
    return bytes.length > 0 ? 1 : 0;
  }

  #value(probability: number): number {
    return Math.log(Math.max(NEVER, probability)) - this.#prior;
  }
}
