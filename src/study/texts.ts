/**
 * The texts of a study: each is tokenised once, for every group that reads the same documents with the same tokenizer in contexts of the
 * same length, and as far as the one goes that needs the most.
 */

import { canonical } from "./canonical.ts";
import type { Text } from "./plan.ts";
import type { TrialRequest } from "./study-request.ts";

export interface TextsOfGroups {
  readonly texts: readonly Text[];
  /** The text's name, for each group. */
  readonly ofGroup: readonly string[];
}

/** @param first the first trial of each group: the others have the same stream */
export function textsFor(first: readonly TrialRequest[], slices: number): TextsOfGroups {
  const keys = first.map(({ stream, model }) =>
    canonical([
      stream.data,
      stream.reading,
      stream.heldoutShare,
      stream.textTokens,
      stream.context,
      // Such a run is refused where the text is too short for it, and others are not.
      stream.whenTextEnds === "stop",
      stream.hub?.offline,
      model.tokenizer,
    ]),
  );
  const distinct = [...new Set(keys)];
  const texts = distinct.map((key, i): Text => {
    const users = first.filter((_, group) => keys[group] === key);
    const largest = users.reduce((a, b) => (trainTokens(b) > trainTokens(a) ? b : a));
    return {
      name: `t${i + 1}`,
      stream: largest.stream,
      trainTokens: trainTokens(largest),
      heldoutTokens: Math.max(...users.map(({ stream }) => stream.evaluationTokens)),
      slices,
    };
  });
  return { texts, ofGroup: keys.map((key) => texts[distinct.indexOf(key)]!.name) };
}

function trainTokens({ options, stream }: TrialRequest): number {
  return Math.min(options.tokens, stream.textTokens ?? Infinity);
}
