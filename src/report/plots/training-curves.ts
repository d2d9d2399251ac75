/** Training curves: one small chart a quantity, one line an SAE, over tokens seen. */

import * as Plot from "@observablehq/plot";
import { draw, type Figure, quietX, quietY } from "../figure.ts";
import { formatCount } from "../format.ts";
import { seriesColour } from "../palette.ts";
import type { ReportedSae, TrainLine, TrainQuantity } from "../run-folder.ts";

/** More points than this a line are averaged: a chart 430 wide shows no more. */
const MAX_POINTS = 300;

interface Curve {
  readonly quantity: TrainQuantity;
  readonly title: string;
  readonly caption: string;
  readonly log?: boolean;
  readonly percent?: boolean;
}

const CURVES: readonly Curve[] = [
  { quantity: "loss", title: "Loss", caption: "Squared error plus Λ · L1, on training batches.", log: true },
  {
    quantity: "mse",
    title: "Squared error",
    caption: "Mean over tokens of Σ(x̂ − x)², on training batches.",
    log: true,
  },
  { quantity: "l0", title: "L0", caption: "Active features a token, on training batches.", log: true },
  {
    quantity: "explained_variance",
    title: "Explained variance",
    caption: "On training batches.",
    percent: true,
  },
  { quantity: "lambda", title: "Sparsity penalty Λ", caption: "The coefficient of L1 at that step." },
  {
    quantity: "alive",
    title: "Features in use",
    caption: "Share that fired since the previous line of the log.",
    percent: true,
  },
];

/** The curves for which there is anything to draw. */
export function trainingCurves(saes: readonly ReportedSae[]): Figure[] {
  return CURVES.flatMap((curve) => {
    const points = saes.flatMap((sae, index) =>
      pointsOf(sae.train, curve).map((point) => ({ ...point, index })),
    );
    return points.length < 2 ? [] : [drawCurve(curve, points, saes)];
  });
}

interface Point {
  readonly tokens: number;
  readonly value: number;
  readonly index: number;
}

function drawCurve(curve: Curve, points: readonly Point[], saes: readonly ReportedSae[]): Figure {
  const { quantity, title, caption, log = false, percent = false } = curve;
  const largest = Math.max(...points.map(({ tokens }) => tokens));
  const [unit, unitName] =
    largest >= 1e9 ? [1e9, "billion"] : largest >= 1e6 ? [1e6, "million"] : [1e3, "thousand"];
  const values = points.map(({ value }) => value);
  const logarithmic = log && Math.max(...values) / Math.min(...values) > 5;
  const marks: Plot.Markish[] = [
    ...quietY({
      ticks: logarithmic ? logTicks(values) : 4,
      label: null,
      tickFormat: percent ? (v: number) => `${Number((100 * v).toPrecision(3))}%` : (v: number) => tick(v),
    }),
    quietX({ ticks: 5, label: `${unitName} tokens`, tickFormat: (v: number) => tick(v / unit) }),
    saes.map((sae, index) => eventRule(sae, index, points)),
    Plot.line(points, {
      x: "tokens",
      y: "value",
      z: "index",
      stroke: ({ index }: Point) => seriesColour(index),
      strokeWidth: 1.6,
      strokeLinejoin: "round",
    }),
  ];
  const svg = draw(`${title} over training tokens`, {
    width: 300,
    height: 176,
    marginTop: 12,
    marginLeft: 46,
    marginRight: 12,
    x: { domain: [0, largest] },
    y: {
      type: logarithmic ? "log" : "linear",
      nice: !logarithmic,
      zero: !logarithmic && Math.min(...values) >= 0,
    },
    marks,
  });
  return {
    name: `training-${quantity.replaceAll("_", "-")}`,
    title,
    caption: logarithmic ? `${caption} Log scale.` : caption,
    svg,
  };
}

/** Short marks on the x axis where features were resampled or re-initialised. */
function eventRule({ events, train }: ReportedSae, index: number, points: readonly Point[]): Plot.Markish {
  const perStep = lastRatio(train);
  const at = events
    .filter(({ event }) => event === "resample" || event === "reinit")
    .map(({ step }) => step * perStep)
    .filter((tokens) => Number.isFinite(tokens) && points.length > 0);
  return Plot.tickX(at, {
    x: (tokens: number) => tokens,
    stroke: seriesColour(index),
    strokeOpacity: 0.45,
    strokeDasharray: "1.5,2.5",
  });
}

/** Round values within the range, few enough to label: powers of ten, or 1, 2 and 5 times them where there is room. */
function logTicks(values: readonly number[]): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const decades = Math.log10(high / low);
  if (decades > 4) return powersBetween(low, high, Math.ceil(decades / 4));
  const steps = decades > 2.5 ? [1] : decades > 1.5 ? [1, 3] : [1, 2, 5];
  const first = Math.floor(Math.log10(low));
  return Array.from({ length: Math.ceil(decades) + 2 }, (_, i) =>
    steps.map((step) => step * 10 ** (first + i)),
  )
    .flat()
    .filter((value) => value >= low && value <= high);
}

function powersBetween(low: number, high: number, stride: number): number[] {
  const last = Math.floor(Math.log10(high));
  return Array.from({ length: 6 }, (_, i) => 10 ** (last - i * stride)).filter((value) => value >= low);
}

/** How many resamplings the dotted lines stand for, in words; null when there were none. */
export function eventNote(saes: readonly ReportedSae[]): string | null {
  const count = saes
    .flatMap(({ events }) => events)
    .filter(({ event }) => event === "resample" || event === "reinit").length;
  return count === 0
    ? null
    : count === 1
      ? "Dotted line: dead features resampled."
      : `Dotted lines: dead features resampled, ${formatCount(count)} times.`;
}

function lastRatio(train: readonly TrainLine[]): number {
  const last = train.findLast(({ step, tokens }) => step !== null && tokens !== null);
  return last ? last.tokens! / Math.max(1, last.step!) : NaN;
}

function pointsOf(
  train: readonly TrainLine[],
  { quantity, log }: Curve,
): { tokens: number; value: number }[] {
  const points = train.flatMap((line) => {
    const value = line[quantity];
    return value === null || line.tokens === null || (log && value <= 0)
      ? []
      : [{ tokens: line.tokens, value }];
  });
  if (points.length <= MAX_POINTS) return points;
  const size = points.length / MAX_POINTS;
  return Array.from({ length: MAX_POINTS }, (_, i) => {
    const group = points.slice(Math.floor(i * size), Math.floor((i + 1) * size));
    return {
      tokens: group.at(-1)!.tokens,
      value: group.reduce((sum, point) => sum + point.value, 0) / group.length,
    };
  });
}

function tick(value: number): string {
  return value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)
    ? value.toExponential(0)
    : String(Number(value.toPrecision(3)));
}
