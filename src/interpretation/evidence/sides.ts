/**
 * Which documents explanations are made from, and which they are scored on.
 *
 * A document's side follows from its own key and the seed, through a hash. So it is the same whatever unit is looked at, however much of
 * the text is read, and whichever model reads it: a control never sees for explaining what the dictionary's features are scored on.
 *
 *     h = hash(key, seed), uniform in [0, 5)        0, 1 → explain    2 → choose    3, 4 → score
 *
 * With a handful of documents a side can come away empty, and then nothing could be scored. They are dealt in turns then, in the order of
 * their hashes: explain, score, choose, explain, score, and again.
 */

import { type Side, SIDES } from "./passage.ts";

const FIFTHS: readonly Side[] = ["explain", "explain", "choose", "score", "score"];
const IN_TURNS: readonly Side[] = ["explain", "score", "choose", "explain", "score"];

/**
 * The side of each document, as an index in SIDES [documents].
 * @param keys what a document's side depends on: different for different documents; their numbers unless given
 */
export function dealSides(documents: number, seed: number, keys?: ArrayLike<number>): Uint8Array {
  const hashes = new Float64Array(documents);
  const sides = new Uint8Array(documents);
  for (let i = 0; i < documents; i++) {
    const hash = hashOf(keys ? keys[i]! : i, seed);
    hashes[i] = hash;
    sides[i] = SIDES.indexOf(FIFTHS[Math.floor((hash / 2 ** 32) * FIFTHS.length)]!);
  }
  if (new Set(sides).size === SIDES.length) return sides;
  const order = Array.from(sides.keys()).sort((a, b) => hashes[a]! - hashes[b]! || a - b);
  for (const [turn, document] of order.entries()) {
    sides[document] = SIDES.indexOf(IN_TURNS[turn % IN_TURNS.length]!);
  }
  return sides;
}

/** 32 bits of a number below 2^53 and a seed: two rounds of murmur3's finaliser, one for each half. */
function hashOf(key: number, seed: number): number {
  const low = mix((key >>> 0) ^ mix((seed >>> 0) + 0x9e3779b9));
  return mix(low + 0x9e3779b9 + Math.floor(key / 2 ** 32));
}

function mix(word: number): number {
  let z = word >>> 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}
