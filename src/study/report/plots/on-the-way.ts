/** Evaluations on the way: one line a trial, over the tokens that it was trained on by then. */

import * as Plot from "@observablehq/plot";
import { draw, type Figure, quietX, quietY } from "../../../report/figure.ts";
import { CURVE_OUTCOMES } from "../../outcomes/from-metrics.ts";
import type { OutcomeDefinition } from "../../outcomes/outcome.ts";
import type { Population } from "../population.ts";
import { type Colouring, legendHeight, legendMarks } from "./colours.ts";
import { scaleFor, shortNumber, tickText } from "./scales.ts";

/** Of outcomes with at least two evaluations in some trial. */
export function onTheWayFigures(
  { trials }: Population,
  definitions: ReadonlyMap<string, OutcomeDefinition>,
  colouring: (outcome: string) => Colouring,
): Figure[] {
  return CURVE_OUTCOMES.flatMap((name) => {
    const definition = definitions.get(name);
    const points = trials.flatMap(({ name: trial, curve }) =>
      curve.flatMap(({ tokens, values }) => {
        const value = values[name];
        return value === null || value === undefined || curve.length < 2 ? [] : [{ trial, tokens, value }];
      }),
    );
    if (definition === undefined || new Set(points.map(({ value }) => value)).size < 2) return [];
    const colours = colouring(name);
    const values = points.map(({ value }) => value);
    const log = definition.log || Math.max(...values) / Math.min(...values) > 20;
    const title = `${definition.label} on the way`;
    const svg = draw(title, {
      width: 430,
      height: 240,
      marginTop: legendHeight(colours, 430),
      marginLeft: 52,
      x: { domain: [0, Math.max(...points.map(({ tokens }) => tokens))] },
      y: scaleFor(values, log),
      marks: [
        ...quietY({ ticks: 5, label: null, tickFormat: (value: number) => tickText(definition, value) }),
        quietX({ ticks: 5, label: "training tokens", tickFormat: (value: number) => shortNumber(value) }),
        Plot.line(points, {
          x: "tokens",
          y: "value",
          z: "trial",
          stroke: ({ trial }: { trial: string }) => colours.of(trial),
          strokeWidth: 1.2,
          strokeOpacity: 0.75,
        }),
        ...legendMarks(colours, 430, 52),
      ],
    });
    return [
      {
        name: `on-the-way-${name.replaceAll("_", "-")}`,
        title,
        caption: "On held-out text, one line a trial.",
        svg,
      },
    ];
  });
}
