/** Fitted laws over tokens or width, one curve for every setting of the other factors, through the trials that they were fitted to. */

import * as Plot from "@observablehq/plot";
import { draw, type Figure, quietX, quietY } from "../../../report/figure.ts";
import { seriesColour } from "../../../report/palette.ts";
import type { Scaling, ScalingVariable } from "../scaling.ts";
import { legendHeight, legendMarks, legendOf } from "./colours.ts";
import { logTicks, scaleFor, shortNumber, tickText } from "./scales.ts";

const STEPS = 40;
/** As many as there are colours. */
const MOST = 6;

const AXIS: Readonly<Record<ScalingVariable, string>> = {
  width: "features in the dictionary",
  tokens: "training tokens",
  "tokens on the way": "training tokens so far",
};

export function scalingFigure({ variable, outcome, laws }: Scaling): Figure {
  const shown = laws.slice(0, MOST);
  const dots = shown.flatMap(({ points }, i) => points.map((point) => ({ ...point, i })));
  const curves = shown.flatMap(({ points, law }, i) => {
    const at = points.map((point) => point.at);
    const [from, to] = [Math.min(...at), Math.max(...at)];
    return Array.from({ length: STEPS + 1 }, (_, step) => {
      const x = from * (to / from) ** (step / STEPS);
      const { value, interval } = law.predict([x]);
      return { x, value, low: interval?.[0] ?? value, high: interval?.[1] ?? value, i };
    });
  });
  const values = dots.map(({ value }) => value);
  const xs = dots.map(({ at }) => at);
  const title = `${outcome.label}, by ${variable}`;
  const legend = legendOf(
    shown.flatMap(({ setting }, i) =>
      setting === "" ? [] : [{ text: shortened(setting, 40), stroke: seriesColour(i) }],
    ),
  );
  const svg = draw(title, {
    width: 430,
    height: 226 + legendHeight(legend, 430),
    marginTop: legendHeight(legend, 430),
    marginLeft: 52,
    x: scaleFor(xs, true),
    y: scaleFor(values, false),
    marks: [
      ...quietY({ ticks: 5, label: null, tickFormat: (value: number) => tickText(outcome, value) }),
      quietX({
        ticks: Math.max(...xs) >= 2 * Math.min(...xs) ? logTicks(xs) : 5,
        label: AXIS[variable],
        tickFormat: (value: number) => shortNumber(value),
      }),
      Plot.areaY(curves, {
        x: "x",
        y1: "low",
        y2: "high",
        z: "i",
        fill: ({ i }: { i: number }) => seriesColour(i),
        fillOpacity: 0.13,
        clip: true,
      }),
      Plot.line(curves, {
        x: "x",
        y: "value",
        z: "i",
        stroke: ({ i }: { i: number }) => seriesColour(i),
        strokeWidth: 1.5,
      }),
      Plot.dot(dots, {
        x: "at",
        y: "value",
        r: 2.6,
        fill: ({ i }: { i: number }) => seriesColour(i),
      }),
      ...legendMarks(legend, 430, 52),
    ],
  });
  return {
    name: `scaling-${variable.replaceAll(" ", "-")}-${outcome.name.replaceAll("_", "-")}`,
    title,
    caption: `Fitted: a + b · N^(−c), bands are 95 % intervals of the curve${laws.length > MOST ? `; ${MOST} of ${laws.length} settings` : ""}.`,
    svg,
  };
}

function shortened(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, Math.max(3, room - 1))}…`;
}
