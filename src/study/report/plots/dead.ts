/** Dead and ultralow shares of every configuration, means over its seeds. */

import * as Plot from "@observablehq/plot";
import { draw, type Figure, NARROW, quietX, WIDE } from "../../../report/figure.ts";
import { colour } from "../../../report/palette.ts";
import { outcomeOf } from "../../outcomes/outcome.ts";
import type { Population } from "../population.ts";
import { settingText } from "../words.ts";
import { legendHeight, legendMarks, legendOf } from "./colours.ts";

/** More bars than this say less than the partial dependences. */
const MOST = 40;

/** Null without an evaluation, and where there are none. */
export function deadFigure(population: Population): Figure | null {
  const groups = Map.groupBy(population.trials, (_, i) => population.configurations[i]!);
  const bars = [...groups.values()].flatMap((trials) => {
    const mean = (name: string) => {
      const values = trials.flatMap((trial) => outcomeOf(trial, name)?.value ?? []);
      return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    const [dead, ultralow] = [mean("dead_fraction"), mean("ultralow_fraction")];
    const label = settingText(population, trials[0]!) || trials[0]!.name;
    return dead === null ? [] : [{ label, dead, ultralow: ultralow ?? 0 }];
  });
  if (bars.every(({ dead, ultralow }) => dead + ultralow === 0)) return null;
  const sorted = bars.sort((a, b) => b.dead + b.ultralow - a.dead - a.ultralow);
  const shown = sorted.slice(0, MOST);
  const most = Math.max(0.02, ...shown.map(({ dead, ultralow }) => dead + ultralow));
  const at = (width: number) => {
    const margin = width < WIDE ? 150 : 260;
    const room = Math.floor(margin / 6.6);
    const legend = legendOf([
      { text: "dead", stroke: colour("soft") },
      { text: "ultralow", stroke: colour("bad") },
    ]);
    return draw("Dead and ultralow features", {
      width,
      height: 66 + 19 * shown.length,
      marginTop: legendHeight(legend, width),
      marginLeft: margin,
      x: { domain: [0, Math.min(1, most * 1.02)] },
      y: { type: "band", domain: shown.map((_, i) => i), padding: 0.25 },
      marks: [
        quietX({
          ticks: 5,
          label: "share of the dictionary",
          tickFormat: (value: number) => `${Number((100 * value).toPrecision(3))}%`,
        }),
        Plot.axisY({
          tickSize: 0,
          label: null,
          fill: colour("ink"),
          tickFormat: (i: number) => {
            const { label } = shown[i]!;
            return label.length > room ? `${label.slice(0, room - 1)}…` : label;
          },
        }),
        Plot.barX(shown, { y: (_, i) => i, x1: 0, x2: "dead", fill: colour("soft") }),
        Plot.barX(shown, {
          y: (_, i) => i,
          x1: "dead",
          x2: ({ dead, ultralow }: (typeof shown)[number]) => dead + ultralow,
          fill: colour("bad"),
        }),
        ...legendMarks(legend, width, margin),
      ],
    });
  };
  const left = sorted.length - shown.length;
  return {
    name: "dead-features",
    title: "Dead and ultralow features",
    caption: `Means over the seeds of each configuration, the highest first${left > 0 ? `; ${left} more with fewer` : ""}.`,
    svg: at(WIDE),
    narrow: at(NARROW),
  };
}
