/**
 * The proxy of strings over an alphabet: base64, hexadecimal numbers, DNA. Characters are drawn independently:
 *
 *   P(s | context) = Π_{c ∈ s} P(c),   P(c) = 1/|alphabet| if c is in it, else 1e-10
 *
 * So the logarithm of the ratio is a sum over tokens, w_t = Σ_{c ∈ t} log P(c) − log p(t), and the best string that ends at a token
 * follows from the best that ends at the token before:   best_j = w_j + max(0, best_{j−1}).
 *
 * Bytes are taken for characters: alphabets are ASCII, and each byte of another character is as impossible as the character.
 */

import { NEVER, type Proxy } from "./proxy.ts";
import type { Spelling } from "./spelling.ts";

const DIGITS = "0123456789";
const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();

export interface AlphabetRules {
  /** A string is of one of them throughout: hexadecimal numbers are written in capitals or not. */
  readonly alphabets: readonly string[];
  /** A string has at least this many tokens. */
  readonly minTokens: 1 | 2;
  /** The value is 1 where the ratio is above 1, else 0. */
  readonly binary: boolean;
}

/** base64 and DNA as in Bricken et al. 2023; hexadecimal numbers after the same fashion. */
export const ALPHABETS: Readonly<Record<string, AlphabetRules>> = {
  base64: { alphabets: [`${LOWER}${UPPER}${DIGITS}+/`], minTokens: 1, binary: false },
  hex: { alphabets: [`${DIGITS}abcdef`, `${DIGITS}ABCDEF`], minTokens: 1, binary: false },
  dna: { alphabets: ["ATCG"], minTokens: 2, binary: true },
};

export class AlphabetProxy implements Proxy {
  readonly name: string;
  readonly usual = 0;
  readonly #rules: AlphabetRules;
  readonly #separator: number;
  /** w_t for each alphabet, by token. */
  readonly #weights: readonly Float64Array[];
  readonly #best: Float64Array;

  constructor(name: string, rules: AlphabetRules, spelling: Spelling, logProbability: Float64Array) {
    this.name = name;
    this.#rules = rules;
    this.#separator = spelling.separator;
    this.#weights = rules.alphabets.map((alphabet) => tokenWeights(alphabet, spelling, logProbability));
    this.#best = new Float64Array(rules.alphabets.length);
  }

  evaluate(tokens: Int32Array, context: number, values: Float64Array): void {
    const { minTokens, binary } = this.#rules;
    const best = this.#best;
    for (let at = 0; at < tokens.length; at++) {
      const token = tokens[at]!;
      // Nothing reaches from one context, or document, into the next.
      if (at % context === 0) best.fill(Number.NEGATIVE_INFINITY);
      let value = Number.NEGATIVE_INFINITY;
      for (const [a, weights] of this.#weights.entries()) {
        const before = best[a]!;
        const weight = weights[token]!;
        value = Math.max(value, minTokens === 2 ? weight + before : weight + Math.max(0, before));
        best[a] = weight + Math.max(0, before);
      }
      if (token === this.#separator) best.fill(Number.NEGATIVE_INFINITY);
      values[at] = binary ? Number(value > 0) : value;
    }
  }
}

/** A token that spells nothing, such as a separator, counts as one impossible character. */
function tokenWeights(alphabet: string, spelling: Spelling, logProbability: Float64Array): Float64Array {
  const inside = new Set(Buffer.from(alphabet));
  const [likely, never] = [-Math.log(inside.size), Math.log(NEVER)];
  return Float64Array.from({ length: spelling.size }, (_, token) => {
    const bytes = spelling.bytes(token);
    let log = bytes.length === 0 ? never : 0;
    for (const byte of bytes) log += inside.has(byte) ? likely : never;
    return log - logProbability[token]!;
  });
}
