/**
 * What each replacement of the activation costs: the loss above the clean model's, for the SAE, mean and zero ablation. Bars start
 * at the clean model, the only honest zero: bars from a loss of 0 would all look alike.
 */

import * as Plot from "@observablehq/plot";
import type { EvaluationResult } from "../../evaluation/result.ts";
import { draw, type Figure, NARROW, quietX, WIDE } from "../figure.ts";
import { formatNumber } from "../format.ts";
import { colour } from "../palette.ts";

export function lossesFigure(evaluations: readonly { evaluation: EvaluationResult; fill: string }[]): Figure {
  const first = evaluations[0]!.evaluation;
  const several = evaluations.length > 1;
  const bars = [
    ...evaluations.map(({ evaluation, fill }) => ({
      label: several ? shortened(evaluation.name) : "SAE",
      loss: evaluation.ce_sae,
      fill,
    })),
    { label: "mean ablation", loss: first.ce_mean, fill: colour("faint") },
    { label: "zero ablation", loss: first.ce_zero, fill: colour("faint") },
  ].map((bar, i) => ({ ...bar, key: `${i}`, above: bar.loss - first.ce_clean }));
  const most = Math.max(...bars.map(({ above }) => above), 1e-6);
  const least = Math.min(0, ...bars.map(({ above }) => above));
  const at = (width: number) =>
    draw("Loss above the clean model's for SAE, mean ablation and zero ablation", {
      width,
      height: 62 + 30 * bars.length,
      marginLeft: 118,
      marginRight: 130,
      marginTop: 6,
      x: { domain: [least, most] },
      y: { domain: bars.map(({ key }) => key), padding: 0.32 },
      marks: [
        Plot.gridX({ ticks: width > NARROW ? 6 : 3, stroke: colour("rule"), strokeOpacity: 1 }),
        Plot.barX(bars, { x: "above", y: "key", fill: "fill" }),
        Plot.text(bars, {
          x: (bar) => Math.max(0, bar.above),
          y: "key",
          text: (bar) => `${formatNumber(bar.loss)}  (${bar.above < 0 ? "" : "+"}${formatNumber(bar.above)})`,
          textAnchor: "start",
          dx: 7,
          fill: colour("ink"),
        }),
        Plot.axisY({
          label: null,
          tickSize: 0,
          tickPadding: 8,
          fill: colour("ink"),
          tickFormat: (key: string) => bars[Number(key)]!.label,
        }),
        Plot.ruleX([0], { stroke: colour("ink") }),
        quietX({ ticks: width > NARROW ? 6 : 3, label: "nats a token above the clean model" }),
      ],
    });
  return {
    name: "losses",
    title: "What replacing the activation costs",
    caption: `Cross-entropy of the clean model ${formatNumber(first.ce_clean)} nats a token; each bar is what its replacement adds. Loss recovered is the part of the ablation's bar that the SAE saves.`,
    svg: at(WIDE),
    narrow: at(NARROW),
  };
}

function shortened(name: string): string {
  return name.length > 17 ? `${name.slice(0, 16)}…` : name;
}
