/**
 * Numbers of documents: packed text holds no other trace of where one ends than the separator between them.
 *
 * Every context begins with a separator that is none of the text's own (src/text/packing.ts), so those at position 0 do not count. A
 * document that happens to begin there shares the number of the one before.
 */

import { setImmediate } from "node:timers/promises";
import type { TokenSplit } from "../../text/shards.ts";

/** Contexts that are read at once to count separators: a megabyte or two. */
const BLOCK_TOKENS = 2 ** 19;

/**
 * The separators before each of `contexts` (ascending) in its split. Reads the split up to the last of them, all contexts between
 * included.
 */
export async function separatorsBefore(
  split: TokenSplit,
  separator: number,
  contexts: Int32Array,
  signal?: AbortSignal,
): Promise<Int32Array> {
  const { context } = split;
  const before = new Int32Array(contexts.length);
  const end = (contexts.at(-1) ?? 0) + 1;
  const block = Math.max(1, Math.floor(BLOCK_TOKENS / context));
  const tokens = new Int32Array(block * context);
  let count = 0;
  let next = 0;
  for (let first = 0; first < end && next < contexts.length; first += block) {
    // A long split takes seconds: let Ctrl-C and progress through.
    await setImmediate();
    signal?.throwIfAborted();
    const here = Math.min(block, end - first);
    split.read(first, here, tokens);
    for (let i = 0; i < here; i++) {
      if (contexts[next] === first + i) before[next++] = count;
      for (let at = i * context + 1; at < (i + 1) * context; at++) if (tokens[at] === separator) count++;
    }
  }
  return before;
}

/**
 * Numbers of the documents of `tokens` [n, context], of which `before[i]` separators stand before context i, into `into` [n, context].
 */
export function numberDocuments(
  tokens: Int32Array,
  context: number,
  separator: number,
  before: Int32Array,
  into: Int32Array,
): void {
  for (let i = 0, at = 0; at < tokens.length; i++) {
    let number = before[i]!;
    for (let position = 0; position < context; position++, at++) {
      into[at] = number;
      if (position > 0 && tokens[at] === separator) number++;
    }
  }
}
