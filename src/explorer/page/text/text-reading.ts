/** What a text's analysis says as a whole: totals, its features in order of interest, the tokens that the dictionary fails on. */

import type { TextAnalysis } from "../../api.ts";

export interface TextTotals {
  /** Tokens that were predicted: all but the separator. */
  readonly predicted: number;
  /** Means in nats a token. */
  readonly clean: number;
  readonly reconstructed: number;
  readonly ablated: number;
  /** (ablated − reconstructed) / (ablated − clean); null where ablation does not raise the loss. */
  readonly recovered: number | null;
  /** Mean number of active features, the separator included as it is in evaluations. */
  readonly l0: number;
}

export function totalsOf({ features, clean, reconstructed, ablated }: TextAnalysis): TextTotals {
  const [cleanMean, reconstructedMean, ablatedMean] = [mean(clean), mean(reconstructed), mean(ablated)];
  const gap = ablatedMean - cleanMean;
  return {
    predicted: clean.filter((loss) => loss !== null).length,
    clean: cleanMean,
    reconstructed: reconstructedMean,
    ablated: ablatedMean,
    recovered: gap > 0 ? (ablatedMean - reconstructedMean) / gap : null,
    l0:
      features.length === 0 ? 0 : features.reduce((sum, active) => sum + active.length, 0) / features.length,
  };
}

function mean(losses: readonly (number | null)[]): number {
  const known = losses.filter((loss) => loss !== null);
  return known.length === 0 ? 0 : known.reduce((sum, loss) => sum + loss, 0) / known.length;
}

/** From this many nats on, a token's loss with the reconstruction counts as failed. */
export const FAILS = 1;

/** Loss of each token with the reconstruction minus without; 0 where there is none. */
export function damageOf({ clean, reconstructed }: Pick<TextAnalysis, "clean" | "reconstructed">): number[] {
  return clean.map((loss, at) => (loss === null ? 0 : (reconstructed[at] ?? loss) - loss));
}

export interface TextFeature {
  readonly index: number;
  /** Of each token. */
  readonly values: Float32Array;
  readonly max: number;
  readonly sum: number;
  /** Tokens on which it is active. */
  readonly active: number;
  /** Where it is strongest. */
  readonly peak: number;
}

export const TEXT_ORDERS = ["strongest", "sum", "tokens"] as const;
export type TextOrder = (typeof TEXT_ORDERS)[number];

/** Every feature that is active somewhere. The separator does not count: what is active there says nothing of the text. */
export function featuresOf({ features }: Pick<TextAnalysis, "features">): readonly TextFeature[] {
  const found = new Map<
    number,
    { values: Float32Array; max: number; sum: number; active: number; peak: number }
  >();
  features.forEach((active, position) => {
    for (const [index, value] of active) {
      let feature = found.get(index);
      if (feature === undefined) {
        feature = { values: new Float32Array(features.length), max: 0, sum: 0, active: 0, peak: position };
        found.set(index, feature);
      }
      feature.values[position] = value;
      if (position === 0) continue;
      feature.sum += value;
      feature.active++;
      if (value > feature.max) {
        feature.max = value;
        feature.peak = position;
      }
    }
  });
  return [...found].filter(([, { active }]) => active > 0).map(([index, feature]) => ({ index, ...feature }));
}

export function inOrder(features: readonly TextFeature[], order: TextOrder): readonly TextFeature[] {
  const key: Readonly<Record<TextOrder, (feature: TextFeature) => number>> = {
    strongest: ({ max }) => max,
    sum: ({ sum }) => sum,
    tokens: ({ active }) => active,
  };
  return features.toSorted((a, b) => key[order](b) - key[order](a) || a.index - b.index);
}

/** A number out of an address that is a position from `from` on and below `count`; null for what is none. */
export function positionOf(text: string | undefined, from: number, count: number): number | null {
  if (text === undefined || !/^\d{1,9}$/.test(text)) return null;
  const position = Number(text);
  return position >= from && position < count ? position : null;
}

/** +1.72, +0.116, 0: three decimals at most, so that a column of them is read at a glance. */
export function effectText(value: number): string {
  const text = Math.abs(value) >= 1 ? value.toFixed(2) : value.toFixed(3);
  if (Number(text) === 0) return "0";
  return `${value > 0 ? "+" : "−"}${text.replace("-", "")}`;
}
