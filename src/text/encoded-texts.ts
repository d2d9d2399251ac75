/** Several texts as token ids in one pair of arrays: what crosses between threads without a copy. */

import type { Tokenizer } from "../model/tokenizer.ts";

/** The ids of several texts one after the other; text i ends before `ends[i]`. */
export interface EncodedTexts {
  readonly ids: Int32Array<ArrayBuffer>;
  readonly ends: Int32Array<ArrayBuffer>;
}

export function encodeTexts(tokenizer: Tokenizer, texts: readonly string[]): EncodedTexts {
  const parts = texts.map((text) => tokenizer.encode(text));
  const ends = new Int32Array(parts.length);
  let length = 0;
  parts.forEach((part, i) => (ends[i] = length += part.length));
  const ids = new Int32Array(length);
  parts.forEach((part, i) => ids.set(part, ends[i]! - part.length));
  return { ids, ends };
}
