/** The examples of a unit in the groups that they are shown in: the highest, then each interval from the top down, then any. */

import { INTERVALS, type Example, type Histogram } from "../../../features/records.ts";

export interface Group {
  /** In addresses. */
  readonly id: string;
  readonly title: string;
  readonly group: Example["group"];
  /** Of f, for an interval: above `low`, up to `high`. */
  readonly range: readonly [low: number, high: number] | null;
  /** Active tokens in the interval as a share of all active ones. */
  readonly share: number | null;
  readonly examples: readonly Example[];
}

/** Groups without an example are left out, but not intervals: an empty one says something. */
export function groupsOf(examples: readonly Example[], max: number, histogram: Histogram): readonly Group[] {
  const of = (group: Example["group"], interval: number | null) =>
    examples.filter((example) => example.group === group && example.interval === interval);
  const groups: Group[] = [];
  const top = of("top", null);
  if (top.length > 0)
    groups.push({ id: "top", title: "Strongest", group: "top", range: null, share: null, examples: top });
  if (max > 0) {
    for (let interval = INTERVALS - 1; interval >= 0; interval--) {
      const range = [(max * interval) / INTERVALS, (max * (interval + 1)) / INTERVALS] as const;
      groups.push({
        id: `interval-${interval}`,
        title: `Interval ${interval + 1}`,
        group: "interval",
        range,
        share: shareBetween(histogram, ...range),
        examples: of("interval", interval),
      });
    }
  }
  const random = of("random", null);
  if (random.length > 0)
    groups.push({
      id: "random",
      title: "Any text",
      group: "random",
      range: null,
      share: null,
      examples: random,
    });
  return groups;
}

/** Share of a histogram's counts in (low, high]. A bin that the edge falls into counts by the part of it that lies inside. */
export function shareBetween({ start, width, counts }: Histogram, low: number, high: number): number {
  let inside = 0;
  let all = 0;
  counts.forEach((count, bin) => {
    all += count;
    const from = Math.max(low, start + bin * width);
    const to = Math.min(high, start + (bin + 1) * width);
    if (to > from && width > 0) inside += (count * (to - from)) / width;
  });
  return all === 0 ? 0 : inside / all;
}

/** f at every position of a context of `length` tokens. */
export function activationsOf({ positions, values }: Example, length: number): Float32Array {
  const dense = new Float32Array(length);
  positions.forEach((position, at) => {
    if (position < length) dense[position] = values[at]!;
  });
  return dense;
}

/** Positions [from, to) around `position`; `reach` null is the whole context. */
export function windowAround(
  position: number,
  reach: number | null,
  length: number,
): readonly [number, number] {
  if (reach === null) return [0, length];
  return [Math.max(0, position - reach), Math.min(length, position + reach + 1)];
}

/** How many documents the examples come from, as far as their numbers tell. */
export function documentsOf(examples: readonly Example[]): number {
  return new Set(examples.map(({ split, document }) => `${split} ${document}`)).size;
}
