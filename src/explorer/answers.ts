/** What is stored of a run, as the page wants it: tokens as text. The server answers with it, and an export writes it out. */

import type { TokenWeight } from "../features/records.ts";
import type { UnitKind } from "../features/units.ts";
import type { Store, StoredAblation, StoredExplanation, StoredTokenChange } from "../store/store.ts";
import type { Ablation, Explanation, ShownWeight, TokenChange, UnitPage } from "./api.ts";

type TokenText = (id: number) => string;

/** Undefined when there is no analysis or no such unit. */
export function unitPage(store: Store, sae: string, kind: UnitKind, index: number): UnitPage | undefined {
  const unit = store.unit(sae, kind, index);
  if (unit === undefined) return undefined;
  const { row, record, contexts } = unit;
  const { statistics, tokenAnalysis, logits, alignment, nearest, proxies, examples } = record;
  const text: TokenText = (id) => store.tokenText(id);
  const weights = (list: readonly TokenWeight[]): ShownWeight[] =>
    list.map(({ token, value }) => ({ token: text(token), value }));
  const withWords = (neighbours: UnitPage["alignment"] & {}) => {
    const indices = neighbours.map((neighbour) => neighbour.index);
    const words = store.words(sae, kind, indices);
    return neighbours.map((neighbour, i) => ({ ...neighbour, words: words[i] ?? "" }));
  };
  return {
    row,
    statistics,
    tokens: (tokenAnalysis?.tokens ?? []).map(({ token, ...counts }) => ({ token: text(token), ...counts })),
    logits: logits && { ...logits, top: weights(logits.top), bottom: weights(logits.bottom) },
    alignment,
    nearest: {
      decoder: withWords(nearest.decoder),
      activation: withWords(nearest.activation),
      neurons: nearest.neurons,
    },
    proxies,
    examples: examples.map((example) => ({
      ...example,
      value: short(example.value),
      values: example.values.map(short),
    })),
    contexts,
    ablations: store.ablations(sae, kind, index).map((ablation) => shownAblation(ablation, text)),
    explanations: store.explanations(sae, kind, index).map(shownExplanation),
  };
}

export function shownAblation(
  { split, context, activations, lossChange, lowered, raised }: StoredAblation,
  tokenText: TokenText,
): Ablation {
  const changes = (lists: readonly (readonly StoredTokenChange[])[]): TokenChange[][] =>
    lists.map((list) =>
      list.map(({ token, before, after }) => ({
        token: tokenText(token),
        before: short(before),
        after: short(after),
      })),
    );
  return {
    split,
    context,
    activations: Array.from(activations, short),
    lossChange: Array.from(lossChange, short),
    lowered: changes(lowered),
    raised: changes(raised),
  };
}

export function shownExplanation(stored: StoredExplanation): Explanation {
  const { details: _details, ...explanation } = stored;
  return explanation;
}

/** Six digits: all that float32 holds for certain, in a third of the characters of its decimal expansion. */
export function short(value: number): number {
  return Number(value.toPrecision(6));
}
