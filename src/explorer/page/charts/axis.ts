/** Axes of the larger charts: where they start and end, on which scale, and which round values stand along them. */

import { ticksBetween } from "./scale.ts";

export interface Axis {
  readonly logarithmic: boolean;
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  /** 0 at `low`, 1 at `high`; values beyond lie beyond. */
  readonly at: (value: number) => number;
}

export interface AxisWish {
  /** A log scale where the values span more than a factor of five and all are above 0. */
  readonly logarithmic?: boolean;
  /** Start at 0, unless some are below or the scale is logarithmic. */
  readonly zero?: boolean;
  /** About so many ticks. */
  readonly ticks?: number;
}

/** An axis that holds all values that are finite; from 0 to 1 where there is none. */
export function axisOf(values: Iterable<number | null | undefined>, wish: AxisWish = {}): Axis {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value === null || value === undefined || !Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) [low, high] = [0, 1];
  if (wish.logarithmic === true && low > 0 && high / low > 5) return logAxis(low, high);
  if (wish.zero === true && low > 0) low = 0;
  if (low === high) [low, high] = low === 0 ? [0, 1] : [Math.min(0, 2 * low), Math.max(0, 2 * high)];
  return linearAxis(low, high, wish.ticks ?? 4);
}

export function linearAxis(low: number, high: number, count: number): Axis {
  const ticks = ticksBetween(low, high, count);
  return { logarithmic: false, low, high, ticks, at: (value) => (value - low) / (high - low) };
}

export function logAxis(low: number, high: number): Axis {
  const span = Math.log(high / low);
  return {
    logarithmic: true,
    low,
    high,
    ticks: logTicks(low, high),
    at: (value) => Math.log(value / low) / span,
  };
}

/** Few enough to label: powers of ten, and 1, 2, 5 or 1, 3 times them where there is room. */
export function logTicks(low: number, high: number): readonly number[] {
  const decades = Math.log10(high / low);
  const first = Math.floor(Math.log10(low) + 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const stride = Math.max(1, Math.ceil(decades / 4));
  const factors = decades > 2.5 ? [1] : decades > 1.5 ? [1, 3] : [1, 2, 5];
  const found: number[] = [];
  for (let power = first; power <= last; power++) {
    if ((last - power) % stride !== 0) continue;
    for (const factor of factors) {
      const tick = Number((factor * 10 ** power).toPrecision(6));
      if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) found.push(tick);
    }
  }
  return found;
}

const DIGITS = 3;
const MOST_DIGITS = 12;

/** 0.25, 40, 1.5k, 2M, 7.5e−4 */
export function tickText(value: number): string {
  return shortText(value, DIGITS);
}

/**
 * Labels for the ticks of one axis: three digits, or as many more as it takes to say what each stands for. Of 15.75, 15.80 and 15.85
 * with three digits, two would read the same.
 */
export function tickTexts(ticks: readonly number[], percent = false): (value: number) => string {
  const write = (value: number, digits: number) =>
    percent ? `${Number((100 * value).toPrecision(digits))}%`.replace("-", "−") : shortText(value, digits);
  const isExact = (digits: number) =>
    ticks.every((tick) => Math.abs(Number(tick.toPrecision(digits)) - tick) <= 1e-9 * Math.abs(tick));
  let digits = DIGITS;
  while (digits < MOST_DIGITS && !isExact(digits)) digits++;
  return (value) => write(value, digits);
}

function shortText(value: number, digits: number): string {
  const size = Math.abs(value);
  const text = (scaled: number) => String(Number(scaled.toPrecision(digits)));
  if (value !== 0 && size < 0.01)
    return Number(value.toPrecision(digits)).toExponential().replaceAll("-", "−");
  const short =
    size >= 1e9
      ? `${text(value / 1e9)}B`
      : size >= 1e6
        ? `${text(value / 1e6)}M`
        : size >= 1e3
          ? `${text(value / 1e3)}k`
          : text(value);
  return short.replace("-", "−");
}

/** Place of the value in an ascending list that is nearest to `wanted`; −1 in an empty list. */
export function nearestPlace(ascending: ArrayLike<number>, wanted: number): number {
  let [from, to] = [0, ascending.length - 1];
  if (to < 0) return -1;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (ascending[middle]! < wanted) from = middle + 1;
    else to = middle;
  }
  return from > 0 && wanted - ascending[from - 1]! <= ascending[from]! - wanted ? from - 1 : from;
}
