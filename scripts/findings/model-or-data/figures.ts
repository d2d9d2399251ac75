/** Two figures: every measure of features beside its controls on one scale, and what taking features away does beside a random direction. */

import * as Plot from "@observablehq/plot";
import { draw, type Figure, quietX, quietY, WIDE } from "../../../src/report/figure.ts";
import { colour, type Role } from "../../../src/report/palette.ts";
import type { EffectSubject } from "../../../src/experiments/effects/result.ts";
import { type Dictionary, effectRow, type Row } from "./dictionaries.ts";
import { meanOver } from "./estimates.ts";

type Both = readonly [trained: readonly Dictionary[], shuffled: readonly Dictionary[]];

const SUBJECTS: readonly (readonly [EffectSubject, string, Role])[] = [
  ["features", "features", "series1"],
  ["neurons", "neurons", "series2"],
  ["random-directions", "random directions", "series3"],
];

/** Scores and correlations as they are; of chances, twice their distance from a half. */
export function measuresFigure([trained, shuffled]: Both, rows: readonly Row[]): Figure {
  const points = rows.flatMap((row) =>
    SUBJECTS.flatMap(([subject, name, role]) =>
      [trained, shuffled].flatMap((all) =>
        (subject === "features" ? all : all.slice(0, 1)).flatMap((dictionary) => {
          const found = meanOver([dictionary], row, subject);
          if (found === null) return [];
          const scaled = (value: number) => (row.nothing === 0.5 ? 2 * value - 1 : value);
          const [low, high] = found.interval.map(scaled) as [number, number];
          const own = dictionary.shuffled === null;
          return [
            {
              measure: row.title.replace(/, AUC$/, ""),
              name,
              low,
              high,
              value: scaled(found.value),
              stroke: colour(role),
              fill: own ? colour(role) : colour("raised"),
            },
          ];
        }),
      ),
    ),
  );
  const legend = [
    ...SUBJECTS.map(([, text, role]) => ({ text, stroke: colour(role), fill: colour(role) })),
    { text: "trained", stroke: colour("ink"), fill: colour("ink") },
    { text: "weights shuffled", stroke: colour("ink"), fill: colour("raised") },
  ].map((entry, i) => ({ ...entry, at: [0, 80, 155, 300, 370][i]! }));
  const measures = [...new Set(points.map(({ measure }) => measure))];
  const svg = draw(
    "Seven measures of features, neurons and random directions, in the trained model and with shuffled weights",
    {
      width: WIDE,
      height: 60 + 52 * measures.length,
      marginTop: 40,
      marginLeft: 270,
      marginRight: 14,
      x: { domain: [-0.1, 0.9] },
      y: { axis: null, domain: SUBJECTS.map(([, name]) => name), padding: 0.4 },
      fy: { axis: null, domain: measures, padding: 0.12 },
      marks: [
        Plot.gridX({ stroke: colour("rule"), strokeOpacity: 1, ticks: 9 }),
        quietX({
          ticks: 9,
          label: "0: nothing, 1: most there can be; chances p as 2p − 1",
          anchor: "bottom",
          labelAnchor: "left",
        }),
        Plot.ruleX([0], { stroke: colour("faint") }),
        Plot.link(points, {
          x1: "low",
          x2: "high",
          y1: "name",
          y2: "name",
          fy: "measure",
          stroke: "stroke",
          strokeWidth: 1.5,
        }),
        Plot.dot(points, {
          x: "value",
          y: "name",
          fy: "measure",
          stroke: "stroke",
          fill: "fill",
          r: 4,
          strokeWidth: 1.5,
        }),
        Plot.text(measures, {
          fy: (measure: string) => measure,
          text: (measure: string) => measure,
          frameAnchor: "left",
          textAnchor: "end",
          dx: -12,
          fill: colour("ink"),
        }),
        legend.flatMap(({ text, stroke, fill, at }) => [
          Plot.dot([0], {
            frameAnchor: "top-left",
            fy: () => measures[0]!,
            dx: at + 5,
            dy: -22,
            r: 4,
            stroke,
            fill,
            strokeWidth: 1.5,
          }),
          Plot.text([text], {
            frameAnchor: "top-left",
            textAnchor: "start",
            fy: () => measures[0]!,
            dx: at + 14,
            dy: -28,
            fill: colour("ink"),
          }),
        ]),
      ],
    },
  );
  return {
    name: "model-or-data-measures",
    title: "What tells features of the model from features of the same model with shuffled weights",
    caption: "Means with 95 % intervals over units, one point a dictionary. Chances p are shown as 2p − 1.",
    svg,
  };
}

/** Each feature a point; on the line it does as much as a random direction of its length in its place. */
export function ablationFigure([trained, shuffled]: Both, gain: Row): Figure {
  const panels = [
    ["trained", trained, "series1"],
    ["weights shuffled", shuffled, "series4"],
  ] as const;
  const points = panels.flatMap(([panel, all, role]) =>
    all.flatMap((dictionary) => {
      const unit = dictionary.of(effectRow("ablation_kl"), "features")!;
      const random = dictionary.of(effectRow("ablation_kl_random"), "features")!;
      return unit.values.flatMap((y, i) => {
        const x = random.values[i];
        const single = unit.singleToken[i] === true;
        return y === null || typeof x !== "number" || x <= 0 || y <= 0
          ? []
          : [{ panel, x, y, stroke: colour(role), fill: single ? "none" : colour(role) }];
      });
    }),
  );
  const titles = panels.map(([panel, all]) => {
    const { value } = meanOver(all, gain, "features")!;
    return { panel, text: `${panel}: ${Math.exp(value).toFixed(2)} times a random direction` };
  });
  const ends = [
    Math.min(...points.map(({ x, y }) => Math.min(x, y))),
    Math.max(...points.map(({ x, y }) => Math.max(x, y))),
  ];
  const svg = draw(
    "Divergence when a feature is taken away against that of a random direction, trained and shuffled",
    {
      width: WIDE,
      height: 400,
      marginTop: 44,
      marginLeft: 64,
      fx: { domain: panels.map(([panel]) => panel), axis: null, padding: 0.08 },
      x: { type: "log", domain: ends },
      y: { type: "log", domain: ends },
      marks: [
        ...quietY({ ticks: 4, tickFormat: "~g", label: "KL, feature taken away, nats" }),
        quietX({ ticks: 4, tickFormat: "~g", label: "KL, random direction, nats" }),
        Plot.line([ends[0]!, ends[1]!], {
          x: (v: number) => v,
          y: (v: number) => v,
          stroke: colour("faint"),
          strokeDasharray: "4 3",
        }),
        Plot.dot(points, {
          x: "x",
          y: "y",
          fx: "panel",
          stroke: "stroke",
          fill: "fill",
          r: 2.6,
          fillOpacity: 0.7,
          strokeOpacity: 0.8,
        }),
        Plot.text(titles, {
          fx: "panel",
          text: "text",
          frameAnchor: "top-left",
          textAnchor: "start",
          dy: -20,
          fill: colour("ink"),
        }),
      ],
    },
  );
  return {
    name: "model-or-data-ablation",
    title: "Features taken away, beside a random direction of the same length in the same place",
    caption: "One point a feature; rings: single-token features.",
    svg,
  };
}
