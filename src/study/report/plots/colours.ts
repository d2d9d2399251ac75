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

/** A line of dots and words above the frame. Takes `marginTop` of 34 at least. */
export function legendMarks({ factor, entries }: Colouring): Plot.Markish[] {
  if (factor === null) return [];
  const letters = 6.4;
  const marks: Plot.Markish[] = [];
  const word = (text: string, dx: number, fill: string) =>
    Plot.text([text], { frameAnchor: "top-left", textAnchor: "start", dx, dy: -20, fill });
  marks.push(word(factor, 0, colour("soft")));
  let at = factor.length * letters + 14;
  for (const { text, stroke } of entries) {
    marks.push(Plot.dot([0], { frameAnchor: "top-left", dx: at + 4, dy: -16, r: 4, fill: stroke }));
    marks.push(word(text, at + 13, colour("ink")));
    at += 13 + text.length * letters + 16;
  }
  return marks;
}
