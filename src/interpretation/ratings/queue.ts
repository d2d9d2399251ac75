/**
 * What people are asked to rate: activation intervals of features and of neurons, mixed, in an order that says nothing of which is which.
 *
 * Bricken et al. 2023 rated 412 intervals of 162 features and neurons, each drawn uniformly from those of INTERVALS equal intervals
 * of (0, max] that have examples. Here half of the units are features, and the number of intervals of a unit is two or three, so that
 * the sum comes out. The draw depends on the seed and the units alone, and is the same for all raters: what two of them have rated
 * first are the same items, and their agreement is known early.
 */

import { createHash } from "node:crypto";
import { type UnitKind, UNIT_KINDS } from "../../features/units.ts";
import { Random } from "../../random.ts";
import type { RatedInterval } from "./rating.ts";

export interface QueueOptions {
  /** Units of both kinds together, and intervals of all of them. */
  readonly units: number;
  readonly intervals: number;
  readonly seed: number;
}

export const QUEUE: QueueOptions = { units: 162, intervals: 412, seed: 0 };

export interface QueueSource {
  /** Names the dictionary and its weights: items of another one have other names. */
  readonly name: string;
  /** Units that fired, ascending; empty for a kind that was not analysed. */
  alive(kind: UnitKind): readonly number[];
  /** Intervals of the unit that have examples. */
  intervals(kind: UnitKind, index: number): readonly number[];
}

export interface QueueItem extends RatedInterval {
  /** Names it without saying what it is. */
  readonly item: string;
}

export function ratingQueue(source: QueueSource, options: Partial<QueueOptions> = {}): QueueItem[] {
  const { units, intervals, seed } = { ...QUEUE, ...options };
  const chosen = alternate(UNIT_KINDS.map((kind) => unitsOf(source, kind, Math.ceil(units / 2), seed))).slice(
    0,
    units,
  );
  const items = chosen.flatMap(({ kind, index, occupied }, i) => {
    // Of 162 units and 412 intervals: the difference of consecutive multiples of 412/162, rounded down.
    const count = Math.floor(((i + 1) * intervals) / units) - Math.floor((i * intervals) / units);
    const random = Random.of(seed, `rated intervals of ${kind} ${index}`);
    return [...random.permutation(occupied.length)]
      .slice(0, count)
      .map((place): RatedInterval => ({ kind, index, interval: occupied[place]! }));
  });
  return [...Random.of(seed, "order of rating").permutation(items.length)].map((place) => {
    const item = items[place]!;
    return { item: nameOf(source.name, seed, item), ...item };
  });
}

interface RatedUnit {
  readonly kind: UnitKind;
  readonly index: number;
  readonly occupied: readonly number[];
}

/** Drawn uniformly from those that are alive; ones without any example are passed over. */
function unitsOf(source: QueueSource, kind: UnitKind, count: number, seed: number): RatedUnit[] {
  const alive = source.alive(kind);
  const units: RatedUnit[] = [];
  for (const place of Random.of(seed, `rated ${kind}s`).permutation(alive.length)) {
    if (units.length === count) break;
    const index = alive[place]!;
    const occupied = source.intervals(kind, index);
    if (occupied.length > 0) units.push({ kind, index, occupied });
  }
  return units;
}

/** One of each list in turn, as long as there are any. */
function alternate<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list.slice(i, i + 1))).flat();
}

function nameOf(source: string, seed: number, { kind, index, interval }: RatedInterval): string {
  const words = JSON.stringify(["rated", source, seed, kind, index, interval]);
  return createHash("sha256").update(words).digest("base64url").slice(0, 22);
}
