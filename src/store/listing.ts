/**
 * What a reader of the store asks for and gets: a list of units, a map of them, contexts and explanations, with tokens as text.
 * The explorer's server passes these on as they are.
 */

import type { ContextPlace } from "../features/records.ts";
import type { UnitKind } from "../features/units.ts";

/** Equal ones stand in the order of their numbers, in both directions. "random" is the same order every time. */
export type Sort = "index" | "density" | "max" | "mean" | "score" | "entropy" | "random";

export interface ListQuery {
  readonly kind: UnitKind;
  /**
   * What to look for; empty: everything. Found, in this order, are the unit of that number; units that fire on that token, those
   * with it among their first three before the others; those that raise its logit; both, for tokens that differ in case only; explanations with all of these words (the last may be
   * the beginning of one); tokens that begin so. `sort` orders each of these groups.
   */
  readonly q: string;
  /** Units without a value (no score, no entropy) stand last in both directions. */
  readonly sort: Sort;
  readonly descending: boolean;
  readonly offset: number;
  readonly limit: number;
  readonly minDensity: number | null;
  readonly maxDensity: number | null;
  readonly minMax: number | null;
  readonly minScore: number | null;
  /** "single" and "other" tokens as the single-token flag says; "alive" and "dead" by density. */
  readonly filter: "all" | "alive" | "dead" | "single" | "other";
}

/** A line of the list. */
export interface UnitRow {
  readonly index: number;
  readonly density: number;
  readonly mean: number;
  readonly max: number;
  readonly singleToken: boolean | null;
  readonly entropy: number | null;
  /** Counts of the activation histogram. */
  readonly sparkline: readonly number[];
  /** Tokens that it fires on most, and those whose logits it raises most. */
  readonly tokens: readonly string[];
  readonly logits: readonly string[];
  /**
   * What stands for the unit: a person's newest words; else what a method says, of which the chosen ones come before others, those of
   * the newest interpretation first; then the one with the highest score; then the newest.
   */
  readonly explanation: string | null;
  /**
   * Of the explanation that stands first among those of methods. It is not the highest of all: that would be picked by the text that
   * it is measured on, and be too high the more explainers there are. (Where nothing was chosen the highest is all there is.)
   */
  readonly score: number | null;
}

export interface UnitList {
  /** Units that match, on all pages. */
  readonly total: number;
  readonly rows: readonly UnitRow[];
}

export interface ShownContext extends ContextPlace {
  /** Text of each token. */
  readonly tokens: readonly string[];
}

export interface Explanation {
  readonly id: number;
  readonly text: string;
  /** "person", or the method. */
  readonly author: string;
  readonly created: string;
  readonly score: number | null;
  /** Which score it is, and its 95 % interval; null or absent where it is not known. */
  readonly scoreKind?: string | null;
  readonly interval?: readonly [low: number, high: number] | null;
  /** It was chosen among several to stand for its unit, on documents that nothing is scored on. */
  readonly chosen?: boolean;
  /** Name of the interpretation that it is part of, and what answered the questions behind its score. */
  readonly interpretation?: string | null;
  readonly answeredBy?: string | null;
}

/** Units that have a place on the map, ascending. */
export interface MapPoints {
  readonly index: readonly number[];
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly density: readonly number[];
  readonly words: readonly string[];
}
