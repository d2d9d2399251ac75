/** The cost curves as SVG files: tokens a second, and peak memory, against one size while the others stand still. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Plot from "@observablehq/plot";
import { draw, quietX, quietY, standalone } from "../src/report/figure.ts";
import { colour } from "../src/report/palette.ts";
import type { CostPoint } from "./cost-curves.ts";

const GIGA = 2 ** 30;

/** Files `cost-SIZE.svg` and `memory-SIZE.svg` in `folder`: dots are measured, the line is the fitted model. */
export function writeCostPlots(
  folder: string,
  axis: string,
  label: string,
  points: readonly CostPoint[],
  predicted: (point: CostPoint) => number,
): void {
  mkdirSync(folder, { recursive: true });
  const at = ({ sizes }: CostPoint) => sizes[axis as keyof CostPoint["sizes"]];
  const x = { type: "log" as const, label };
  const ticks = points.map(at);
  const plot = (name: string, title: string, y: string, marks: Plot.Markish[]) => {
    const svg = draw(title, {
      // Room for half of the last tick's label.
      marginRight: 28,
      x,
      y: { zero: true, nice: true },
      marks: [
        ...quietY({ label: y, ticks: 5 }),
        quietX({ label, ticks, tickFormat: (value: number) => value.toLocaleString("en") }),
        ...marks,
      ],
    });
    writeFileSync(join(folder, `${name}-${axis}.svg`), standalone({ name, title, caption: "", svg }));
  };
  plot("cost", `Tokens a second against ${label}`, "tokens/s", [
    Plot.line(points, {
      x: at,
      y: (point: CostPoint) => point.tokens / predicted(point),
      stroke: colour("faint"),
    }),
    Plot.dot(points, {
      x: at,
      y: (point: CostPoint) => point.tokens / point.seconds,
      fill: colour("series1"),
      r: 4,
    }),
  ]);
  plot("memory", `Peak memory against ${label}`, "GB", [
    Plot.line(points, {
      x: at,
      y: (point: CostPoint) => point.peakBytes / GIGA,
      stroke: colour("series2"),
    }),
    Plot.dot(points, {
      x: at,
      y: (point: CostPoint) => point.peakBytes / GIGA,
      fill: colour("series2"),
      r: 4,
    }),
  ]);
}
