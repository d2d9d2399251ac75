/** Two figures: where every dictionary stands, and how the sign of a correlation hangs on what is held fixed. */

import * as Plot from "@observablehq/plot";
import { draw, type Figure, quietX, quietY, WIDE } from "../../../src/report/figure.ts";
import { colour, type Role } from "../../../src/report/palette.ts";
import { outcomeOf } from "../../../src/study/outcomes/outcome.ts";
import { legendHeight, legendMarks, legendOf } from "../../../src/study/report/plots/colours.ts";
import { type Axis, BEYOND_RANDOM, BRICKEN, DETECTION, L0, LOGITS, SCORE, SINGLE, WEIGHTED } from "./axes.ts";
import { type Dictionaries, mean } from "./dictionaries.ts";

const OBJECTIVES: readonly (readonly [string, Role])[] = [
  ["relu-l1", "series1"],
  ["batch-topk", "series2"],
  ["jumprelu", "series3"],
  ["gated", "series4"],
];

const PANEL = 430;
const HEIGHT = 300;

/** Four panels: two measures against the score and against L0. */
export function valuesFigure(trained: Dictionaries, shuffled: Dictionaries): Figure {
  const legend = legendOf([
    ...OBJECTIVES.map(([text, role]) => ({ text, stroke: colour(role) })),
    { text: "shuffled weights, relu-l1", stroke: colour("faint") },
    { text: "random directions as rare (crosses)", stroke: colour("soft") },
  ]);
  const top = legendHeight(legend, WIDE) + 4;
  const head = headOf(legend, top);
  const panels = [BRICKEN, DETECTION].flatMap((measure) => [
    panel(trained, shuffled, SCORE, measure),
    panel(trained, shuffled, L0, measure),
  ]);
  const height = top + 2 * HEIGHT;
  const placed = [
    at(head, 0, 0),
    ...panels.map((svg, i) => at(svg, (i % 2) * (WIDE - PANEL), top + Math.floor(i / 2) * HEIGHT)),
  ];
  const label = "Bricken score and detection of dictionaries against loss recovered and against L0";
  return {
    name: "score-and-interpretability-values",
    title: label,
    caption: "One point a dictionary.",
    svg: together(label, height, placed),
  };
}

function headOf(legend: ReturnType<typeof legendOf>, height: number): string {
  return draw("Legend", {
    width: WIDE,
    height,
    marginTop: height,
    marginBottom: 0,
    x: { axis: null, domain: [0, 1] },
    y: { axis: null, domain: [0, 1] },
    marks: legendMarks(legend, WIDE, 48),
  });
}

function together(label: string, height: number, placed: readonly string[]): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDE}" height="${height}" viewBox="0 0 ${WIDE} ${height}" ` +
    `role="img" aria-label="${label}" fill="currentColor">${placed.join("")}</svg>`
  );
}

/** A drawing at a place within another. */
function at(svg: string, x: number, y: number): string {
  return svg.replace(/^<svg/, `<svg x="${x}" y="${y}"`);
}

function panel(trained: Dictionaries, shuffled: Dictionaries, x: Axis, y: Axis): string {
  const byL0 = x === L0;
  const points = trained.trials.flatMap((trial) => {
    const [a, b] = [x.of(trial), y.of(trial)];
    const role = OBJECTIVES.find(([name]) => name === trial.factors["objective"])?.[1] ?? "ink";
    return a === null || b === null ? [] : [{ x: a, y: b, stroke: colour(role) }];
  });
  const controls = byL0
    ? shuffled.trials.flatMap((trial) => {
        const [a, b] = [x.of(trial), y.of(trial)];
        return a === null || b === null ? [] : [{ x: a, y: b }];
      })
    : [];
  const besides = (suffix: string) =>
    trained.trials.flatMap((trial) => {
      const [a, b] = [x.of(trial), outcomeOf(trial, `${y.interval}${suffix}`)?.value ?? null];
      return a === null || b === null ? [] : [{ x: a, y: b }];
    });
  const neurons = besides("_neurons").map((point) => point.y);
  const level = neurons.length === 0 ? [] : [mean(neurons)];
  return draw(`${y.title} against ${x.title}`, {
    width: PANEL,
    height: HEIGHT,
    marginTop: 30,
    marginBottom: 42,
    marginRight: 16,
    x: byL0 ? { type: "log", domain: [0.5, 150] } : { domain: [0.88, 1] },
    y: { domain: y === BRICKEN ? [0.2, 0.85] : [0.55, 0.8] },
    marks: [
      ...quietY({
        ticks: 6,
        label: y === BRICKEN ? "Bricken score, mean over features" : "detection, balanced accuracy",
      }),
      quietX(
        byL0
          ? { ticks: [0.5, 1, 2, 5, 10, 20, 50, 100], tickFormat: "~g", label: "L0" }
          : {
              ticks: 6,
              tickFormat: (v: number) => `${Math.round(100 * v)} %`,
              label: "loss recovered, zero ablation",
            },
      ),
      Plot.ruleY(level, { stroke: colour("soft"), strokeDasharray: "4 3" }),
      Plot.text(level, {
        y: (v: number) => v,
        text: () => "neurons",
        frameAnchor: "left",
        textAnchor: "start",
        dx: 4,
        dy: -7,
        fill: colour("soft"),
      }),
      Plot.dot(besides("_random_directions"), {
        x: "x",
        y: "y",
        symbol: "times",
        r: 2.6,
        stroke: colour("soft"),
        strokeOpacity: 0.7,
        clip: true,
      }),
      Plot.dot(controls, { x: "x", y: "y", r: 3.4, stroke: colour("faint"), strokeWidth: 1.5, clip: true }),
      Plot.dot(points, { x: "x", y: "y", r: 3.4, fill: "stroke", fillOpacity: 0.85 }),
    ],
  });
}

const WAYS = ["all dictionaries", "given L0", "given L0 and objective", "relu-l1 alone"] as const;
const ROLES: readonly Role[] = ["series1", "series2", "series3", "series4"];

/** ρ with the score, as it is and with other things held fixed. */
export function signsFigure(trained: Dictionaries): Figure {
  const l0 = trained.values(L0);
  const relu = trained.where(({ factors }) => factors["objective"] === "relu-l1");
  const measures = [BRICKEN, BEYOND_RANDOM, WEIGHTED, DETECTION, LOGITS, SINGLE];
  const name = (axis: Axis) => (axis === BEYOND_RANDOM ? "Bricken less random directions" : axis.title);
  const points = measures.flatMap((axis) =>
    [
      trained.correlation(axis, SCORE),
      trained.correlation(axis, SCORE, [l0]),
      trained.correlation(axis, SCORE, [l0, ...trained.levels("objective")]),
      relu.correlation(axis, SCORE),
    ].flatMap((found, i) =>
      found === null || found.interval === null
        ? []
        : [
            {
              measure: name(axis),
              way: WAYS[i]!,
              value: found.value,
              low: found.interval[0],
              high: found.interval[1],
              stroke: colour(ROLES[i]!),
            },
          ],
    ),
  );
  const legend = legendOf(WAYS.map((text, i) => ({ text, stroke: colour(ROLES[i]!) })));
  const top = legendHeight(legend, WIDE);
  const domain = measures.map((axis) => name(axis));
  const label = "Rank correlation of six measures of interpretability with the loss recovered";
  const below = 46 + 66 * measures.length;
  const svg = draw(label, {
    width: WIDE,
    height: below,
    marginTop: 4,
    marginLeft: 210,
    x: { domain: [-1, 1] },
    y: { axis: null, domain: [...WAYS], padding: 0.5 },
    fy: { axis: null, domain, padding: 0.16 },
    marks: [
      Plot.gridX({ stroke: colour("rule"), strokeOpacity: 1, ticks: 9 }),
      quietX({
        ticks: 9,
        label: "Spearman’s ρ with the loss recovered, 95 % intervals over configurations",
        anchor: "bottom",
        labelAnchor: "left",
      }),
      Plot.ruleX([0], { stroke: colour("faint") }),
      Plot.link(points, {
        x1: "low",
        x2: "high",
        y1: "way",
        y2: "way",
        fy: "measure",
        stroke: "stroke",
        strokeWidth: 1.6,
      }),
      Plot.dot(points, { x: "value", y: "way", fy: "measure", fill: "stroke", r: 4 }),
      Plot.text(domain, {
        fy: (measure: string) => measure,
        text: (measure: string) => measure,
        frameAnchor: "left",
        textAnchor: "end",
        dx: -12,
        fill: colour("ink"),
      }),
    ],
  });
  return {
    name: "score-and-interpretability-signs",
    title: "Rank correlations with the score, and what becomes of them when L0 and objective are held fixed",
    caption: "Points: ρ; lines: 95 % intervals.",
    svg: together(label, top + below, [at(headOf(legend, top), 0, 0), at(svg, 0, top)]),
  };
}
