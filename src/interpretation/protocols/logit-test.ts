/**
 * The logit test of Bricken et al. 2023: does an explanation say which tokens a unit makes more likely as the next one? 100 tokens, half of
 * them random and half of ranks 11 to 60 of the logit weights. The ten highest are left out because the explainer was shown them, and
 * random tokens are none of the 60. Tokens of the vocabulary belong to no document, so there is one such test and no side to it; it is
 * asked with the side that is reported.
 */

import type { UnitEvidence } from "../evidence/passage.ts";
import { Random } from "../../random.ts";
import { drawDistinct } from "./distinct-draw.ts";
import type { Draw, Explaining } from "./protocol.ts";
import type { LogitTask } from "./task.ts";

const SHOWN = 10;
const HIGHEST = 60;
const RANDOM = 50;

/** What the explainer is shown. */
export function shownLogits({ logits }: UnitEvidence): Explaining["logits"] {
  if (logits === null) return null;
  const ids = (list: readonly { readonly token: number }[]) => list.slice(0, SHOWN).map(({ token }) => token);
  return { top: ids(logits.top), bottom: ids(logits.bottom) };
}

/** Null without logit weights, and where the vocabulary of the text is too small for 100 tokens. */
export function logitTest({ logits }: UnitEvidence, { seed, unit }: Draw): LogitTask | null {
  if (logits === null || logits.top.length < HIGHEST) return null;
  const random = Random.of(seed, `bricken-2023 logits ${unit}`);
  const highest = logits.top.slice(0, HIGHEST).map(({ token }) => token);
  const known = new Set(highest);
  const others = drawDistinct(logits.vocabulary.length, RANDOM, random, (place) => {
    const token = logits.vocabulary[place]!;
    return known.has(token) ? null : token;
  });
  if (others.length < RANDOM) return null;
  const asked = random.shuffle([
    ...highest.slice(SHOWN).map((token) => ({ token, label: true })),
    ...others.map((token) => ({ token, label: false })),
  ]);
  return {
    type: "logits",
    tokens: asked.map(({ token }) => token),
    labels: asked.map(({ label }) => label),
  };
}
