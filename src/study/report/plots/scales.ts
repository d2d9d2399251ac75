/** Axes that several plots of a study share: ticks in an outcome's unit, and scales that fit the values. */

import type * as Plot from "@observablehq/plot";
import { formatBytes, formatDuration } from "../../../report/format.ts";
import type { OutcomeDefinition } from "../../outcomes/outcome.ts";

/** A number on an axis, short. */
export function tickText({ unit }: Pick<OutcomeDefinition, "unit">, value: number): string {
  if (unit === "share") return `${Number((100 * value).toPrecision(3))}%`;
  if (unit === "seconds") return formatDuration(value);
  if (unit === "bytes") return formatBytes(value);
  return shortNumber(value);
}

/** 0.003, 12, 1.5k, 2M */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  for (const [unit, name] of [
    [1e9, "B"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (size >= (unit === 1e3 ? 1e4 : unit)) return `${Number((value / unit).toPrecision(3))}${name}`;
  }
  return size !== 0 && size < 1e-3 ? value.toExponential(0) : String(Number(value.toPrecision(3)));
}

/** Less than this ratio, and a logarithmic axis has no round number to label. */
const LEAST_RATIO = 2;

/** A logarithmic scale where it is asked for and the values are wide enough apart; else a linear one with room on both sides. */
export function scaleFor(values: readonly number[], log: boolean): Plot.ScaleOptions {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (log && least > 0 && most >= LEAST_RATIO * least) {
    const room = (most / least) ** 0.06;
    return { type: "log", domain: [least / room, most * room] };
  }
  const room = most > least ? 0.06 * (most - least) : Math.max(Math.abs(most) * 0.1, 1e-6);
  return { domain: [least - room, most + room], nice: true };
}

/** Ticks of a logarithmic axis, few enough to label. */
export function logTicks(values: readonly number[]): number[] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const decades = Math.log10(most / least);
  const steps =
    decades > 2.5 ? [1] : decades > 1.2 ? [1, 3] : decades > 0.5 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 7];
  const first = Math.floor(Math.log10(least));
  return Array.from({ length: Math.ceil(decades) + 2 }, (_, i) =>
    steps.map((step) => step * 10 ** (first + i)),
  )
    .flat()
    .filter((value) => value >= 0.97 * least && value <= 1.03 * most);
}
