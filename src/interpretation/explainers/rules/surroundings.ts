/**
 * What can be said of a token by what stands around it, as one bit each: inside one of SPANS, or the same token stood shortly before.
 */

import { markSpan, SPANS, spell } from "./spans.ts";

/** Tokens among which a repeated one is looked for. */
const REACH = 16;

/** The last bit is that of repetition. */
export const SURROUNDINGS: readonly string[] = [
  ...SPANS.map(({ name }) => `inside ${name}`),
  `that stood among the ${REACH} tokens before`,
];
const REPEATED = SPANS.length;

if (SURROUNDINGS.length > 32) throw new Error("a token's surroundings are the bits of one 32-bit number");

/**
 * The surroundings of each token of one stretch, as bits.
 * @param textOf what a token spells, any character for bytes that are none
 * @param wanted the only one that is asked for; all unless given
 */
export function readSurroundings(
  tokens: ArrayLike<number>,
  textOf: (id: number) => string,
  wanted?: number,
): Uint32Array {
  const marks = new Uint32Array(tokens.length);
  if (wanted !== REPEATED) {
    const spelt = spell(Array.from(tokens, textOf));
    for (const [bit, span] of SPANS.entries()) {
      if (wanted === undefined || wanted === bit) markSpan(span, spelt, marks, 1 << bit);
    }
  }
  if (wanted === undefined || wanted === REPEATED) {
    const last = new Map<number, number>();
    for (let at = 0; at < tokens.length; at++) {
      if (at - (last.get(tokens[at]!) ?? Number.NEGATIVE_INFINITY) <= REACH) marks[at]! |= 1 << REPEATED;
      last.set(tokens[at]!, at);
    }
  }
  return marks;
}
