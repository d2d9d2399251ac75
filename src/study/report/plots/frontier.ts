/** L0 against an outcome: one point a trial, the front that no trial beats, and who might be on it by another draw. */

import * as Plot from "@observablehq/plot";
import { draw, type Figure, NARROW, quietX, quietY, WIDE } from "../../../report/figure.ts";
import { colour } from "../../../report/palette.ts";
import type { Frontier, FrontierPoint } from "../frontiers.ts";
import { counted } from "../words.ts";
import { type Colouring, legendHeight, legendMarks } from "./colours.ts";
import { logTicks, scaleFor, shortNumber, tickText } from "./scales.ts";

/** What a name takes, in shares of the ranges: for each letter, and upward. */
const NAME = { letter: 0.009, height: 0.07 };

export function studyFrontierFigure({ x, y, points, front }: Frontier, colouring: Colouring): Figure {
  const ends = (of: (point: FrontierPoint) => FrontierPoint["x"]) =>
    points.flatMap((point) => [
      of(point).value,
      of(point).low ?? of(point).value,
      of(point).high ?? of(point).value,
    ]);
  const xs = ends((point) => point.x).filter((value) => value > 0);
  const spread = Math.max(...xs) / Math.min(...xs) > 4;
  const stroke = ({ trial }: FrontierPoint) => colouring.of(trial);
  const might = points.filter(({ standing }) => standing.reachesFront && !standing.onFront).length;
  const at = (width: number) =>
    draw(`${y.label} against ${x.label}`, {
      width,
      height: width < WIDE ? 300 : 340,
      marginTop: legendHeight(colouring, width) + 4,
      marginLeft: 52,
      marginRight: width < WIDE ? 14 : 40,
      x: scaleFor(xs, spread),
      y: scaleFor(
        ends((point) => point.y),
        false,
      ),
      marks: [
        ...quietY({ ticks: 6, label: null, tickFormat: (value: number) => tickText(y, value) }),
        quietX({
          ticks: spread ? logTicks(xs) : 6,
          label: `${x.label}, active features a token`,
          tickFormat: (value: number) => shortNumber(value),
        }),
        Plot.line(front, {
          x: ({ x: outcome }: FrontierPoint) => outcome.value,
          y: ({ y: outcome }: FrontierPoint) => outcome.value,
          curve: "step-after",
          stroke: colour("faint"),
          strokeDasharray: "3,3",
        }),
        Plot.ruleX(points, {
          x: ({ x: outcome }: FrontierPoint) => outcome.value,
          y1: ({ y: outcome }: FrontierPoint) => outcome.low ?? outcome.value,
          y2: ({ y: outcome }: FrontierPoint) => outcome.high ?? outcome.value,
          stroke,
          strokeOpacity: 0.6,
        }),
        Plot.ruleY(points, {
          y: ({ y: outcome }: FrontierPoint) => outcome.value,
          x1: ({ x: outcome }: FrontierPoint) => outcome.low ?? outcome.value,
          x2: ({ x: outcome }: FrontierPoint) => outcome.high ?? outcome.value,
          stroke,
          strokeOpacity: 0.6,
        }),
        Plot.dot(points, {
          x: ({ x: outcome }: FrontierPoint) => outcome.value,
          y: ({ y: outcome }: FrontierPoint) => outcome.value,
          r: ({ standing }: FrontierPoint) => (standing.onFront ? 4.6 : 3.2),
          stroke,
          strokeWidth: 1.5,
          fill: (point: FrontierPoint) => (point.standing.reachesFront ? stroke(point) : colour("paper")),
        }),
        ...(width === WIDE ? namesOf(points, front) : []),
        ...legendMarks(colouring, width, 52),
      ],
    });
  return {
    name: `frontier-${y.name.replaceAll("_", "-")}`,
    title: `${y.label} against L0`,
    caption: `Up and left is better. ${counted(front.length, "trial")} of ${points.length} on the front, which no other beats in both${
      might > 0 ? `; ${might} more might be, within the intervals of both (filled)` : ""
    }. Bars: 95 % intervals over text or features; seeds are points of their own.`,
    svg: at(WIDE),
    narrow: at(NARROW),
  };
}

/** Names of points on the front, towards the middle; of points that are close that of the best. */
function namesOf(points: readonly FrontierPoint[], front: readonly FrontierPoint[]): Plot.Markish[] {
  const range = (of: (point: FrontierPoint) => number) => {
    const values = points.map(of);
    return { least: Math.min(...values), size: Math.max(...values) - Math.min(...values) || 1 };
  };
  const [across, up] = [range(({ x }) => x.value), range(({ y }) => y.value)];
  const named: FrontierPoint[] = [];
  for (const point of [...front].reverse()) {
    const covered = named.some(
      ({ x, y, trial }) =>
        Math.abs(x.value - point.x.value) < NAME.letter * (trial.length + 2) * across.size &&
        Math.abs(y.value - point.y.value) < NAME.height * up.size,
    );
    if (!covered) named.push(point);
  }
  const isLeft = ({ x }: FrontierPoint) => x.value < across.least + across.size / 2;
  return [true, false].map((left) =>
    Plot.text(
      named.filter((point) => isLeft(point) === left),
      {
        x: ({ x }: FrontierPoint) => x.value,
        y: ({ y }: FrontierPoint) => y.value,
        text: "trial",
        textAnchor: left ? "start" : "end",
        dx: left ? 8 : -8,
        dy: -9,
        fill: colour("ink"),
      },
    ),
  );
}
