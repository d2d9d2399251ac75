/**
 * Everything that can be said of a token by itself, numbered: the classes of token-classes.ts first, then what the text's own tokens have in
 * common (a beginning, an end, a word in any spelling). Found once a passage for all tokens, as lists of traits by token and of tokens by
 * trait, with the number of occurrences of each on the side "explain".
 */

import type { ExplainSide } from "../explain-side.ts";
import { quoteToken } from "../quote-token.ts";
import { TOKEN_CLASSES } from "./token-classes.ts";

/** Characters of a beginning or an end. */
const ENDS = [1, 2, 3, 4];
const BEGINNINGS = [2, 3, 4, 5];

/** Different tokens that have to share a beginning, an end, or a word. */
const SHARED = 3;
const SPELLINGS = 2;

const BYTES = /\\x[89A-F][0-9A-F]/;

export class Traits {
  readonly names: readonly string[];
  /** Traits [0, classes) are those of TOKEN_CLASSES. */
  readonly classes = TOKEN_CLASSES.length;
  /** Occurrences of tokens with the trait. */
  readonly counts: Float64Array;
  readonly #starts: Uint32Array;
  readonly #traits: Uint32Array;
  readonly #memberStarts: Uint32Array;
  readonly #members: Uint32Array;

  constructor({ passage, vocabulary, counts }: ExplainSide) {
    const texts = Array.from({ length: vocabulary }, (_, token) => passage.tokenText(token));
    const names = TOKEN_CLASSES.map(({ name }) => name);
    const members: number[][] = TOKEN_CLASSES.map(({ has }) =>
      texts.flatMap((text, token) => (has(text) ? [token] : [])),
    );
    const occur = (tokens: readonly number[]) => tokens.filter((token) => counts[token]! > 0).length;
    for (const [name, tokens] of affixes(texts)) {
      if (occur(tokens) < (name.startsWith("the word") ? SPELLINGS : SHARED)) continue;
      names.push(name);
      members.push(tokens);
    }
    this.names = names;
    this.counts = Float64Array.from(members, (tokens) =>
      tokens.reduce((sum, token) => sum + counts[token]!, 0),
    );
    [this.#memberStarts, this.#members] = flat(members);
    const traits: number[][] = Array.from({ length: vocabulary }, () => []);
    for (const [trait, tokens] of members.entries()) for (const token of tokens) traits[token]!.push(trait);
    [this.#starts, this.#traits] = flat(traits);
  }

  /** Ascending; none for a token that the passage does not have. A view: do not write to it. */
  of(token: number): Uint32Array {
    const end = this.#starts[token + 1];
    return end === undefined ? NONE : this.#traits.subarray(this.#starts[token], end);
  }

  has(token: number, trait: number): boolean {
    const end = this.#starts[token + 1] ?? 0;
    for (let at = this.#starts[token] ?? 0; at < end; at++) if (this.#traits[at] === trait) return true;
    return false;
  }

  /** Tokens with the trait, ascending. A view: do not write to it. */
  members(trait: number): Uint32Array {
    return this.#members.subarray(this.#memberStarts[trait], this.#memberStarts[trait + 1]);
  }
}

const NONE = new Uint32Array(0);

/** Tokens by the beginning, end or word that they share. */
function affixes(texts: readonly string[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  const add = (name: string, token: number) => {
    const tokens = found.get(name);
    if (tokens === undefined) found.set(name, [token]);
    else tokens.push(token);
  };
  for (const [token, text] of texts.entries()) {
    if (text === "" || BYTES.test(text)) continue;
    const word = text.trim().toLowerCase();
    if (/^\p{L}+$/u.test(word)) add(`the word ${quoteToken(word)} in any spelling`, token);
    for (const size of ENDS) {
      if (size < text.length) add(`tokens that end in ${quoteToken(text.slice(-size))}`, token);
    }
    for (const size of BEGINNINGS) {
      if (size < text.length) add(`tokens that begin with ${quoteToken(text.slice(0, size))}`, token);
    }
  }
  return found;
}

function flat(lists: readonly (readonly number[])[]): [starts: Uint32Array, items: Uint32Array] {
  const starts = new Uint32Array(lists.length + 1);
  for (const [i, { length }] of lists.entries()) starts[i + 1] = starts[i]! + length;
  const items = new Uint32Array(starts[lists.length]!);
  for (const [i, list] of lists.entries()) items.set(list, starts[i]);
  return [starts, items];
}
