/** Two figures of the score over training tokens: by the text that is trained on, and with one behaviour changed at a time. */

import * as Plot from "@observablehq/plot";
import { draw, type Figure, quietX, quietY, WIDE } from "../../../src/report/figure.ts";
import { colour, type Role } from "../../../src/report/palette.ts";
import { legendHeight, legendMarks, legendOf } from "../../../src/study/report/plots/colours.ts";
import {
  AS_PUBLISHED,
  BUFFERS,
  ON_NEW_TEXT,
  REPEATED,
  seedsOf,
  SLOWER,
  SUSPECTS,
  type Trial,
  type Variant,
} from "./trials.ts";

interface Step {
  readonly tokens: number;
  readonly score: number;
  readonly stroke: string;
  readonly line: string;
}

const TEXT = 262_144;

function steps(trials: readonly Trial[], variant: Variant, stroke: string): Step[] {
  return seedsOf(trials, variant).flatMap(({ name, points }) =>
    points.map(({ tokens, score }) => ({ tokens: tokens / 1e6, score, stroke, line: `${name}${stroke}` })),
  );
}

const percent = (value: number) => `${Math.round(100 * value)} %`;

function lines(points: readonly Step[], width: number): Plot.Markish[] {
  return [
    Plot.line(points, { x: "tokens", y: "score", z: "line", stroke: "stroke", strokeWidth: width }),
    Plot.dot(points, { x: "tokens", y: "score", fill: "stroke", r: 1.8 }),
  ];
}

/** As published, with larger last buffers, the text again in a new order, and new text. */
export function textFigure(trials: readonly Trial[]): Figure {
  const shown: [string, Variant, Role][] = [
    ["new text throughout", ON_NEW_TEXT, "series1"],
    ["the same text again, reordered", REPEATED, "series4"],
    ["131,072 last rows for ever", BUFFERS[2]!, "series5"],
    ["32,768", BUFFERS[1]!, "series3"],
    ["8,192", BUFFERS[0]!, "series6"],
    ["2,048 (as published)", AS_PUBLISHED, "series2"],
  ];
  const found = shown.filter(([, variant]) => seedsOf(trials, variant).length > 0);
  const points = found.flatMap(([, variant, role]) => steps(trials, variant, colour(role)));
  const legend = legendOf(found.map(([text, , role]) => ({ text, stroke: colour(role) })));
  const top = legendHeight(legend, WIDE) + 10;
  const title = "Reconstruction score over training tokens, by what is trained on once the text has ended";
  const svg = draw(title, {
    width: WIDE,
    height: top + 330,
    marginTop: top,
    x: { domain: [0.2, 1.45] },
    marks: [
      ...quietY({ ticks: 7, tickFormat: percent, label: "loss recovered, held-out text" }),
      quietX({ ticks: 7, label: "million training tokens" }),
      Plot.ruleX([TEXT / 1e6], { stroke: colour("soft"), strokeDasharray: "4 3" }),
      Plot.text([TEXT / 1e6], {
        x: (v: number) => v,
        text: () => "text ends",
        frameAnchor: "bottom",
        textAnchor: "start",
        dx: 5,
        dy: -6,
        fill: colour("soft"),
      }),
      ...lines(points, 1.2),
      ...legendMarks(legend, WIDE, 48),
    ],
  });
  return { name: "why-longer-training-hurts-text", title, caption: "One line a seed.", svg };
}

/** One panel a suspect, over the runs as published. */
export function suspectsFigure(trials: readonly Trial[]): Figure {
  const columns = 3;
  const panels = [...SUSPECTS, SLOWER].filter((variant) => seedsOf(trials, variant).length > 0);
  const place = (i: number) => ({ fx: i % columns, fy: Math.floor(i / columns) });
  const published = steps(trials, AS_PUBLISHED, colour("faint"));
  const behind = panels.flatMap((_, i) => published.map((point) => ({ ...point, ...place(i) })));
  const own = panels.flatMap((variant, i) =>
    steps(trials, variant, colour("series2")).map((point) => ({ ...point, ...place(i) })),
  );
  const titles = panels.map(({ title }, i) => ({ title, ...place(i) }));
  // In the first panel alone: without a place, marks are drawn in every one.
  const first = { fx: () => 0, fy: () => 0, frameAnchor: "top-left" } as const;
  const words = [
    { text: "as published", at: 0, stroke: colour("faint") },
    { text: "with one thing changed", at: 105, stroke: colour("series2") },
  ];
  const legend = words.flatMap(({ text, at, stroke }) => [
    Plot.dot([0], { ...first, dx: at + 5, dy: -38, r: 4, fill: stroke }),
    Plot.text([text], { ...first, textAnchor: "start", dx: at + 14, dy: -44, fill: colour("ink") }),
  ]);
  const top = 56;
  const rows = Math.ceil(panels.length / columns);
  const facet = { x: "tokens", y: "score", fx: "fx", fy: "fy" } as const;
  const title =
    "Reconstruction score over training tokens as published and with one behaviour changed at a time";
  const svg = draw(title, {
    width: WIDE,
    height: top + 40 + 215 * rows,
    marginTop: top,
    x: { domain: [0.2, 1.45] },
    y: { domain: [0.84, 0.97] },
    fx: { axis: null, padding: 0.06 },
    fy: { axis: null, padding: 0.14 },
    marks: [
      ...quietY({ ticks: 6, tickFormat: percent, label: null }),
      quietX({ ticks: 4, label: "million training tokens" }),
      Plot.ruleX([TEXT / 1e6], { stroke: colour("soft"), strokeDasharray: "4 3" }),
      Plot.line(behind, { ...facet, z: "line", stroke: "stroke", strokeWidth: 1 }),
      Plot.line(own, { ...facet, z: "line", stroke: "stroke", strokeWidth: 1.4 }),
      Plot.dot(own, { ...facet, fill: "stroke", r: 1.8 }),
      Plot.text(titles, {
        fx: "fx",
        fy: "fy",
        text: "title",
        frameAnchor: "top-left",
        textAnchor: "start",
        dx: 34,
        dy: -13,
        fill: colour("ink"),
      }),
      ...legend,
    ],
  });
  return { name: "why-longer-training-hurts-suspects", title, caption: "One line a seed.", svg };
}
