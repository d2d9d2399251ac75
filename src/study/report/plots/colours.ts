/** Colours of trials by one factor, and the legend that says which is which, drawn into the figure so that its file has it too. */

import * as Plot from "@observablehq/plot";
import { colour, seriesColour } from "../../../report/palette.ts";
import type { FactorValue } from "../../plan.ts";
import type { OutcomeEffects } from "../effects.ts";
import type { Population } from "../population.ts";
import { levelText } from "../words.ts";

const MOST = 6;

export interface Colouring {
  readonly factor: string | null;
  readonly entries: readonly { readonly text: string; readonly stroke: string }[];
  /** Of a trial, by its name. */
  of(trial: string): string;
}

/**
 * By the factor that has the most to say about `outcome` among those with few levels.
 * @param but a factor that the figure shows by place already
 */
export function colouringOf(
  population: Population,
  effects: readonly OutcomeEffects[],
  outcome: string,
  but: string | null = null,
): Colouring {
  const shares = effects.find(({ name }) => name === outcome)?.shares ?? [];
  const shareOf = (name: string) => shares.find(({ factor }) => factor === name)?.share ?? 0;
  const [chosen] = population.factors
    .filter(({ name, levels }) => name !== but && levels.length <= MOST)
    .sort((a, b) => shareOf(b.name) - shareOf(a.name));
  if (chosen === undefined) {
    return { factor: null, entries: [], of: () => seriesColour(0) };
  }
  const byTrial = new Map<string, FactorValue>(
    population.trials.map(({ name }, i) => [name, chosen.binned[i]!]),
  );
  return {
    factor: chosen.name,
    entries: chosen.levels.map((level, i) => ({ text: levelText(level), stroke: seriesColour(i) })),
    of: (trial) => seriesColour(Math.max(0, chosen.levels.indexOf(byTrial.get(trial) ?? null))),
  };
}

/** The factor that moves an outcome most; null where none does. */
export function strongestFactor(effects: readonly OutcomeEffects[], outcome: string): string | null {
  const shares = effects.find(({ name }) => name === outcome)?.shares ?? [];
  const [first] = [...shares].sort((a, b) => (b.share ?? 0) - (a.share ?? 0));
  return first === undefined || (first.share ?? 0) <= 0 ? null : first.factor;
}

/** A legend of words that are no levels of a factor. */
export function legendOf(entries: Colouring["entries"]): Colouring {
  return { factor: entries.length === 0 ? null : "", entries, of: () => colour("soft") };
}

const LETTER = 6.4;
const LINE = 17;

interface LegendWord {
  readonly text: string;
  /** Null: a word without a dot. */
  readonly dot: string | null;
  readonly at: number;
  readonly line: number;
}

/** Dots and words in as many lines as they need. */
function legendWords({ factor, entries }: Colouring, room: number): LegendWord[] {
  if (factor === null) return [];
  const words: LegendWord[] = [];
  let [at, line] = [0, 0];
  const put = (text: string, dot: string | null) => {
    const width = (dot === null ? 0 : 13) + text.length * LETTER;
    if (at > 0 && at + width > room) [at, line] = [0, line + 1];
    words.push({ text, dot, at, line });
    at += width + 15;
  };
  if (factor !== "") put(factor, null);
  for (const { text, stroke } of entries) put(text, stroke);
  return words;
}

/** What a figure of this width leaves above its frame for the legend. */
export function legendHeight(colouring: Colouring, width: number): number {
  const lines = Math.max(0, ...legendWords(colouring, width).map(({ line }) => line + 1));
  return lines === 0 ? 14 : 17 + LINE * lines;
}

/**
 * Above the frame, from the figure's left edge.
 * @param left margin of the figure
 */
export function legendMarks(colouring: Colouring, width: number, left: number): Plot.Markish[] {
  const words = legendWords(colouring, width);
  const lines = Math.max(0, ...words.map(({ line }) => line + 1));
  return words.flatMap(({ text, dot, at, line }) => {
    const [dx, dy] = [at - left + 4, -12 - LINE * (lines - line)];
    const word = Plot.text([text], {
      frameAnchor: "top-left",
      textAnchor: "start",
      dx: dx + (dot === null ? 0 : 13),
      dy: dy + 5,
      fill: colour(dot === null ? "soft" : "ink"),
    });
    return dot === null
      ? [word]
      : [Plot.dot([0], { frameAnchor: "top-left", dx: dx + 4, dy: dy + 9, r: 4, fill: dot }), word];
  });
}
