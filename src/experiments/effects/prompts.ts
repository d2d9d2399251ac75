/** What is continued with units pinned: the prompt of Bricken et al. 2023, and beginnings of held-out contexts as long as that. */

import { Random } from "../../random.ts";
import type { ReadText } from "./read-text.ts";

export const PUBLISHED_PROMPT = "1,2,3,4,5,6,7,8,9,10";

/**
 * `count` prompts of one length, each behind a separator; fewer where there are fewer contexts.
 * @param published ids of the published prompt, without separator
 */
export function promptsOf(
  text: ReadText,
  published: readonly number[],
  count: number,
  seed: number,
): Int32Array[] {
  const { context, separator, tokens } = text;
  const length = Math.min(published.length + 1, context);
  const first = Int32Array.from([separator, ...published]).subarray(0, length);
  const contexts = text.heldout > 0 ? text.heldout : tokens.length / context;
  const order = Random.of(seed, "prompts of pinned sampling").permutation(contexts);
  const drawn = Array.from(order.subarray(0, count - 1), (number) =>
    tokens.slice(number * context, number * context + length),
  );
  return [first, ...drawn];
}
