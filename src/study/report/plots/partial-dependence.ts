/** An outcome over the levels of one factor: trials as faint dots, the mean over the levels of all other factors with its interval. */

import * as Plot from "@observablehq/plot";
import { draw, type Figure, quietX, quietY } from "../../../report/figure.ts";
import { colour } from "../../../report/palette.ts";
import { slug } from "../../outcomes/define.ts";
import type { FactorValue } from "../../plan.ts";
import type { PartialDependence } from "../analysis.ts";
import type { Population } from "../population.ts";
import { levelText } from "../words.ts";
import { logTicks, scaleFor, shortNumber, tickText } from "./scales.ts";

export function dependenceFigure(population: Population, dependence: PartialDependence): Figure {
  const { column, factor: name, levels } = dependence;
  const { definition, log } = column;
  const factor = population.factors.find((one) => one.name === name)!;
  const back = (value: number) => (log ? Math.exp(value) : value);
  const dots = column.outcomes.flatMap((outcome, i) =>
    outcome === undefined ? [] : [{ x: factor.values[i]!, y: outcome.value }],
  );
  const means = levels.flatMap(({ level, value, low, high }) =>
    value === null ? [] : [{ x: level, y: back(value), low: back(low ?? value), high: back(high ?? value) }],
  );
  const all = [...dots.map(({ y }) => y), ...means.flatMap(({ low, high }) => [low, high])];
  const ends = log ? all.filter((value) => value > 0) : all;
  const y = scaleFor(ends, log);
  const isLog = y.type === "log";
  const title = `${definition.label}, by ${name}`;
  const svg = draw(title, {
    width: 300,
    height: 190,
    marginTop: 12,
    marginLeft: 50,
    marginRight: 16,
    x: factor.isNumeric
      ? scaleFor(factor.values.map(Number), factor.doubles)
      : { type: "point", domain: factor.levels.map(place), padding: 0.6 },
    y,
    marks: [
      ...quietY({
        ticks: isLog ? logTicks(ends) : 4,
        label: null,
        tickFormat: (value: number) => tickText(definition, value),
      }),
      factor.isNumeric
        ? quietX({
            ticks: factor.levels.length <= 6 ? (factor.levels as number[]) : 4,
            label: name,
            tickFormat: (value: number) => shortNumber(value),
          })
        : quietX({ label: name, tickFormat: (value: string) => shortened(value, factor.levels.length) }),
      Plot.dot(dots, {
        x: ({ x }: { x: FactorValue }) => (factor.isNumeric ? Number(x) : place(x)),
        y: "y",
        r: 2.2,
        fill: colour("faint"),
        fillOpacity: 0.55,
      }),
      ...(factor.isNumeric
        ? [Plot.line(means, { x: "x", y: "y", stroke: colour("series1"), strokeWidth: 1.4 })]
        : []),
      Plot.ruleX(means, {
        x: ({ x }: { x: FactorValue }) => (factor.isNumeric ? Number(x) : place(x)),
        y1: "low",
        y2: "high",
        stroke: colour("series1"),
        strokeWidth: 1.8,
      }),
      Plot.dot(means, {
        x: ({ x }: { x: FactorValue }) => (factor.isNumeric ? Number(x) : place(x)),
        y: "y",
        r: 3.6,
        fill: colour("series1"),
        stroke: colour("paper"),
      }),
    ],
  });
  return {
    name: `effect-${definition.name.replaceAll("_", "-")}-${slug(name).replaceAll("_", "-") || "factor"}`,
    title,
    caption: isLog ? "Log scale." : "",
    svg,
  };
}

function place(level: FactorValue): string {
  return levelText(level);
}

function shortened(text: string, levels: number): string {
  const room = Math.max(4, Math.floor(38 / levels));
  return text.length <= room ? text : `${text.slice(0, room - 1)}…`;
}
