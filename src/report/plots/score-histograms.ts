/** Scores of explanations as small histograms one above the other: features, and each control that says whether such a score means anything. */

import * as Plot from "@observablehq/plot";
import type { Interpretation } from "../../interpretation/result.ts";
import { CHANCE } from "../../interpretation/scores/score.ts";
import { draw, type Figure, NARROW, quietX, WIDE } from "../figure.ts";
import { formatCount } from "../format.ts";
import { colour, seriesColour } from "../palette.ts";
import { columnsOf, rowsOf, scoresOf } from "../scores/compared-columns.ts";
import { scoreBins, scoreEdges } from "../scores/score-bins.ts";
import { scoreText } from "../scores/score-words.ts";

/** Height of one histogram, and of what stands below the last. */
const BAND = 74;
const FOOT = 44;

/** Of the first explainer's primary score; null where nothing has one. */
export function scoreHistograms(interpretation: Interpretation): Figure | null {
  const { primary } = interpretation;
  const [row] = rowsOf(interpretation, primary, "all");
  if (row === undefined) return null;
  const columns = columnsOf(interpretation)
    .filter(({ prediction }) => prediction !== "zero")
    .map((column) => ({
      column,
      values: scoresOf(interpretation, column, {
        kind: primary,
        explainer: row.explainer,
        split: "all",
      }).map(({ value }) => value),
    }))
    .filter(({ values }) => values.length > 0);
  if (columns.length === 0) return null;
  const edges = scoreEdges(columns.map(({ values }) => values));
  const histograms = columns.map(({ column, values }) => ({ column, ...scoreBins(values, edges) }));
  const top = Math.max(...histograms.flatMap(({ shares }) => shares));
  const chance = CHANCE[primary];
  // Each histogram stands on a base of its own, so that all share one axis of scores.
  const base = (place: number) => (histograms.length - 1 - place) * 1.45 * top;
  const bars = histograms.flatMap(({ column, shares }, place) =>
    shares.flatMap((share, bin) =>
      share === 0
        ? []
        : [
            {
              x1: edges[bin]!,
              x2: edges[bin + 1]!,
              y1: base(place),
              y2: base(place) + share,
              fill: seriesColour(column.colour),
            },
          ],
    ),
  );
  const labels = histograms.map(({ column, median, count }, place) => ({
    y: base(place) + 1.12 * top,
    base: base(place),
    median,
    text: `${column.title}: median ${scoreText(median)}, ${formatCount(count)} units`,
  }));
  const at = (width: number) =>
    draw(`Histograms of ${primary} for features and controls`, {
      width,
      height: BAND * histograms.length + FOOT,
      marginLeft: 14,
      x: { domain: [edges[0]!, 1] },
      y: { domain: [0, base(0) + 1.25 * top], axis: null },
      marks: [
        Plot.ruleX([chance], { stroke: colour("soft"), strokeDasharray: "3,3" }),
        Plot.rect(bars, {
          x1: "x1",
          x2: "x2",
          y1: "y1",
          y2: "y2",
          fill: "fill",
          insetLeft: 0.5,
          insetRight: 0.5,
        }),
        Plot.ruleY(labels, { y: "base", stroke: colour("faint") }),
        Plot.ruleX(
          labels.filter(({ median }) => median !== null),
          {
            x: "median",
            y1: "base",
            y2: (label: { base: number }) => label.base + top,
            stroke: colour("ink"),
          },
        ),
        Plot.text(labels, {
          x: () => edges[0]!,
          y: "y",
          text: "text",
          textAnchor: "start",
          dx: 2,
          fill: colour("ink"),
          stroke: colour("paper"),
          strokeWidth: 4,
        }),
        quietX({ ticks: 6, label: `${primary} of the explainer “${row.explainer}”` }),
      ],
    });
  return {
    name: "scores",
    title: "Scores of features and controls",
    caption: `Heights: share of the units, on one scale. Dashed: chance (${scoreText(chance)}). Solid: the median.`,
    svg: at(WIDE),
    narrow: at(NARROW),
  };
}
