/**
 * The rare-feature plot of Nanda 2023: cosine of each direction with the mean rare direction against log density. A cluster at
 * the upper left of the encoder panel that the decoder panel lacks is the sign of features killed by L1.
 */

import * as Plot from "@observablehq/plot";
import type { EvaluationResult, FeatureStatistics } from "../../evaluation/result.ts";
import { Random } from "../../random.ts";
import { draw, type Figure, quietX, quietY } from "../figure.ts";
import { formatCount, formatNumber, formatPercent, powerOfTen } from "../format.ts";
import { colour } from "../palette.ts";

/** Beyond this many, every k-th feature is drawn, so that a wide dictionary's report stays a small file. */
const MAX_DOTS = 6000;
/** Dots drawn by one path: within a path overlaps do not darken, between paths they do. */
const DOTS_PER_PATH = 60;

/** One figure for the encoder, one for the decoder; none when no feature is rare. */
export function rareFigures(e: EvaluationResult, features: FeatureStatistics, fill: string): Figure[] {
  if (e.rare.count === 0) return [];
  const { rare } = e;
  const base = unrelated(rare.unrelated_cosine);
  const panel = (
    side: "encoder" | "decoder",
    aligned: number | null,
    rareMedian: number | null,
    others: number | null,
  ) => ({
    name: `rare-${side}`,
    title: `Rare features, ${side}`,
    caption:
      `Cosine with the mean ${side} direction of the ${formatCount(rare.count)} features below a density of ` +
      `${formatNumber(rare.threshold)}: median ${formatNumber(rareMedian)} among them, ${formatNumber(others)} among the others; ` +
      `${formatPercent(aligned)} of them above 0.95.${side === "encoder" ? base : ""}`,
    svg: drawPanel(
      e,
      features.density,
      side === "encoder" ? features.rare_encoder_cosine : features.rare_decoder_cosine,
      fill,
    ),
  });
  return [
    panel("encoder", rare.encoder_aligned_fraction, rare.encoder_median, rare.encoder_median_others),
    panel("decoder", rare.decoder_aligned_fraction, rare.decoder_median, rare.decoder_median_others),
  ];
}

function unrelated(cosine: number | null): string {
  return cosine === null
    ? ""
    : ` Unrelated directions would show about ${formatNumber(cosine)} (1/√count), the grey line.`;
}

function drawPanel(e: EvaluationResult, density: Float32Array, cosines: Float32Array, fill: string): string {
  const start = e.log_density_histogram.edges[0]!;
  const left = start - 1.05;
  const edge = Math.log10(e.rare.threshold);
  const stride = Math.ceil(density.length / MAX_DOTS);
  const jitter = Random.of(0, "rare-feature plot");
  const dots = Array.from({ length: Math.ceil(density.length / stride) }, (_, i) => {
    const feature = i * stride;
    const x = density[feature]! > 0 ? Math.log10(density[feature]!) : left + 0.25 + 0.35 * jitter.uniform();
    return { x, y: cosines[feature]!, rare: density[feature]! < e.rare.threshold };
  });
  const integers = Array.from({ length: 12 }, (_, i) => -i).filter((x) => x >= start);
  return draw("Cosine with the mean rare direction against log10 density", {
    x: { domain: [left, 0.05] },
    y: { domain: [Math.min(-0.25, Math.floor(4 * Math.min(...dots.map(({ y }) => y))) / 4), 1] },
    marks: [
      Plot.rect([0], { x1: left, x2: Math.max(left, edge), fill: colour("wash") }),
      ...quietY({ ticks: 5, label: "cosine" }),
      e.rare.unrelated_cosine === null
        ? null
        : Plot.ruleY([e.rare.unrelated_cosine], { stroke: colour("faint"), strokeDasharray: "3,3" }),
      cloud(
        dots.filter(({ rare }) => !rare),
        fill,
      ),
      cloud(
        dots.filter(({ rare }) => rare),
        colour("bad"),
      ),
      quietX({
        ticks: integers,
        label: "density, share of tokens",
        tickFormat: (x: number) => powerOfTen(x),
      }),
      Plot.text(["never"], {
        x: left + 0.425,
        frameAnchor: "bottom",
        text: (text: string) => text,
        dy: 15,
        fill: colour("soft"),
      }),
      Plot.text(["rare"], {
        x: Math.max(left, edge),
        frameAnchor: "top",
        text: (text: string) => text,
        dx: -5,
        dy: 8,
        textAnchor: "end",
        fill: colour("bad"),
      }),
    ],
  });
}

/** Many dots in few elements: a path of zero-length strokes with round ends, a tenth of the size of as many circles. */
function cloud(dots: readonly { x: number; y: number }[], stroke: string): Plot.Markish {
  return (_index, scales, _values, _dimensions, context) => {
    const { document } = context as unknown as { document: Document };
    const group = document.createElementNS("http://www.w3.org/2000/svg", "g");
    for (const [name, value] of Object.entries({
      stroke,
      "stroke-width": "3.2",
      "stroke-linecap": "round",
      "stroke-opacity": "0.45",
      fill: "none",
    })) {
      group.setAttribute(name, value);
    }
    const at = (scale: unknown, value: number) => (scale as (value: number) => number)(value).toFixed(1);
    for (let first = 0; first < dots.length; first += DOTS_PER_PATH) {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      const part = dots.slice(first, first + DOTS_PER_PATH);
      path.setAttribute("d", part.map(({ x, y }) => `M${at(scales.x, x)},${at(scales.y, y)}h0`).join(""));
      group.append(path);
    }
    return group;
  };
}
