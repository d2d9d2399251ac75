/**
 * Which contexts an analysis reads, and in which order: the held-out ones first, then as much of the train split as was asked for.
 *
 * Held-out text is what a dictionary's faithfulness is measured on, so it is always there; the train split is where there is enough text
 * for rare features. Where a split has more than is wanted, contexts are taken at equal distances, so that the sample has all of the
 * text's parts: the first million tokens of a corpus can be one kind of document.
 */

import { Random } from "../../random.ts";
import type { ContextPlace, SplitName } from "../records.ts";

/** Numbers of contexts, ascending. */
export type ContextsToRead = Readonly<Record<SplitName, Int32Array>>;

/** In the order in which they are read. */
export const READING_ORDER: readonly SplitName[] = ["heldout", "train"];

/**
 * @param tokens of each split, at most; whole contexts, at least one where the split has any and something of it is wanted
 */
export function contextsToRead(
  splits: Readonly<Record<SplitName, { readonly contexts: number; readonly context: number }>>,
  tokens: Readonly<Record<SplitName, number>>,
): ContextsToRead {
  const of = (split: SplitName) => {
    const { contexts, context } = splits[split];
    if (tokens[split] <= 0) return new Int32Array(0);
    return strided(contexts, Math.min(contexts, Math.max(1, Math.floor(tokens[split] / context))));
  };
  return { heldout: of("heldout"), train: of("train") };
}

/** As many tokens of both splits together: the held-out ones, and of the train split what is left. */
export function heldoutFirst(splits: Parameters<typeof contextsToRead>[0], tokens: number): ContextsToRead {
  const heldout = splits.heldout.contexts * splits.heldout.context;
  return contextsToRead(splits, {
    heldout: Math.min(heldout, tokens),
    train: Math.max(0, tokens - heldout),
  });
}

/** `count` of the numbers 0 … total − 1 at equal distances, each in the middle of its stretch. */
function strided(total: number, count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * total) / count));
}

/** A token of the text. */
export interface TokenPlace extends ContextPlace {
  readonly position: number;
}

/** `count` of the tokens that are read, chosen alike among all, no two of one context; fewer where there are fewer contexts. */
export function randomTokens(
  { heldout, train }: ContextsToRead,
  context: number,
  count: number,
  seed: number,
): TokenPlace[] {
  const random = Random.of(seed, "tokens shown of every unit");
  const contexts = heldout.length + train.length;
  const chosen = new Set<number>();
  while (chosen.size < Math.min(count, contexts)) chosen.add(random.integer(contexts));
  return [...chosen]
    .sort((a, b) => a - b)
    .map((i) => ({
      split: i < heldout.length ? "heldout" : "train",
      context: i < heldout.length ? heldout[i]! : train[i - heldout.length]!,
      position: random.integer(context),
    }));
}
