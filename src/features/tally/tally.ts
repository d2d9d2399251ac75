/**
 * What each unit does over the whole text, counted in one pass: how often and how strongly it is active, and examples of it.
 *
 * All of it is exact but for which examples stand for an interval (choose-examples.ts). Memory does not grow with the text: some numbers a
 * unit, and at most `top + 24 · perInterval` records of a context's activations. The order of contexts decides between equal values, and a little
 * of which tokens are sampled.
 * Position 0, the separator that begins every context, counts like any other token, as in the evaluation.
 */

import { Failure } from "../../errors.ts";
import type { ReadTensors } from "../../files/checkpoints.ts";
import { AdaptiveHistograms, BINS } from "./adaptive-histogram.ts";
import type { Collector, SavedCollector, TallyBatch } from "../pass/batch.ts";
import { bitsOf, setBits } from "../pass/bits.ts";
import { ByUnit } from "./by-unit.ts";
import { type Choice, chooseExamples, exampleOf, type Kept } from "./choose-examples.ts";
import type { TokenPlace } from "../pass/contexts-to-read.ts";
import { BANDS, BINS_A_BAND, IntervalSamples } from "./interval-samples.ts";
import { RandomContexts } from "./random-contexts.ts";
import type { ContextPlace, Example, UnitStatistics } from "../records.ts";
import { contextAt, LONGEST_CONTEXT, placeOf, type Segment, SnippetArena } from "./snippet-arena.ts";
import { DUPLICATE, TOO_LOW, TopContexts } from "./top-contexts.ts";
import { hashWindows, mix, unitSalts } from "./window-keys.ts";

const FORMAT = 1;

/** Bricken et al. 2023, as in their feature browser. */
export const TOP = 20;
const PER_INTERVAL = 5;

/** Tokens kept for each example of an interval: about twice as many as there are intervals. */
const KEPT = BANDS;

export interface TallyOptions {
  /** Its files in a checkpoint. */
  readonly name: string;
  /** Number of units. */
  readonly units: number;
  /** Which set of a batch's activations are theirs. */
  readonly set: number;
  readonly context: number;
  readonly seed: number;
  /** Tokens at which every unit is shown: see `randomTokens`. */
  readonly random: readonly TokenPlace[];
  /** Highest contexts, 20 unless given; the single-token flag is about as many. */
  readonly top?: number;
  /** Examples of each interval, 5 unless given. */
  readonly perInterval?: number;
}

/** What the tally says of one unit. */
export interface UnitFindings {
  readonly statistics: UnitStatistics;
  /** See `UnitRecord`. */
  readonly singleToken: boolean | null;
  readonly peaks: readonly number[];
  /** The highest contexts, the intervals from the lowest, the random tokens. */
  readonly examples: readonly Example[];
}

export class UnitTally implements Collector {
  readonly name: string;
  readonly units: number;
  readonly #set: number;
  readonly #context: number;
  readonly #perInterval: number;
  readonly #request: string;
  #tokens = 0;
  readonly #active: Uint32Array;
  readonly #sums: Float64Array;
  readonly #maxima: Float32Array;
  readonly #histograms: AdaptiveHistograms;
  readonly #kept: Kept;
  readonly #random: RandomContexts;
  readonly #salts: Uint32Array;
  // Of the batch at hand.
  readonly #byUnit: ByUnit;
  #windows = new Uint32Array(0);
  readonly #segment: Segment;

  constructor(options: TallyOptions) {
    const { name, units, set, context, seed, random, top = TOP, perInterval = PER_INTERVAL } = options;
    if (context > LONGEST_CONTEXT) {
      throw new Failure(
        `contexts of ${context} tokens are longer than the ${LONGEST_CONTEXT} that an analysis can keep: use shorter ones`,
      );
    }
    this.name = name;
    this.units = units;
    this.#set = set;
    this.#context = context;
    this.#perInterval = perInterval;
    this.#request = JSON.stringify({ units, context, seed, random, top, perInterval });
    this.#active = new Uint32Array(units);
    this.#sums = new Float64Array(units);
    this.#maxima = new Float32Array(units);
    this.#histograms = new AdaptiveHistograms(units);
    const arena = new SnippetArena();
    this.#kept = {
      arena,
      top: new TopContexts(units, top, arena),
      samples: new IntervalSamples(units, KEPT * perInterval, arena, units * top),
    };
    this.#random = new RandomContexts(random, set);
    this.#salts = unitSalts(units, seed);
    this.#byUnit = new ByUnit(units);
    const { rows, values } = this.#byUnit;
    this.#segment = { rows, values, from: 0, to: 0, firstRow: 0, place: 0 };
  }

  add(batch: TallyBatch): void {
    const activations = batch.activations[this.#set];
    if (activations === undefined) return;
    const rows = batch.contexts.length * this.#context;
    const byUnit = this.#byUnit;
    byUnit.set(activations, rows);
    if (this.#windows.length !== rows) this.#windows = new Uint32Array(rows);
    hashWindows(batch.tokens.subarray(0, rows), this.#context, this.#windows);
    this.#segment.rows = byUnit.rows;
    this.#segment.values = byUnit.values;
    const { starts } = byUnit;
    for (let unit = 0; unit < this.units; unit++) {
      const from = starts[unit]!;
      const to = starts[unit + 1]!;
      if (from === to) continue;
      this.#count(unit, from, to);
      this.#keep(batch, unit, from, to);
    }
    this.#random.add(batch);
    this.#tokens += rows;
    if (this.#kept.arena.wasteful) this.#compact();
  }

  /** @throws RangeError for a unit that there is none of */
  statistics(unit: number): UnitStatistics {
    if (!(unit >= 0 && unit < this.units)) throw new RangeError(`unit ${unit} of ${this.units}`);
    const active = this.#active[unit]!;
    const max = this.#maxima[unit]!;
    return {
      tokens: this.#tokens,
      active,
      density: this.#tokens > 0 ? active / this.#tokens : 0,
      mean: active > 0 ? this.#sums[unit]! / active : 0,
      max,
      histogram: this.#histograms.of(unit, max),
    };
  }

  /** What is known of a unit after what has been added so far. Makes it anew at each call. */
  unit(unit: number): UnitFindings {
    const choices = this.#choices(unit);
    const highest = choices.filter(({ group }) => group === "top");
    const peaks = highest.map(({ record }) => this.#kept.arena.token(record));
    return {
      statistics: this.statistics(unit),
      singleToken: highest.length < this.#kept.top.perUnit ? null : new Set(peaks).size === 1,
      peaks: mostFrequent(peaks),
      examples: [...choices.map((choice) => exampleOf(this.#kept, choice)), ...this.#random.examples(unit)],
    };
  }

  /** The contexts that examples of any unit refer to, in the order of reading. Goes through all units. */
  contexts(): ContextPlace[] {
    const places = new Set<number>(this.#random.places.map(placeOf));
    for (let unit = 0; unit < this.units; unit++) {
      for (const { record } of this.#choices(unit)) places.add(this.#kept.arena.place(record));
    }
    return [...places].sort((a, b) => a - b).map(contextAt);
  }

  save(): SavedCollector {
    this.#compact();
    const { arena, top, samples } = this.#kept;
    return {
      state: { format: FORMAT, request: this.#request, tokens: this.#tokens },
      tensors: {
        active: bitsOf(this.#active),
        sums: bitsOf(this.#sums),
        maxima: bitsOf(this.#maxima),
        counts: bitsOf(this.#histograms.counts),
        ranges: bitsOf(this.#histograms.ranges),
        ...top.save(),
        ...samples.save(),
        ...arena.save(),
        ...this.#random.save(),
      },
    };
  }

  restore({ tensors, state }: { tensors: ReadTensors; state: unknown }): void {
    const { format, request, tokens } = state as { format: number; request: string; tokens: number };
    if (format !== FORMAT || request !== this.#request) {
      throw new Failure("the checkpoint belongs to an analysis with other options: start it anew");
    }
    this.#tokens = tokens;
    setBits(this.#active, tensors["active"]);
    setBits(this.#sums, tensors["sums"]);
    setBits(this.#maxima, tensors["maxima"]);
    setBits(this.#histograms.counts, tensors["counts"]);
    setBits(this.#histograms.ranges, tensors["ranges"]);
    this.#kept.top.restore(tensors);
    this.#kept.samples.restore(tensors);
    this.#kept.arena.restore(tensors);
    this.#random.restore(tensors);
  }

  /** Statistics of a unit's entries [from, to) of the batch. */
  #count(unit: number, from: number, to: number): void {
    const { values } = this.#byUnit;
    let sum = this.#sums[unit]!;
    let max = 0;
    for (let entry = from; entry < to; entry++) {
      const value = values[entry]!;
      sum += value;
      if (value > max) max = value;
    }
    if (!(sum < Infinity)) {
      throw new Failure(
        `activations of unit ${unit} are not finite: the model's or the dictionary's weights are damaged`,
      );
    }
    this.#active[unit]! += to - from;
    this.#sums[unit] = sum;
    if (max > this.#maxima[unit]!) this.#maxima[unit] = max;
    const histograms = this.#histograms;
    const doublings = histograms.include(unit, max);
    const { counts } = histograms;
    const scale = BINS / histograms.ranges[unit]!;
    const bands = Math.floor((this.#maxima[unit]! * scale) / BINS_A_BAND) + 1;
    this.#kept.samples.arrange(unit, doublings, bands);
    const first = unit * BINS;
    for (let entry = from; entry < to; entry++) counts[first + ((values[entry]! * scale) | 0)]!++;
  }

  /** Examples among a unit's entries [from, to) of the batch, one context after the other. */
  #keep(batch: TallyBatch, unit: number, from: number, to: number): void {
    const context = this.#context;
    const { rows, values } = this.#byUnit;
    const segment = this.#segment;
    const { limits } = this.#kept.samples;
    const scale = BINS / this.#histograms.ranges[unit]!;
    const salt = this.#salts[unit]!;
    for (let first = from; first < to; first = segment.to) {
      const i = Math.floor(rows[first]! / context);
      const end = (i + 1) * context;
      let highest = first;
      let after = first + 1;
      for (; after < to && rows[after]! < end; after++) {
        if (values[after]! > values[highest]!) highest = after;
      }
      segment.from = first;
      segment.to = after;
      segment.firstRow = i * context;
      segment.place = placeOf({ split: batch.split, context: batch.contexts[i]! });
      const isTop = this.#enterTop(batch, unit, highest, scale);
      for (let entry = first; entry < after; entry++) {
        if (entry === highest && isTop) continue;
        const key = mix(this.#windows[rows[entry]!]! ^ salt);
        const band = Math.floor(((values[entry]! * scale) | 0) / BINS_A_BAND);
        if (key <= limits[unit * BANDS + band]!) this.#sample(batch, unit, band, key, entry);
      }
    }
  }

  /** @returns whether the context's maximum is among the highest, or looks the same as one of them */
  #enterTop(batch: TallyBatch, unit: number, entry: number, scale: number): boolean {
    const { top, samples } = this.#kept;
    const row = this.#byUnit.rows[entry]!;
    const key = mix(this.#windows[row]! ^ this.#salts[unit]!);
    const slot = top.enter(unit, this.#byUnit.values[entry]!, key);
    if (slot === TOO_LOW) return false;
    if (slot === DUPLICATE) return true;
    top.records[slot] = this.#record(batch, slot, row);
    const { record, key: pushedKey, value } = top.pushedOut;
    if (record !== 0) {
      // It goes where it would be had it never been among the highest.
      samples.adopt(unit, Math.floor(((value * scale) | 0) / BINS_A_BAND), pushedKey, record);
    }
    return true;
  }

  #sample(batch: TallyBatch, unit: number, band: number, key: number, entry: number): void {
    const { samples } = this.#kept;
    const slot = samples.claim(unit, band, key, this.#segment.place);
    if (slot < 0) return;
    samples.records[slot] = this.#record(batch, samples.owner(slot), this.#byUnit.rows[entry]!);
  }

  #record({ tokens, documents }: TallyBatch, owner: number, row: number): number {
    const position = row - this.#segment.firstRow;
    return this.#kept.arena.append(owner, this.#segment, position, documents[row]!, tokens[row]!);
  }

  #compact(): void {
    const { arena, top, samples } = this.#kept;
    arena.compact((owner, address) => {
      if (owner < top.records.length) top.records[owner] = address;
      else samples.records[owner - top.records.length] = address;
    });
  }

  #choices(unit: number): Choice[] {
    return chooseExamples(this.#kept, unit, this.#maxima[unit]!, this.#perInterval);
  }
}

/** Each token once, the most frequent first; of equally frequent ones the one that came first. */
function mostFrequent(tokens: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([token]) => token);
}
