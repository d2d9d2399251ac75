/**
 * What the intervals of an evaluation resample: documents. Tokens of one document resemble each other, whether they stand in one context
 * or in several, and a context may have parts of several documents; so sums are kept for each document, over whatever contexts it is in.
 *
 * Token shards of earlier versions do not say where all documents begin. Sequences are resampled then, and intervals come out narrower
 * where documents are longer than a sequence.
 */

import { documentOfTokens } from "../text/document-starts.ts";
import type { TokenSplit } from "../text/shards.ts";

export interface ResamplingUnits {
  readonly kind: "document" | "sequence";
  readonly count: number;
  /** Of each token of the evaluation text. The prediction that is made at a token belongs to the same unit. */
  readonly of: Int32Array;
  /** Tokens of each unit, and predictions made at them. */
  readonly tokens: Float64Array;
  readonly predictions: Float64Array;
}

/** Contexts that are read at once. */
const READ = 4096;

/** The units of the first `contexts` contexts of `split`. */
export function resamplingUnits(split: TokenSplit, contexts: number): ResamplingUnits {
  const { context, boundaries } = split;
  const size = contexts * context;
  let of: Int32Array;
  if (boundaries === undefined) of = Int32Array.from({ length: size }, (_, i) => Math.floor(i / context));
  else {
    const tokens = new Int32Array(size);
    for (let first = 0; first < contexts; first += READ) {
      const count = Math.min(READ, contexts - first);
      split.read(first, count, tokens.subarray(first * context, (first + count) * context));
    }
    of = documentOfTokens(tokens, context, boundaries);
  }
  const count = size === 0 ? 0 : of[size - 1]! + 1;
  const tokens = new Float64Array(count);
  const predictions = new Float64Array(count);
  for (let i = 0; i < size; i++) {
    tokens[of[i]!]!++;
    if ((i + 1) % context !== 0) predictions[of[i]!]!++;
  }
  return { kind: boundaries === undefined ? "sequence" : "document", count, of, tokens, predictions };
}
