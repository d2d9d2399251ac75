/**
 * Which entries of [B, d_sae] a top-k objective keeps. Of equal values the one with the smaller feature index stays, and of
 * one feature's the earlier row. Anything else than a fixed rule would make a run irreproducible.
 */

/** 1 at the k largest of each row, only among features where `allowed` is true or 1. */
export function largestOfRows(
  h: Float64Array,
  d_sae: number,
  k: number,
  allowed?: readonly boolean[] | Uint8Array,
): Uint8Array {
  const kept = new Uint8Array(h.length);
  for (let j = 0; j * d_sae < h.length; j++) {
    const entries = Array.from({ length: d_sae }, (_, i) => j * d_sae + i);
    const candidates = entries.filter((_, i) => allowed === undefined || allowed[i]);
    for (const e of largestFirst(candidates, h, d_sae).slice(0, k)) kept[e] = 1;
  }
  return kept;
}

/** 1 at the `count` largest of the whole batch. */
export function largestOfBatch(h: Float64Array, d_sae: number, count: number): Uint8Array {
  const kept = new Uint8Array(h.length);
  for (const e of largestFirst([...h.keys()], h, d_sae).slice(0, count)) kept[e] = 1;
  return kept;
}

/** relu(h) where kept, else 0. */
export function keptRelu(h: Float64Array, kept: Uint8Array): Float64Array {
  return h.map((value, e) => (kept[e] ? Math.max(0, value) : 0));
}

function largestFirst(entries: number[], h: Float64Array, d_sae: number): number[] {
  return entries.sort((a, b) => h[b]! - h[a]! || (a % d_sae) - (b % d_sae) || a - b);
}
