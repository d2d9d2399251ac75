/**
 * The examples of detection, fuzzing and intruder scores, as in delphi (Paulo et al. 2024, "Automatically interpreting millions of
 * features in large language models"): windows of 32 tokens that do not overlap. Those in which the unit is active are ordered by the
 * highest activation in them and cut into deciles of equally many; the others are the non-activating ones.
 *
 *     explain   40 activating windows, 4 of each decile, integers from 0 to 10 rounded up
 *
 * delphi draws what it explains from and what it scores on from the same windows, and many are in both. Here they are of different
 * documents, and a window that holds the same tokens as one that was explained from is left out. The three scores are of one
 * explanation, so all three explain from the same examples.
 */

import { activationsOf, type Excerpt, type Side, type UnitEvidence } from "../evidence/passage.ts";
import { Random } from "../../random.ts";
import { activeOn } from "./active-tokens.ts";
import { DistinctWindows, drawDistinct } from "./distinct-draw.ts";
import { fragmentActivity } from "./fragment-activity.ts";
import { forLatestUnits } from "./latest-units.ts";
import type { AskingSide, Draw, Explaining } from "./protocol.ts";
import { ceilTo } from "./quantise.ts";
import type { ProtocolName } from "./task.ts";

const TOKENS = 32;
export const DECILES = 10;
const EXPLAIN_EACH = 4;

/** Windows of a side that are drawn from without replacement, by everything that belongs to one task. */
export class DelphiWindows {
  readonly random: Random;
  readonly #evidence: UnitEvidence;
  readonly #length: number;
  readonly #starts: Int32Array;
  /** Active windows, of the lowest maximum first: places in `starts`. */
  readonly #ordered: Int32Array;
  readonly #active: Int32Array;
  readonly #windows: DistinctWindows;

  constructor(evidence: UnitEvidence, side: Side, random: Random, without: Iterable<Excerpt> = []) {
    const { length, starts, active, order } = fragmentActivity(evidence, side, TOKENS);
    this.random = random;
    this.#evidence = evidence;
    this.#length = length;
    this.#starts = starts;
    this.#active = active;
    this.#ordered = Int32Array.from(order, (at) => active[at]!);
    this.#windows = new DistinctWindows(evidence.passage, without);
  }

  /** How many windows the unit is active in, copies counted. */
  get activating(): number {
    return this.#ordered.length;
  }

  /** Windows of one of `parts` equal parts of the activating ones, number 0 being that of the lowest; fewer where there are not so many. */
  ofPart(part: number, parts: number, wanted: number): Excerpt[] {
    const from = Math.floor((part * this.activating) / parts);
    const to = Math.floor(((part + 1) * this.activating) / parts);
    return drawDistinct(to - from, wanted, this.random, (place) =>
      this.#excerpt(this.#ordered[from + place]!, "interval", part),
    );
  }

  /** Windows in which the unit is not active at any token. */
  nonActivating(wanted: number): Excerpt[] {
    return drawDistinct(this.#starts.length, wanted, this.random, (place) =>
      includes(this.#active, place) ? null : this.#excerpt(place, "random", null),
    );
  }

  /** Places of the tokens of a window at which the unit is active, and of the others. */
  tokensOf(excerpt: Excerpt): { active: number[]; inactive: number[] } {
    const active: number[] = [];
    const inactive: number[] = [];
    for (const [at, f] of activationsOf(this.#evidence.column, excerpt).entries()) {
      (f > 0 ? active : inactive).push(at);
    }
    return { active, inactive };
  }

  /** As many of `places` as wanted, ascending. */
  some(places: readonly number[], wanted: number): number[] {
    return drawDistinct(places.length, wanted, this.random, (at) => places[at]!).sort((a, b) => a - b);
  }

  #excerpt(place: number, group: Excerpt["group"], interval: number | null): Excerpt | null {
    const window = { start: this.#starts[place]!, length: this.#length };
    return this.#windows.take(window) ? { ...window, centre: null, group, interval } : null;
  }
}

const drawExplaining = forLatestUnits((evidence: UnitEvidence, { seed, unit }: Draw): readonly Excerpt[] => {
  const windows = new DelphiWindows(evidence, "explain", Random.of(seed, `delphi explain ${unit}`));
  return deciles((decile) => windows.ofPart(decile, DECILES, EXPLAIN_EACH));
});

export function explainFromDeciles(evidence: UnitEvidence, draw: Draw): Explaining {
  const excerpts = drawExplaining(evidence, draw);
  const { max } = activeOn(evidence, "explain");
  return {
    excerpts,
    quantised: excerpts.map((excerpt) =>
      Array.from(activationsOf(evidence.column, excerpt), (f) => ceilTo(10, f, max)),
    ),
    scale: 10,
    logits: null,
  };
}

/** The windows that a task on this side is drawn from. */
export function windowsToAsk(
  evidence: UnitEvidence,
  side: AskingSide,
  protocol: ProtocolName,
  draw: Draw,
): DelphiWindows {
  const random = Random.of(draw.seed, `${protocol} ${side} ${draw.unit}`);
  return new DelphiWindows(evidence, side, random, drawExplaining(evidence, draw));
}

/** What `draw` gives for each decile, the highest first. */
export function deciles<T>(draw: (decile: number) => readonly T[]): T[] {
  return Array.from({ length: DECILES }, (_, i) => draw(DECILES - 1 - i)).flat();
}

/** Whether ascending `places` have `wanted`. */
function includes(places: Int32Array, wanted: number): boolean {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (places[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return places[low] === wanted;
}
