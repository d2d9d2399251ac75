/**
 * From what was kept of a unit, the examples to show: the highest contexts, and some of each of INTERVALS equal intervals of (0, max].
 *
 * An interval's candidates are the kept tokens whose value lies in it; those with the smallest keys are taken. Left out are a second one of a
 * context within the interval, a window that the interval or the top has already, and a window that overlaps with one of the top in
 * its context. What is left is a uniform sample of the interval's distinct windows as long as the bands that it overlaps kept
 * all with keys up to the largest that is taken. With fewer tokens kept than that (an interval of several bands of which one is full) the
 * fuller bands are underrepresented: an approximation, within an interval, of which token is shown. Which interval it is in is exact.
 */

import { type Example, type ExampleGroup, INTERVALS } from "../records.ts";
import type { IntervalSamples } from "./interval-samples.ts";
import { contextAt, type SnippetArena } from "./snippet-arena.ts";
import type { TopContexts } from "./top-contexts.ts";
import { OVERLAP } from "./window-keys.ts";

/** An example by the address of its record. */
export interface Choice {
  readonly group: ExampleGroup;
  readonly interval: number | null;
  readonly record: number;
}

/** What was kept of all units. */
export interface Kept {
  readonly arena: SnippetArena;
  readonly top: TopContexts;
  readonly samples: IntervalSamples;
}

/** The interval of (0, max] in which `value` lies: 0 … INTERVALS − 1, each closed above. */
export function intervalOf(value: number, max: number): number {
  return Math.min(INTERVALS - 1, Math.max(0, Math.ceil((value * INTERVALS) / max) - 1));
}

/** The top, highest first, then each interval from the lowest, highest first within it. */
export function chooseExamples(kept: Kept, unit: number, max: number, perInterval: number): Choice[] {
  const top = topOf(kept, unit);
  const intervals = sampleIntervals(kept, unit, max, perInterval, top);
  return [
    ...top.map(({ record }): Choice => ({ group: "top", interval: null, record })),
    ...intervals.flatMap((chosen, interval) =>
      chosen
        .sort((a, b) => b.value - a.value || a.place - b.place)
        .map(({ record }): Choice => ({ group: "interval", interval, record })),
    ),
  ];
}

export function exampleOf({ arena }: Kept, { group, interval, record }: Choice): Example {
  const { place, document, position, value, positions, values } = arena.read(record);
  return { ...contextAt(place), group, interval, position, document, value, positions, values };
}

interface Candidate {
  readonly record: number;
  readonly key: number;
  readonly value: number;
  readonly place: number;
  readonly position: number;
}

function topOf({ arena, top }: Kept, unit: number): Candidate[] {
  const found: Candidate[] = [];
  for (let slot = unit * top.perUnit, end = slot + top.perUnit; slot < end; slot++) {
    const record = top.records[slot]!;
    if (record === 0) break;
    found.push(candidate(arena, record, top.keys[slot]!));
  }
  return found.sort((a, b) => b.value - a.value || a.place - b.place);
}

function sampleIntervals(
  { arena, samples }: Kept,
  unit: number,
  max: number,
  perInterval: number,
  top: readonly Candidate[],
): Candidate[][] {
  const candidates: Candidate[] = [];
  for (let slot = unit * samples.perUnit, end = slot + samples.perUnit; slot < end; slot++) {
    const record = samples.records[slot]!;
    if (record !== 0) candidates.push(candidate(arena, record, samples.keys[slot]!));
  }
  candidates.sort((a, b) => a.key - b.key || a.place - b.place);
  const intervals: Candidate[][] = Array.from({ length: INTERVALS }, () => []);
  for (const one of candidates) {
    const chosen = intervals[intervalOf(one.value, max)]!;
    if (chosen.length === perInterval) continue;
    if (chosen.some(({ place, key }) => place === one.place || key === one.key)) continue;
    if (top.some((shown) => shown.key === one.key || overlap(shown, one))) continue;
    chosen.push(one);
  }
  return intervals;
}

function overlap(a: Candidate, b: Candidate): boolean {
  return a.place === b.place && Math.abs(a.position - b.position) <= OVERLAP;
}

function candidate(arena: SnippetArena, record: number, key: number): Candidate {
  return {
    record,
    key,
    value: arena.value(record),
    place: arena.place(record),
    position: arena.position(record),
  };
}
