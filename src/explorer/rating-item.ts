/**
 * One interval of one unit as a rater sees it. Nothing in it says which unit it is, nor whether it is a feature: activations and
 * logit weights are shares of the unit's largest, since their size differs between features and neurons.
 */

import { type Example, INTERVALS } from "../features/records.ts";
import { intervalOf } from "../features/tally/choose-examples.ts";
import { Random } from "../random.ts";
import type { StoredUnit } from "../store/store.ts";
import type { RatedContext, RatingItem, ShownWeight } from "./api.ts";

/** Tokens on each side of the one that a context is shown for. */
const AROUND = 8;

/** Contexts of the interval that is rated, and of each in the overview. */
const RATED = 10;
const OVERVIEW = 3;

const LOGITS = 10;

/** Intervals of (0, max] that the unit has examples of, ascending. */
export function occupiedIntervals({ record }: StoredUnit): number[] {
  return [...new Set(examplesByInterval(record.examples, record.statistics.max).keys()).values()].sort(
    (a, b) => a - b,
  );
}

export type ShownInterval = Pick<RatingItem, "contexts" | "overview" | "interval" | "intervals" | "logits">;

export function shownInterval(
  unit: StoredUnit,
  interval: number,
  tokenText: (id: number) => string,
): ShownInterval {
  const { record } = unit;
  const { max } = record.statistics;
  const examples = examplesByInterval(record.examples, max);
  const contexts = (of: number, count: number) =>
    ratedContexts(unit, examples.get(of) ?? [], `${record.index} ${of}`, count);
  return {
    contexts: contexts(interval, RATED),
    overview: [...examples.keys()]
      .sort((a, b) => b - a)
      .map((of) => ({ interval: of, contexts: contexts(of, OVERVIEW) })),
    interval,
    intervals: INTERVALS,
    logits: logitShares(record.logits?.top ?? [], tokenText),
  };
}

export function nothingToRate(): ShownInterval {
  return { contexts: [], overview: [], interval: 0, intervals: INTERVALS, logits: [] };
}

/**
 * The sample of each interval, and the highest contexts in the intervals where they lie: a sample leaves out what is among these, so an
 * interval may have nothing else.
 */
function examplesByInterval(examples: readonly Example[], max: number): Map<number, Example[]> {
  const byInterval = new Map<number, Example[]>();
  for (const example of examples) {
    if (example.group === "random" || example.value <= 0 || max <= 0) continue;
    const interval = example.interval ?? intervalOf(example.value, max);
    const list = byInterval.get(interval);
    if (list === undefined) byInterval.set(interval, [example]);
    else list.push(example);
  }
  return byInterval;
}

/** Drawn from all of the interval, the same every time. */
function ratedContexts(
  { record, contexts }: StoredUnit,
  examples: readonly Example[],
  purpose: string,
  count: number,
): RatedContext[] {
  const order = Random.of(0, `contexts to rate ${purpose}`).permutation(examples.length);
  return [...order].slice(0, count).flatMap((place) => {
    const example = examples[place]!;
    const context = contexts.find((one) => one.split === example.split && one.context === example.context);
    if (context === undefined) return [];
    const first = Math.max(0, example.position - AROUND);
    const tokens = context.tokens.slice(first, example.position + AROUND + 1);
    const activations = tokens.map(() => 0);
    example.positions.forEach((position, i) => {
      if (position >= first && position < first + tokens.length) {
        activations[position - first] = share(example.values[i]!, record.statistics.max);
      }
    });
    return { tokens, activations, position: example.position - first };
  });
}

function logitShares(
  top: readonly { readonly token: number; readonly value: number }[],
  tokenText: (id: number) => string,
): ShownWeight[] {
  const largest = Math.max(0, ...top.map(({ value }) => Math.abs(value)));
  return top
    .slice(0, LOGITS)
    .map(({ token, value }) => ({ token: tokenText(token), value: share(value, largest) }));
}

/** To a thousandth: as much as can be seen, and no fingerprint of the unit. */
function share(value: number, of: number): number {
  return of > 0 ? Math.round((1000 * value) / of) / 1000 : 0;
}
