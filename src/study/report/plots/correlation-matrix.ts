/** Rank correlations of outcomes as a matrix: colour by ρ, in bold where the interval leaves out 0. */

import * as Plot from "@observablehq/plot";
import { draw, type Figure, NARROW, WIDE } from "../../../report/figure.ts";
import { colour } from "../../../report/palette.ts";
import { scoreText } from "../../../report/scores/score-words.ts";
import type { CorrelationMatrix } from "../correlations.ts";

interface Cell {
  readonly x: string;
  readonly y: string;
  readonly rho: number;
  readonly sure: boolean;
}

export function correlationFigure({ outcomes, pairs }: CorrelationMatrix): Figure {
  const labels = new Map(outcomes.map(({ name, label }) => [name, label]));
  const cells = pairs.flatMap(({ a, b, rho, low, high }): Cell[] => {
    const sure = low !== null && high !== null && (low > 0 || high < 0);
    const [first, second] = [labels.get(a)!, labels.get(b)!];
    return [
      { x: first, y: second, rho, sure },
      { x: second, y: first, rho, sure },
    ];
  });
  const names = outcomes.map(({ label }) => label);
  const at = (width: number) => {
    const narrow = width < WIDE;
    const numbers = narrow && names.length > 6;
    const margin = narrow ? 140 : 230;
    const room = Math.floor(margin / 6.4);
    const cut = (text: string) => (text.length > room ? `${text.slice(0, room - 1)}…` : text);
    return draw("Rank correlations of outcomes", {
      width,
      height: 60 + (narrow ? 27 : 32) * names.length,
      marginTop: 28,
      marginBottom: 10,
      marginLeft: margin,
      x: { type: "band", domain: names, padding: 0.06 },
      y: { type: "band", domain: names, padding: 0.06 },
      marks: [
        Plot.axisY({ tickSize: 0, label: null, fill: colour("ink"), tickFormat: cut }),
        Plot.axisX({
          anchor: "top",
          tickSize: 0,
          label: null,
          fill: colour("soft"),
          tickFormat: (name: string) => String(names.indexOf(name) + 1),
        }),
        Plot.text(names, {
          x: (name: string) => name,
          y: (name: string) => name,
          text: (name: string) => String(names.indexOf(name) + 1),
          fill: colour("faint"),
        }),
        Plot.cell(cells, {
          x: "x",
          y: "y",
          fill: ({ rho }: Cell) => colour(rho < 0 ? "series2" : "series1"),
          fillOpacity: ({ rho }: Cell) => 0.06 + 0.6 * Math.abs(rho),
        }),
        ...[true, false].map((sure) =>
          Plot.text(
            cells.filter((cell) => cell.sure === sure),
            {
              x: "x",
              y: "y",
              text: ({ rho }: Cell) => (numbers ? scoreText(rho).replace("0.", ".") : scoreText(rho)),
              fill: colour(sure ? "ink" : "soft"),
              fontWeight: sure ? 700 : 400,
              fontSize: numbers ? 9.5 : 11.5,
            },
          ),
        ),
      ],
    });
  };
  return {
    name: "rank-correlations",
    title: "Rank correlations",
    caption:
      "Spearman’s ρ over trials; columns are numbered as the rows are. Bold where the 95 % interval, which draws whole configurations, leaves out 0.",
    svg: at(WIDE),
    narrow: at(NARROW),
  };
}
