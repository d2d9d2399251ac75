/** The two plain histograms of an SAE: encoder–decoder cosines of its features, L0 of the tokens. */

import * as Plot from "@observablehq/plot";
import type { EvaluationResult } from "../../evaluation/result.ts";
import { draw, type Figure, quietX, quietY } from "../figure.ts";
import { formatCount, formatNumber, formatPercent } from "../format.ts";
import { colour } from "../palette.ts";

export function cosineFigure(e: EvaluationResult, fill: string): Figure {
  const { histogram, median } = e.encoder_decoder_cosine;
  const bins = histogram.edges.slice(1).flatMap((x2, i) => {
    const x1 = histogram.edges[i]!;
    const fired = histogram.fired[i]!;
    const never = histogram.never[i]!;
    return [
      { x1, x2, y1: 0, y2: fired, fill },
      { x1, x2, y1: fired, y2: fired + never, fill: colour("faint") },
    ].filter(({ y1, y2 }) => y2 > y1);
  });
  const top = 1.12 * Math.max(1, ...bins.map(({ y2 }) => y2));
  const svg = draw("Histogram of features by cosine between encoder and decoder direction", {
    x: { domain: [-1, 1] },
    y: { domain: [0, top] },
    marks: [
      ...quietY({ ticks: 5, label: "features", tickFormat: (v: number) => formatCount(v) }),
      Plot.rectY(bins, {
        x1: "x1",
        x2: "x2",
        y1: "y1",
        y2: "y2",
        fill: "fill",
        insetLeft: 0.5,
        insetRight: 0.5,
      }),
      Plot.ruleY([0], { stroke: colour("faint") }),
      quietX({ ticks: 5, label: "cosine of encoder and decoder" }),
      median === null ? null : markedLine(median, top, "median"),
    ],
  });
  return {
    name: "encoder-decoder-cosine",
    title: "Encoder against decoder",
    caption:
      (median === null
        ? "No feature fired. "
        : `Median ${formatNumber(median)} over the features that fired; Nanda 2023 found 0.5. `) +
      (e.dead_fraction > 0 ? "Grey: never fired." : ""),
    svg,
  };
}

export function l0Figure(e: EvaluationResult, fill: string): Figure {
  const { edges, counts } = e.l0_histogram;
  const shown = lastBinHolding(counts, 0.999);
  const bins = counts
    .slice(0, shown + 1)
    .map((count, i) => ({ x1: edges[i]!, x2: edges[i + 1]!, share: count / e.tokens }));
  const top = 1.12 * Math.max(...bins.map(({ share }) => share));
  const svg = draw("Histogram of tokens by number of active features", {
    x: { domain: [0, Math.max(edges[shown + 1]!, 1)] },
    y: { domain: [0, top] },
    marks: [
      ...quietY({
        ticks: 5,
        label: "tokens",
        tickFormat: (v: number) => `${Number((100 * v).toPrecision(2))}%`,
      }),
      Plot.rectY(bins, {
        x1: "x1",
        x2: "x2",
        y: "share",
        fill,
        insetLeft: bins.length > 60 ? 0 : 0.5,
        insetRight: 0.5,
      }),
      Plot.ruleY([0], { stroke: colour("faint") }),
      quietX({
        ticks: 6,
        label: "active features on a token",
        tickFormat: (v: number) => (Number.isInteger(v) ? formatCount(v) : ""),
      }),
      markedLine(e.l0, top, "mean"),
    ],
  });
  const cut =
    shown < counts.length - 1
      ? ` Not shown: 0.1 % of tokens with more, up to ${formatCount(edges.at(-1)! - 1)}.`
      : "";
  return {
    name: "l0",
    title: "Active features a token",
    caption:
      `Mean ${formatNumber(e.l0)}, median ${formatCount(e.l0_median)}; 95 % of tokens have at most ${formatCount(e.l0_p95)}; ` +
      `${formatPercent(e.l0_zero_fraction)} have none.${cut}`,
    svg,
  };
}

function markedLine(x: number, top: number, label: string): Plot.Markish[] {
  return [
    Plot.ruleX([x], { stroke: colour("ink"), strokeWidth: 1 }),
    Plot.text([x], {
      x,
      y: top,
      text: () => `${label} ${formatNumber(x)}`,
      dx: 5,
      dy: 3,
      textAnchor: "start",
      fill: colour("ink"),
    }),
  ];
}

function lastBinHolding(counts: readonly number[], share: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let below = 0;
  return Math.max(
    0,
    counts.findIndex((count) => (below += count) >= share * total),
  );
}
