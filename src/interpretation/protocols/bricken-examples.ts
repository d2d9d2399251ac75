/**
 * Examples of a unit as Bricken et al. 2023 draw them: 9 tokens, the token that they are chosen for in the middle.
 *
 *     interval of f     min(12, ⌊13·f/max⌋)        13 of equal width on (0, max], max: the highest f on the side
 *     top               drawn from the highest interval
 *     interval          drawn from each of the other twelve
 *     random            any tokens of the side, active or not
 *     elsewhere         other occurrences of the tokens at which the top examples peak, active or not
 *
 * The paper's appendix on automated interpretability has "the other 12 intervals" beside the top one; its display of features and its
 * human ratings have 11 in all, and nothing there reconciles the two. Here it is 13, as in the appendix that is followed.
 *
 * What an interval cannot fill stays missing: intervals of a rare unit have fewer examples than asked for. The top is the exception,
 * because one outlier would be the whole of it: the next highest tokens fill it up. Tokens too close to the edge of a document or
 * context for 4 tokens on either side are passed over, and of windows with the same tokens one is taken.
 */

import { tokensOfSide, windowAround } from "../evidence/examples.ts";
import { activationsOf, type Excerpt, type Side, type UnitEvidence } from "../evidence/passage.ts";
import type { Random } from "../../random.ts";
import { type ActiveTokens, activeOn } from "./active-tokens.ts";
import { DistinctWindows, drawDistinct } from "./distinct-draw.ts";
import { occurrencesOn } from "./occurrences.ts";
import { ascendingOrder } from "./order.ts";
import { REACH } from "./too-rare.ts";

export const INTERVALS = 13;
const TOP = INTERVALS - 1;

export interface Wanted {
  readonly top: number;
  /** Of each of the other twelve intervals. */
  readonly each: number;
  readonly random: number;
  readonly elsewhere: number;
}

export interface BrickenExamples {
  readonly excerpts: readonly Excerpt[];
  /** The highest f on the side. */
  readonly max: number;
  /** Of each excerpt, in the importance-weighted score. */
  readonly weights: readonly number[];
}

export function intervalOf(f: number, max: number): number {
  return Math.min(TOP, Math.floor((INTERVALS * f) / max));
}

/**
 * The examples of a unit on a side, top ones first; none when it is never active there.
 *
 * Weights, by which the share of an excerpt in the score follows how common what it shows is: 1 for a random one; for an interval the
 * unit's density times the interval's probability among active tokens, that is the share of all tokens that are in the interval; for an
 * occurrence elsewhere that of the top interval. Nearly all weight is on random examples then, as the paper says itself.
 * @param without excerpts whose windows must not come again
 */
export function brickenExamples(
  evidence: UnitEvidence,
  side: Side,
  wanted: Wanted,
  random: Random,
  without: Iterable<Excerpt> = [],
): BrickenExamples {
  const { passage } = evidence;
  const active = activeOn(evidence, side);
  const { rows, values, max } = active;
  if (rows.length === 0) return { excerpts: [], max, weights: [] };
  const windows = new DistinctWindows(passage, without);
  const { offsets, places } = byInterval(active);
  const inInterval = (interval: number) => offsets[interval + 1]! - offsets[interval]!;
  const excerptAt = (token: number, group: Excerpt["group"], interval: number | null): Excerpt | null => {
    const window = windowAround(passage, token, REACH, REACH);
    if (window === null || !windows.take(window)) return null;
    return { ...window, centre: REACH, group, interval };
  };
  const ofInterval = (interval: number, count: number, group: Excerpt["group"]) =>
    drawDistinct(inInterval(interval), count, random, (place) =>
      excerptAt(rows[places[offsets[interval]! + place]!]!, group, interval),
    );

  const top = ofInterval(TOP, wanted.top, "top");
  for (let interval = TOP - 1; interval >= 0 && top.length < wanted.top; interval--) {
    const members = places.subarray(offsets[interval], offsets[interval + 1]);
    const order = ascendingOrder(Float32Array.from(members, (place) => values[place]!));
    for (let at = order.length - 1; at >= 0 && top.length < wanted.top; at--) {
      const excerpt = excerptAt(rows[members[order[at]!]!]!, "top", interval);
      if (excerpt !== null) top.push(excerpt);
    }
  }
  const others: Excerpt[] = [];
  for (let interval = TOP - 1; interval >= 0; interval--) {
    others.push(...ofInterval(interval, wanted.each, "interval"));
  }
  const all = tokensOfSide(passage, side);
  const anywhere = drawDistinct(all.length, wanted.random, random, (place) =>
    excerptAt(all[place]!, "random", null),
  );
  const peaks = new Set(top.map((excerpt) => passage.tokens[peakOf(evidence, excerpt)]!));
  const elsewhere = drawOccurrences(evidence, side, peaks, wanted.elsewhere, random, (token) =>
    excerptAt(token, "elsewhere", null),
  );

  const excerpts = [...top, ...others, ...anywhere, ...elsewhere];
  const weights = excerpts.map(({ group, interval }) =>
    group === "random" ? 1 : inInterval(interval ?? TOP) / all.length,
  );
  return { excerpts, max, weights };
}

/** Active tokens put together by interval: places[offsets[i] … offsets[i + 1]) are those of interval i. */
function byInterval({ values, max }: ActiveTokens): { offsets: Uint32Array; places: Uint32Array } {
  const intervals = new Uint8Array(values.length);
  const offsets = new Uint32Array(INTERVALS + 1);
  for (let at = 0; at < values.length; at++) {
    const interval = intervalOf(values[at]!, max);
    intervals[at] = interval;
    offsets[interval + 1]!++;
  }
  for (let i = 0; i < INTERVALS; i++) offsets[i + 1]! += offsets[i]!;
  const next = offsets.slice();
  const places = new Uint32Array(values.length);
  for (let at = 0; at < values.length; at++) places[next[intervals[at]!]!++] = at;
  return { offsets, places };
}

/** The token of an excerpt at which f is highest. */
function peakOf({ column }: UnitEvidence, excerpt: Excerpt): number {
  const activations = activationsOf(column, excerpt);
  return excerpt.start + activations.indexOf(Math.max(...activations));
}

/** A draw among all occurrences of some tokens on a side, each as likely as every other. */
function drawOccurrences<T>(
  { passage }: UnitEvidence,
  side: Side,
  tokens: Iterable<number>,
  wanted: number,
  random: Random,
  accept: (token: number) => T | null,
): T[] {
  const { offsets, places } = occurrencesOn(passage, side);
  const runs = Array.from(tokens, (id) => ({ from: offsets[id]!, count: offsets[id + 1]! - offsets[id]! }));
  const total = runs.reduce((sum, { count }) => sum + count, 0);
  return drawDistinct(total, wanted, random, (place) => {
    let rest = place;
    for (const { from, count } of runs) {
      if (rest < count) return accept(places[from + rest]!);
      rest -= count;
    }
    return null;
  });
}
