/** Sparsity against fidelity: where each SAE of a run lies. Up and left is better; only SAEs at equal L0 compare directly. */

import * as Plot from "@observablehq/plot";
import type { EvaluationResult } from "../../evaluation/result.ts";
import { draw, type Figure, NARROW, quietX, quietY, WIDE } from "../figure.ts";
import { formatNumber } from "../format.ts";
import { colour } from "../palette.ts";

/** Null when fewer than two SAEs have both numbers. */
export function frontierFigure(
  evaluations: readonly { evaluation: EvaluationResult; fill: string }[],
): Figure | null {
  const points = evaluations.flatMap(({ evaluation, fill }) => {
    const { name, l0, loss_recovered_zero: score, loss_recovered_zero_ci: interval } = evaluation;
    return score === null || l0 <= 0
      ? []
      : [{ name, l0, score, low: interval?.[0] ?? score, high: interval?.[1] ?? score, fill }];
  });
  if (points.length < 2) return null;
  const lows = Math.min(...points.map(({ low }) => low));
  const l0s = points.map(({ l0 }) => l0);
  const wide = Math.max(...l0s) / Math.min(...l0s) > 4;
  const at = (width: number) =>
    draw("Loss recovered against L0, one point an SAE", {
      width,
      height: 300,
      marginRight: 110,
      x: wide
        ? { type: "log", domain: [0.8 * Math.min(...l0s), 1.25 * Math.max(...l0s)] }
        : { domain: [0, 1.15 * Math.max(...l0s)] },
      y: {
        domain: [
          Math.max(-0.2, lows - 0.05),
          Math.min(1, Math.max(...points.map(({ high }) => high)) + 0.05),
        ],
        nice: true,
      },
      marks: [
        ...quietY({
          ticks: 6,
          label: "loss recovered (zero ablation)",
          tickFormat: (v: number) => `${Math.round(100 * v)}%`,
        }),
        quietX({ ticks: 6, label: "L0, active features a token", tickFormat: (v: number) => formatTick(v) }),
        Plot.ruleX(points, { x: "l0", y1: "low", y2: "high", stroke: "fill", strokeWidth: 1.5 }),
        Plot.dot(points, {
          x: "l0",
          y: "score",
          fill: "fill",
          r: 4.5,
          stroke: colour("paper"),
          strokeWidth: 1.5,
        }),
        Plot.text(points, {
          x: "l0",
          y: "score",
          text: "name",
          textAnchor: "start",
          dx: 9,
          fill: colour("ink"),
        }),
      ],
    });
  return {
    name: "frontier",
    title: "Sparsity against fidelity",
    caption: `Up and left is better. Vertical bars: 95 % intervals. L0 from ${formatNumber(Math.min(...l0s))} to ${formatNumber(Math.max(...l0s))}.`,
    svg: at(WIDE),
    narrow: at(NARROW),
  };
}

function formatTick(value: number): string {
  return String(Number(value.toPrecision(2)));
}
