/**
 * From which prediction on an explanation says yes. A rule predicts numbers, detection and fuzzing ask for verdicts: the
 * threshold between them is chosen on the side "explain", for the best balanced accuracy on windows like those that will be shown,
 *
 *     detection    the highest prediction of a window     windows with an active token against windows with none
 *     fuzzing      the mean over marked tokens            active tokens against as many others, in windows of both kinds
 */

import { Random } from "../../random.ts";
import { firstAtLeast } from "../../features/first-at-least.ts";
import type { Excerpt } from "../evidence/passage.ts";
import { type ExplainSide, hasNext, stretchStart, type UnitOnSide } from "./explain-side.ts";
import type { Predictor } from "./predictor.ts";

/** Tokens of a window, as in delphi's tasks, and windows of each kind. */
const LENGTH = 32;
const WINDOWS = 30;

/** Random tokens that are tried for each window without activity: a dense unit leaves few. */
const TRIES = 10;

export interface Thresholds {
  readonly detection: number;
  readonly fuzzing: number;
}

type Window = Pick<Excerpt, "start" | "length">;

export function calibrate(
  side: ExplainSide,
  unit: UnitOnSide,
  { predict }: Predictor,
  seed: string,
): Thresholds {
  const random = Random.of(0, `thresholds ${seed}`);
  const active = activeWindows(side, unit, random);
  const quiet = quietWindows(side, unit, random);
  const predicted = ({ start, length }: Window) =>
    predict(Array.from(side.passage.tokens.subarray(start, start + length)));
  const [marked, others]: [number[], number[]] = [[], []];
  const highest = (windows: readonly Window[]) =>
    windows.map((window) => {
      const values = predicted(window);
      const rows = activePlaces(unit, window);
      if (rows.length > 0) marked.push(meanAt(values, rows));
      const rest = [...values.keys()].filter((place) => !rows.includes(place));
      const wrong = random.shuffle(rest).slice(0, Math.max(1, rows.length));
      if (wrong.length > 0) others.push(meanAt(values, wrong));
      return highestOf(values);
    });
  const [positive, negative] = [highest(active), highest(quiet)];
  return {
    detection: bestThreshold(positive, negative) ?? unit.max / 2,
    fuzzing: bestThreshold(marked, others) ?? unit.max / 2,
  };
}

/**
 * The value between two scores above which to say yes, for the best balanced accuracy; of equally good ones the one farthest from any
 * score. Infinite where nothing is better than a constant answer; null where there is one class only.
 */
export function bestThreshold(positive: readonly number[], negative: readonly number[]): number | null {
  if (positive.length === 0 || negative.length === 0) return null;
  const scores = [
    ...positive.map((score) => ({ score, weight: 1 / positive.length })),
    ...negative.map((score) => ({ score, weight: -1 / negative.length })),
  ].sort((a, b) => b.score - a.score);
  let [gain, best, widest, threshold] = [0, 1e-9, 0, Number.POSITIVE_INFINITY];
  for (let at = 0; at + 1 < scores.length; at++) {
    const [{ score, weight }, lower] = [scores[at]!, scores[at + 1]!.score];
    gain += weight;
    const gap = score - lower;
    if (gap <= 0 || gain < best - 1e-9 || (gain < best + 1e-9 && gap <= widest)) continue;
    [best, widest, threshold] = [Math.max(best, gain), gap, lower + gap / 2];
  }
  return threshold;
}

export function highestOf(values: ArrayLike<number>): number {
  let highest = 0;
  for (let at = 0; at < values.length; at++) highest = Math.max(highest, values[at]!);
  return highest;
}

/**
 * Mean of the values at some places; 0 for none. In 32 bits: the last digits of a longer one depend on how many places there are, and
 * would tell right marks from wrong ones where the values do not.
 */
export function meanAt(values: ArrayLike<number>, places: readonly number[]): number {
  if (places.length === 0) return 0;
  return Math.fround(places.reduce((sum, place) => sum + (values[place] ?? 0), 0) / places.length);
}

function activeWindows(side: ExplainSide, { rows }: UnitOnSide, random: Random): Window[] {
  return Array.from({ length: Math.min(WINDOWS, rows.length) }, () =>
    windowWith(side, rows[random.integer(rows.length)]!, random),
  );
}

function quietWindows(side: ExplainSide, unit: UnitOnSide, random: Random): Window[] {
  const found: Window[] = [];
  for (let tried = 0; tried < TRIES * WINDOWS && found.length < WINDOWS; tried++) {
    const window = windowWith(side, side.rows[random.integer(side.rows.length)]!, random);
    if (activePlaces(unit, window).length === 0) found.push(window);
  }
  return found;
}

/** A window of a stretch that has this token somewhere. */
function windowWith(side: ExplainSide, row: number, random: Random): Window {
  const start = stretchStart(side, row, random.integer(LENGTH));
  let end = row;
  while (end - start + 1 < LENGTH && hasNext(side, end)) end++;
  return { start, length: end - start + 1 };
}

function activePlaces({ rows }: UnitOnSide, { start, length }: Window): number[] {
  const places: number[] = [];
  for (let at = firstAtLeast(rows, start); at < rows.length && rows[at]! < start + length; at++) {
    places.push(rows[at]! - start);
  }
  return places;
}
