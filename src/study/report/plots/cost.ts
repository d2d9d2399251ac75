/** What parts took beside what was expected of them. */

import * as Plot from "@observablehq/plot";
import { draw, type Figure, quietX, quietY } from "../../../report/figure.ts";
import { formatBytes, formatDuration } from "../../../report/format.ts";
import { colour, seriesColour } from "../../../report/palette.ts";
import type { PartFacts } from "../../outcomes/outcome.ts";
import { STAGES } from "../../plan.ts";
import { legendHeight, legendMarks, legendOf } from "./colours.ts";
import { scaleFor } from "./scales.ts";

const FEWEST = 3;

/** Time and memory, each where enough parts are done to see anything. */
export function costFigures(parts: readonly PartFacts[]): Figure[] {
  const time = parts.flatMap(({ seconds, forecast, stage }) =>
    seconds === null ? [] : [{ stage, expected: forecast.seconds, real: seconds }],
  );
  const memory = parts.flatMap(({ memoryBytes, forecast, stage }) =>
    memoryBytes === null ? [] : [{ stage, expected: forecast.memoryBytes, real: memoryBytes }],
  );
  return [
    ...figure("cost-time", "Time of parts", time, TIMES, formatDuration),
    ...figure("cost-memory", "Memory of parts", memory, SIZES, formatBytes),
  ];
}

const [MINUTE, HOUR] = [60, 3600];
const TIMES = [
  [0.1, 0.3, 1, 3, 10, 30],
  [1, 2, 5, 10, 20, 30].map((minutes) => minutes * MINUTE),
  [1, 2, 5, 10, 20, 50, 100].map((hours) => hours * HOUR),
].flat();
/** A narrower range than this is widened: a tenth more or less is no scatter. */
const NARROWEST = 4;
const SIZES = Array.from({ length: 16 }, (_, power) => 2 ** (24 + power));

interface Point {
  readonly stage: string;
  readonly expected: number;
  readonly real: number;
}

function figure(
  name: string,
  title: string,
  all: readonly Point[],
  ticks: readonly number[],
  format: (value: number) => string,
): Figure[] {
  const points = all.filter(({ expected, real }) => expected > 0 && real > 0);
  if (points.length < FEWEST) return [];
  const values = points.flatMap(({ expected, real }) => [expected, real]);
  const [first, last] = [Math.min(...values), Math.max(...values)];
  const room = Math.max(1, Math.sqrt(NARROWEST / (last / first)));
  const [least, most] = [first / room, last * room];
  const scale = scaleFor([least, most], true);
  const within = ticks.filter((tick) => tick >= 0.9 * least && tick <= 1.1 * most);
  const shown = within.length >= 2 ? within : [least, most];
  const stages = STAGES.filter((stage) => points.some((point) => point.stage === stage));
  const fill = (stage: string) => seriesColour(stages.indexOf(stage as (typeof stages)[number]));
  const legend = legendOf(stages.map((stage) => ({ text: stage, stroke: fill(stage) })));
  const svg = draw(title, {
    width: 430,
    height: 300,
    marginTop: legendHeight(legend, 430),
    marginLeft: 74,
    x: scale,
    y: scale,
    marks: [
      ...quietY({ ticks: shown, label: null, tickFormat: format }),
      quietX({ ticks: shown, label: "expected", tickFormat: format }),
      Plot.line(
        [
          [least, least],
          [most, most],
        ],
        { stroke: colour("faint"), strokeDasharray: "3,3" },
      ),
      Plot.dot(points, {
        x: "expected",
        y: "real",
        r: 3.4,
        fill: ({ stage }: Point) => fill(stage),
        fillOpacity: 0.8,
      }),
      ...legendMarks(legend, 430, 74),
    ],
  });
  return [{ name, title, caption: "Above the line: more than expected. Log scales.", svg }];
}
