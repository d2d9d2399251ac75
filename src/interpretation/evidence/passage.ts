/**
 * The text on which units are interpreted, and what it is used for. Documents, never windows, are dealt to three sides, so nothing
 * that an explanation is scored on comes from a document that it was made from:
 *
 *     explain   explanations are made from it                                    2 of 5 documents
 *     choose    several explanations of one unit are compared on it              1 of 5
 *     score     what is reported is measured on it, and on nothing else          2 of 5
 *
 * The side is a hash of the document's number and a seed. It does not depend on the unit: what explains one unit never scores another,
 * which matters when the explanation of another unit is the control.
 */

import { firstAtLeast } from "../../features/first-at-least.ts";
import type { SplitName } from "../../features/records.ts";

export const SIDES = ["explain", "choose", "score"] as const;
export type Side = (typeof SIDES)[number];

/** Contexts one after the other, each read by the model from its own first token. */
export interface Passage {
  /** Of all contexts, one after the other. */
  readonly tokens: Int32Array;
  /** Where each context begins in `tokens`, and the length of `tokens` at the end [contexts + 1]. */
  readonly starts: Int32Array;
  /** Number of each token's document: different for different documents, over all splits. −1 for a separator, which is no document's. */
  readonly documents: Int32Array;
  /** Of each document, as an index in SIDES. */
  readonly sides: Uint8Array;
  /** Where each context is in the run's text; null for text that is not from a run. */
  readonly places: readonly { readonly split: SplitName; readonly context: number }[] | null;
  /** Text of a token, as it is shown. */
  readonly tokenText: (id: number) => string;
}

/** f of one unit on a passage: the tokens with f > 0, ascending, and f there. */
export interface Column {
  readonly rows: Uint32Array;
  readonly values: Float32Array;
}

/** What is known of one unit, for whoever explains it and scores explanations of it. */
export interface UnitEvidence {
  readonly passage: Passage;
  readonly column: Column;
  /** Active tokens with different windows that a side needs to be scored on: 20 (Bricken et al. 2023) unless there is little to have. */
  readonly fewest?: number;
  /**
   * Logit weights, highest first and lowest first, at least 60 of each where there are any; null where there is no linear path.
   * `vocabulary`: all tokens that the weights were taken over (those that the text has).
   */
  readonly logits: {
    readonly top: readonly { readonly token: number; readonly value: number }[];
    readonly bottom: readonly { readonly token: number; readonly value: number }[];
    readonly vocabulary: Int32Array;
  } | null;
}

/** Why a stretch of text was chosen. "elsewhere": the unit's top tokens in other contexts, whether it is active there or not. */
export type ExcerptGroup = "top" | "interval" | "random" | "elsewhere";

/**
 * A stretch of one document within one context: [start, start + length) of the passage's tokens, no separator in it. `start` is an
 * index into `Passage.tokens`.
 */
export interface Excerpt {
  readonly start: number;
  readonly length: number;
  /** Of the token that it was chosen for, within it; null where it was not chosen for a token. */
  readonly centre: number | null;
  readonly group: ExcerptGroup;
  /** For "interval" (and "top" where top is the highest interval): its number from 0, the lowest; else null. */
  readonly interval: number | null;
}

/** What is shown of an excerpt: never its activations, which are handed over apart. */
export interface Sequence {
  readonly ids: readonly number[];
  readonly texts: readonly string[];
}

export function sequenceOf(passage: Passage, { start, length }: Excerpt): Sequence {
  const ids = Array.from(passage.tokens.subarray(start, start + length));
  return { ids, texts: ids.map(passage.tokenText) };
}

/** f at each token of an excerpt [length]. */
export function activationsOf(column: Column, { start, length }: Excerpt): Float64Array {
  const values = new Float64Array(length);
  for (let at = firstAtLeast(column.rows, start); at < column.rows.length; at++) {
    const position = column.rows[at]! - start;
    if (position >= length) break;
    values[position] = column.values[at]!;
  }
  return values;
}

/** Columns one after the other, as one. */
export function joined(columns: readonly Column[]): Column {
  const size = columns.reduce((sum, { rows }) => sum + rows.length, 0);
  const rows = new Uint32Array(size);
  const values = new Float32Array(size);
  let at = 0;
  for (const column of columns) {
    rows.set(column.rows, at);
    values.set(column.values, at);
    at += column.rows.length;
  }
  return { rows, values };
}

/** The side of a token; undefined for a separator. */
export function sideOf({ documents, sides }: Passage, token: number): Side | undefined {
  const document = documents[token]!;
  return document < 0 ? undefined : SIDES[sides[document]!];
}
