/**
 * The stretches of a passage that a protocol may show: windows around a token, fragments of fixed length, and the tokens of a side.
 *
 * A stretch lies within one context, because the model saw nothing before the context's first token, and within one document, because
 * only documents have a side: one that reached into the next document could be explained from and scored on at once.
 */

import { firstAtLeast } from "../../features/first-at-least.ts";
import { type Passage, type Side, SIDES } from "./passage.ts";

/** The window from `before` tokens before `token` to `after` tokens behind it; null where text, context or document do not reach so far. */
export function windowAround(
  passage: Passage,
  token: number,
  before: number,
  after: number,
): { start: number; length: number } | null {
  const { documents, starts } = passage;
  const document = documents[token];
  if (document === undefined || document < 0) return null;
  const start = token - before;
  const end = token + after + 1;
  const context = contextOf(passage, token);
  if (start < starts[context]! || end > starts[context + 1]!) return null;
  for (let at = start; at < end; at++) if (documents[at] !== document) return null;
  return { start, length: end - start };
}

/** Where the pieces of `length` tokens begin that do not overlap: as many of each stretch of a document in a context as fit, from its first token on. */
export function fragments({ documents, starts }: Passage, length: number): Int32Array {
  if (!Number.isInteger(length) || length < 1) throw new Error(`no fragments of ${length} tokens`);
  const found = new Int32Array(Math.floor(documents.length / length));
  let count = 0;
  for (let context = 0; context + 1 < starts.length; context++) {
    const end = starts[context + 1]!;
    let from = starts[context]!;
    for (let at = from; at < end; at++) {
      const document = documents[at]!;
      if (document < 0 || document !== documents[from]) from = at;
      if (document >= 0 && at + 1 - from === length) {
        found[count++] = from;
        from = at + 1;
      }
    }
  }
  return found.slice(0, count);
}

/** Equal for two stretches exactly when they hold the same tokens: of copies, one is enough. */
export function windowKey({ tokens }: Passage, start: number, length: number): string {
  return Buffer.from(tokens.buffer, tokens.byteOffset + 4 * start, 4 * length).toString("latin1");
}

const ofSide = new WeakMap<Passage, Map<Side, Int32Array>>();

/** All tokens of a side's documents, ascending. The array is kept: do not write to it. */
export function tokensOfSide(passage: Passage, side: Side): Int32Array {
  let known = ofSide.get(passage);
  if (known === undefined) ofSide.set(passage, (known = new Map()));
  let tokens = known.get(side);
  if (tokens === undefined) known.set(side, (tokens = collectSide(passage, SIDES.indexOf(side))));
  return tokens;
}

function collectSide({ documents, sides }: Passage, side: number): Int32Array {
  let count = 0;
  for (const document of documents) if (document >= 0 && sides[document] === side) count++;
  const tokens = new Int32Array(count);
  for (let at = 0, next = 0; next < count; at++) {
    const document = documents[at]!;
    if (document >= 0 && sides[document] === side) tokens[next++] = at;
  }
  return tokens;
}

/** The context that a token is in: the last that begins at or before it. */
export function contextOf({ starts }: Passage, token: number): number {
  return firstAtLeast(starts, token + 1) - 1;
}
