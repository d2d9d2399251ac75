/**
 * A number for what stands around a token: equal for equal windows of ±4 tokens (the paper's nine-token snippets), different for
 * others but for one pair in 2³². Duplicates, of which every corpus is full (licences, headers, boilerplate), are known by it.
 *
 * Mixed with a unit's salt it is also the random number by which samples are drawn: those with the smallest keys are kept. That
 * makes a sample uniform over distinct windows, the same in whatever order they come, and mergeable without counting.
 */

/** Tokens on either side. */
export const WINDOW = 4;

/** Windows around two positions of one context that are at most this far apart share a token. */
export const OVERLAP = 2 * WINDOW;

/** A bijection of 32-bit integers that looks random (the finaliser of MurmurHash3). */
export function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** For each token of `tokens` [n, context] the hash of its window, which ends where its context does. */
export function hashWindows(tokens: Int32Array, context: number, into: Uint32Array): void {
  for (let first = 0; first < tokens.length; first += context) {
    for (let position = 0; position < context; position++) {
      let h = 0x9e3779b9;
      for (let at = position - WINDOW; at <= position + WINDOW; at++) {
        const token = at >= 0 && at < context ? tokens[first + at]! + 1 : 0;
        h = Math.imul(h ^ token, 0x9e3779b1);
        h ^= h >>> 15;
      }
      into[first + position] = mix(h);
    }
  }
}

/** One number a unit: `mix(window ^ salt)` orders windows differently for each. */
export function unitSalts(units: number, seed: number): Uint32Array {
  const salts = new Uint32Array(units);
  const start = mix(seed ^ 0x5bd1e995);
  for (let unit = 0; unit < units; unit++) salts[unit] = mix(start + Math.imul(unit, 0x9e3779b9));
  return salts;
}
