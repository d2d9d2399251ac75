/** Two figures: where training stands after lr × steps, and four outcomes over the learning rate. */

import * as Plot from "@observablehq/plot";
import { draw, type Figure, quietX, quietY, WIDE } from "../../../src/report/figure.ts";
import { colour, type Role } from "../../../src/report/palette.ts";
import { forestData, growForest } from "../../../src/statistics/forest.ts";
import { partialDependence } from "../../../src/statistics/partial-dependence.ts";
import type { FactorValue } from "../../../src/study/plan.ts";
import { levelMeans } from "../../../src/study/report/effects.ts";
import { legendHeight, legendMarks, legendOf } from "../../../src/study/report/plots/colours.ts";
import { binnedTable, type OutcomeColumn } from "../../../src/study/report/population.ts";
import { levelText } from "../../../src/study/report/words.ts";
import { type LogPoint, type Studied, trainingLog } from "./trials.ts";

const PANEL = 430;
const HEIGHT = 270;
const ROLES: readonly Role[] = ["series4", "series1", "series2", "series3"];

interface Axis {
  readonly label: string;
  readonly of: (point: LogPoint) => number;
  readonly domain: [number, number];
  readonly log: boolean;
}

const WAYS: readonly Axis[] = [
  { label: "L0 of training batches", of: ({ l0 }) => l0, domain: [0.5, 500], log: true },
  {
    label: "explained variance of training batches",
    of: ({ explainedVariance }) => Math.max(-0.5, explainedVariance),
    domain: [-0.5, 1],
    log: false,
  },
];

const ratesOf = ({ population }: Studied): FactorValue[] =>
  [...new Set(population.trials.map(({ factors }) => factors["lr"] ?? null))].sort(
    (a, b) => Number(a) - Number(b),
  );

/** On a logarithmic axis lines of a log that lie closer than this show nothing. */
const CLOSE = 1.07;

function thinned(log: readonly LogPoint[]): LogPoint[] {
  const kept: LogPoint[] = [];
  for (const point of log) {
    const last = kept.at(-1);
    if (last === undefined || point.step >= CLOSE * last.step || point === log.at(-1)) kept.push(point);
  }
  return kept;
}

/** Once over steps, once over lr × steps: one curve for all rates would say that the rate is nothing but budget. */
export function trainingFigure(studied: Studied): Figure {
  const rates = ratesOf(studied);
  const legend = legendOf(
    rates.map((rate, i) => ({ text: `lr ${levelText(rate)}`, stroke: colour(ROLES[i]!) })),
  );
  const points = studied.population.trials.flatMap((trial) =>
    thinned(trainingLog(studied, trial)).map((point) => ({
      trial: trial.name,
      rate: Number(trial.factors["lr"]),
      stroke: colour(ROLES[rates.indexOf(trial.factors["lr"] ?? null)]!),
      ...point,
    })),
  );
  const panels = WAYS.flatMap((y) =>
    [false, true].map((isBudget) =>
      draw(`${y.label} on the way`, {
        width: PANEL,
        height: HEIGHT,
        marginTop: 30,
        marginBottom: 42,
        marginRight: 16,
        x: { type: "log", domain: isBudget ? [5e-4, 4] : [5, 1100] },
        y: { type: y.log ? "log" : "linear", domain: y.domain },
        marks: [
          ...quietY({
            ticks: y.log ? [1, 3, 10, 30, 100, 300] : 6,
            ...(y.log && { tickFormat: "~g" }),
            label: y.label,
          }),
          quietX({
            ticks: isBudget ? [0.001, 0.01, 0.1, 1] : [10, 30, 100, 300, 1000],
            tickFormat: "~g",
            label: isBudget ? "learning rate × steps" : "steps",
          }),
          Plot.line(points, {
            x: isBudget ? (point) => point.rate * point.step : "step",
            y: y.of,
            z: "trial",
            stroke: "stroke",
            strokeWidth: 1.2,
            strokeOpacity: 0.75,
            clip: true,
          }),
        ],
      }),
    ),
  );
  return {
    name: "hyperparameters-training",
    title: "Training over steps, and over learning rate × steps",
    caption: "One line a dictionary.",
    svg: joined("L0 and explained variance over steps and over learning rate × steps", legend, panels),
  };
}

const SHOWN = [
  ["l0", "L0"],
  ["explained_variance", "explained variance, held out"],
  ["ultralow_fraction", "ultralow share"],
  ["score_bricken_2023_other_features", "Bricken score, not single-token"],
] as const;

/** Points, marginal means with intervals, and the forest's curve. */
export function rateFigure(studied: Studied): Figure {
  const entries = [
    { text: "a dictionary", stroke: colour("faint") },
    { text: "mean over the levels of the others, 95 %", stroke: colour("series1") },
    { text: "forest", stroke: colour("series2") },
  ];
  const panels = SHOWN.flatMap(([name, label]) => {
    const column = studied.columns.find(({ definition }) => definition.name === name);
    return column === undefined ? [] : [ratePanel(studied, column, label)];
  });
  return {
    name: "hyperparameters-rate",
    title: "Four outcomes over the learning rate",
    caption: "Points: dictionaries.",
    svg: joined("Four outcomes over the learning rate", legendOf(entries), panels),
  };
}

function ratePanel({ population }: Studied, column: OutcomeColumn, label: string): string {
  const back = (value: number) => (column.log ? Math.exp(value) : value);
  const points = column.values.flatMap((value, i) =>
    value === null ? [] : [{ x: Number(population.trials[i]!.factors["lr"]), y: back(value) }],
  );
  const means = levelMeans(
    population,
    column,
    population.factors.find(({ name }) => name === "lr")!,
  ).flatMap(({ level, value, low, high }) =>
    value === null || low === null || high === null
      ? []
      : [{ x: Number(level), y: back(value), low: back(low), high: back(high) }],
  );
  const forest = growForest(forestData(binnedTable(population), column.values, population.configurations), {
    seed: 0,
  });
  const curve = partialDependence(forest, { seed: 0 })
    .find(({ name }) => name === "lr")!
    .points.map(({ level, mean }) => ({ x: Number(level), y: back(mean.value) }));
  const isShare = column.definition.unit === "share";
  return draw(`${label} over the learning rate`, {
    width: PANEL,
    height: HEIGHT,
    marginTop: 30,
    marginBottom: 42,
    marginRight: 16,
    x: { type: "log", domain: [7e-5, 4.3e-3] },
    y: column.log ? { type: "log", domain: [0.08, 150] } : { nice: true },
    marks: [
      ...quietY({
        ticks: column.log ? [0.1, 0.3, 1, 3, 10, 30, 100] : 6,
        tickFormat: isShare ? (value: number) => `${Math.round(100 * value)} %` : "~g",
        label,
      }),
      quietX({
        ticks: points.length === 0 ? [] : [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b),
        tickFormat: (value: number) => levelText(value),
        label: `learning rate; forest’s R² out of bag ${forest.rSquared?.toFixed(2) ?? "–"}`,
      }),
      Plot.dot(points, { x: "x", y: "y", r: 3, fill: colour("faint"), fillOpacity: 0.7 }),
      Plot.line(curve, { x: "x", y: "y", stroke: colour("series2"), strokeWidth: 1.8 }),
      Plot.link(means, {
        x1: "x",
        x2: "x",
        y1: "low",
        y2: "high",
        stroke: colour("series1"),
        strokeWidth: 1.8,
      }),
      Plot.dot(means, { x: "x", y: "y", r: 4, fill: colour("series1") }),
    ],
  });
}

/** A legend above panels in two columns. */
function joined(label: string, legend: ReturnType<typeof legendOf>, panels: readonly string[]): string {
  const top = legendHeight(legend, WIDE) + 4;
  const head = draw("Legend", {
    width: WIDE,
    height: top,
    marginTop: top,
    marginBottom: 0,
    x: { axis: null, domain: [0, 1] },
    y: { axis: null, domain: [0, 1] },
    marks: legendMarks(legend, WIDE, 48),
  });
  const height = top + HEIGHT * Math.ceil(panels.length / 2);
  const placed = [
    at(head, 0, 0),
    ...panels.map((svg, i) => at(svg, (i % 2) * (WIDE - PANEL), top + Math.floor(i / 2) * HEIGHT)),
  ];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDE}" height="${height}" viewBox="0 0 ${WIDE} ${height}" ` +
    `role="img" aria-label="${label}" fill="currentColor">${placed.join("")}</svg>`
  );
}

function at(svg: string, x: number, y: number): string {
  return svg.replace(/^<svg/, `<svg x="${x}" y="${y}"`);
}
