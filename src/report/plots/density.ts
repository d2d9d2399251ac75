/**
 * The log-density histogram: how often features fire, with what cannot be seen marked as such. Never-firing features have no
 * place on a log axis and stand apart at the left; the dashed line is one firing.
 */

import * as Plot from "@observablehq/plot";
import type { EvaluationResult } from "../../evaluation/result.ts";
import { draw, type Figure, NARROW, WIDE, quietX, quietY } from "../figure.ts";
import { formatCount, formatNumber, formatPercent, powerOfTen } from "../format.ts";
import { colour } from "../palette.ts";

export function densityFigure(e: EvaluationResult, stroke: string): Figure {
  const { edges, counts, never } = e.log_density_histogram;
  const ultralow = Math.log10(e.ultralow_threshold);
  const resolution = Math.log10(e.density_resolution);
  const bins = counts.map((count, i) => ({ x1: edges[i]!, x2: edges[i + 1]!, count }));
  const tallest = Math.max(...counts);
  // A dictionary of dead features must not flatten the rest: its bar is cut, its number written on it.
  const top =
    1.12 * (tallest === 0 ? Math.max(1, never) : Math.max(tallest, Math.min(never, 1.25 * tallest)));
  const left = edges[0]! - 1.05;
  const isUltralow = (bin: { x1: number; x2: number }) => (bin.x1 + bin.x2) / 2 < ultralow - 1e-9;
  const integers = Array.from({ length: 12 }, (_, i) => -i).filter((x) => x >= edges[0]!);
  const marks: Plot.Markish[] = [
    ...quietY({
      ticks: Math.min(5, Math.ceil(top)),
      label: "features",
      tickFormat: (v: number) => formatCount(v),
    }),
    Plot.rectY(bins, {
      x1: "x1",
      x2: "x2",
      y: "count",
      fill: (bin) => (isUltralow(bin) ? colour("bad") : stroke),
      insetLeft: 0.5,
      insetRight: 0.5,
    }),
    Plot.rectY([never], {
      x1: left + 0.3,
      x2: left + 0.55,
      y: Math.min(never, top),
      fill: colour("faint"),
    }),
    Plot.text([never], {
      x: left + 0.425,
      y: Math.min(never, top),
      text: (count: number) => (count > top ? `${formatCount(count)} ↑` : formatCount(count)),
      dy: -7,
      fill: colour("soft"),
    }),
    Plot.ruleX([resolution], { stroke: colour("soft"), strokeDasharray: "3,3" }),
    Plot.text([resolution], {
      x: resolution,
      y: top,
      text: () => "one firing",
      textAnchor: "start",
      dx: 4,
      dy: 3,
      fill: colour("soft"),
    }),
    Plot.ruleY([0], { stroke: colour("faint") }),
    quietX({ ticks: integers, label: "density, share of tokens", tickFormat: (x: number) => powerOfTen(x) }),
    Plot.text(["never"], {
      x: left + 0.425,
      y: 0,
      text: (text: string) => text,
      dy: 13,
      fill: colour("soft"),
    }),
  ];
  if (ultralow > edges[0]! && e.ultralow_rule === "valley") {
    marks.push(
      Plot.ruleX([ultralow], { stroke: colour("bad"), strokeWidth: 1 }),
      Plot.text([ultralow], {
        x: ultralow,
        y: top,
        text: () => "valley",
        dy: 3,
        dx: 4,
        textAnchor: "start",
        fill: colour("bad"),
      }),
    );
  }
  const at = (width: number) =>
    draw("Histogram of features by log10 density", {
      width,
      height: 120 + 0.2 * width,
      x: { domain: [left, 0.05] },
      y: { domain: [0, top] },
      marks,
    });
  return {
    name: "density",
    title: "How often features fire",
    caption: caption(e),
    svg: at(WIDE),
    narrow: at(NARROW),
  };
}

function caption(e: EvaluationResult): string {
  const ultralow = Math.round(e.ultralow_fraction * e.d_sae);
  const rule =
    e.ultralow_rule === "valley"
      ? `left of the valley at ${formatNumber(e.ultralow_threshold)}`
      : `below ${formatNumber(e.ultralow_threshold)}; the histogram shows no valley`;
  return (
    `Of ${formatCount(e.d_sae)} features, ${formatCount(e.log_density_histogram.never)} never fired and ` +
    `${ultralow === 0 ? "none" : formatCount(ultralow)} are ultralow (${rule}). ${formatPercent(e.fraction_above_1pct)} fire on more than 1 % of tokens. ` +
    `Nothing rarer than ${formatNumber(e.density_resolution)} can be seen.`
  );
}
