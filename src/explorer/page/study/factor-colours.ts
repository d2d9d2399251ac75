/** Colours of trials by one factor: one each for a few values, from rare to frequent along a ramp for more numbers than there are colours. */

import type { TrialOutcomes } from "../../../study/outcomes/outcome.ts";
import type { FactorValue } from "../../../study/plan.ts";
import { levelText } from "../../../study/report/words.ts";
import { densityColours, seriesColour } from "../charts/colours.ts";
import { valueKey } from "./selection.ts";

/** Colours that are told apart. */
const MOST = 6;

export interface FactorColours {
  readonly of: (trial: Pick<TrialOutcomes, "factors">) => string;
  readonly legend: readonly { readonly words: string; readonly colour: string }[];
}

export function factorColours(
  factor: string | null,
  values: readonly FactorValue[],
  theme: "light" | "dark",
): FactorColours {
  if (factor === null) return { of: () => seriesColour(0), legend: [] };
  const isRamp = values.length > MOST && values.every((value) => typeof value === "number" || value === null);
  const ramp = densityColours(theme, values.length);
  const keys = values.map(valueKey);
  const colourAt = (place: number) =>
    place < 0 ? "var(--faint)" : isRamp ? ramp[place]! : place < MOST ? seriesColour(place) : "var(--faint)";
  const legend = values.map((value, at) => ({ words: levelText(value), colour: colourAt(at) }));
  const rest = values.length - MOST;
  return {
    of: ({ factors }) => colourAt(keys.indexOf(valueKey(factors[factor] ?? null))),
    legend:
      isRamp || rest <= 0
        ? legend
        : [...legend.slice(0, MOST), { words: `${rest} other values`, colour: "var(--faint)" }],
  };
}
