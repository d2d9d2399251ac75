/**
 * Random directions as a control: units that are like features in everything but that nobody chose their direction.
 *
 *     f_i(x) = max(0, d_i·(x − x̄) − θ_i)        d_i uniform on the sphere, x̄ the mean activation
 *
 * θ_i makes the density of each that of a feature of the dictionary, drawn uniformly from the alive ones. Scores depend on density (of a
 * unit that is active on half of all tokens, top examples say little; one that is active on a few is easily told from random text), so
 * without this the control would differ by its sparsity alone.
 *
 * θ_i is between the k-th and the next highest d_i·(x − x̄) of a sample of n tokens, k = density · n: with a density of 0.1 % and 100,000
 * tokens the share on other text is uncertain by a tenth of itself, and none below 1 / n can be met. Separators are left out: the first
 * token of every context has the same activation, and a direction that it lies far out in could only be on or off on all of them.
 */

import { analyse } from "../../features/pass/analyse.ts";
import type { Collector, SavedCollector, TallyBatch } from "../../features/pass/batch.ts";
import {
  type ContextsToRead,
  contextsToRead,
  heldoutFirst,
  READING_ORDER,
} from "../../features/pass/contexts-to-read.ts";
import type { Reader } from "../../features/pass/read-batches.ts";
import { saeUnits, type Units } from "../../features/units.ts";
import { Random } from "../../random.ts";
import type { Sae } from "../../sae/dictionary.ts";
import { SaeForward } from "../../sae/forward.ts";
import type { Pool } from "../../sae/pool.ts";
import type { TokenShards } from "../../text/shards.ts";

/** Tokens that thresholds are estimated on, and those of them for x̄: thresholds are exact for whatever x̄ is. */
const THRESHOLD_TOKENS = 100_000;
const MEAN_TOKENS = 16_384;

export interface RandomDirectionsRequest {
  readonly pool: Pool;
  readonly shards: TokenShards;
  /** Of the hook point that the dictionary reads. */
  readonly reader: Reader;
  readonly concurrency: number;
  readonly count: number;
  /** Of the dictionary's features, those that are never active included. */
  readonly densities: ArrayLike<number>;
  readonly seed: number;
  /** What they will be read on: the sample is of these contexts, at equal distances. All of the text unless given. */
  readonly contexts?: ContextsToRead;
  /** Of the sample; 100,000 unless given. */
  readonly tokens?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface RandomDirections {
  readonly units: Units;
  /** Densities of the features they were matched with, and their own on the sample [count]. */
  readonly wanted: Float64Array;
  readonly reached: Float64Array;
  close(): Promise<void>;
}

/** @throws as `analyse` does */
export async function estimateRandomDirections(request: RandomDirectionsRequest): Promise<RandomDirections> {
  const { pool, shards, reader, concurrency, count, seed, tokens = THRESHOLD_TOKENS, signal } = request;
  const directions = randomDirections(count, reader.dIn, seed);
  const wanted = drawDensities(request.densities, count, seed);
  const among = request.contexts ?? heldoutFirst(shards, Infinity);
  const contexts = thinned(among, reader.context, tokens);
  const mean = await meanActivation(shards, reader, thinned(contexts, reader.context, MEAN_TOKENS));
  const read = READING_ORDER.reduce((sum, split) => sum + contexts[split].length * reader.context, 0);
  const highest = new HighestValues(wanted, shards.manifest.bos_token_id, read);
  const aboveMean = await SaeForward.create(pool, dictionary(directions, mean, new Float32Array(count)));
  try {
    await analyse({
      shards,
      contexts,
      units: [{ units: saeUnits(aboveMean), reader }],
      collectors: [highest],
      concurrency,
      ...(signal && { signal }),
    });
  } finally {
    await aboveMean.close();
  }
  const { thresholds, reached } = highest.thresholds();
  const forward = await SaeForward.create(
    pool,
    dictionary(
      directions,
      mean,
      thresholds.map((threshold) => -threshold),
    ),
  );
  return { units: saeUnits(forward), wanted, reached, close: () => forward.close() };
}

/** At most about so many tokens of `contexts`, of both splits alike and at equal distances. */
function thinned(contexts: ContextsToRead, context: number, tokens: number): ContextsToRead {
  const { heldout, train } = contexts;
  const share = Math.min(1, tokens / (context * (heldout.length + train.length)));
  const places = contextsToRead(
    { heldout: { contexts: heldout.length, context }, train: { contexts: train.length, context } },
    { heldout: share * heldout.length * context, train: share * train.length * context },
  );
  return { heldout: places.heldout.map((i) => heldout[i]!), train: places.train.map((i) => train[i]!) };
}

/** [count, d_in], each of length 1. */
function randomDirections(count: number, dIn: number, seed: number): Float32Array {
  const random = Random.of(seed, "random directions");
  const directions = new Float32Array(count * dIn);
  for (let i = 0; i < count; i++) {
    const direction = Float64Array.from({ length: dIn }, () => random.normal());
    const norm = Math.sqrt(direction.reduce((sum, value) => sum + value ** 2, 0));
    for (let k = 0; k < dIn; k++) directions[i * dIn + k] = direction[k]! / norm;
  }
  return directions;
}

function drawDensities(densities: ArrayLike<number>, count: number, seed: number): Float64Array {
  const alive = Array.from(densities).filter((density) => density > 0);
  if (alive.length === 0 && count > 0) throw new Error("no feature is alive whose density could be taken");
  const random = Random.of(seed, "densities of random directions");
  return Float64Array.from({ length: count }, () => alive[random.integer(alive.length)]!);
}

/** f_i = relu(d_i·(x − x̄) + b_enc_i), by the kernels and threads that encode with a dictionary. */
function dictionary(directions: Float32Array, mean: Float32Array, b_enc: Float32Array): Sae {
  return {
    architecture: "standard",
    d_in: mean.length,
    d_sae: b_enc.length,
    W_enc: directions,
    W_dec: directions,
    b_enc,
    b_dec: mean,
    apply_b_dec_to_input: true,
    normalize_activations: "none",
    metadata: {},
  };
}

async function meanActivation(
  shards: TokenShards,
  reader: Reader,
  contexts: ContextsToRead,
): Promise<Float32Array> {
  const { dIn, batch, context } = reader;
  const sums = new Float64Array(dIn);
  const tokens = new Int32Array(batch * context);
  const places = READING_ORDER.flatMap((split) =>
    Array.from(contexts[split], (number) => ({ split, number })),
  );
  let count = 0;
  for (let first = 0; first < places.length; first += batch) {
    const here = places.slice(first, first + batch);
    for (const [i, { split, number }] of here.entries()) {
      shards[split].read(number, 1, tokens.subarray(i * context, (i + 1) * context));
    }
    const x = await reader.read(tokens);
    for (let row = 0; row < here.length * context; row++) {
      if (tokens[row] === shards.manifest.bos_token_id) continue;
      for (let k = 0; k < dIn; k++) sums[k]! += x[row * dIn + k]!;
      count++;
    }
  }
  return Float32Array.from(sums, (sum) => sum / Math.max(1, count));
}

/** Of each unit its highest values on text, as many as its density asks for and one more. */
class HighestValues implements Collector {
  readonly name = "highest-values";
  readonly #wanted: Float64Array;
  readonly #separator: number;
  /** Values that are kept of each unit, at least; up to twice as many between two prunings. */
  readonly #kept: Int32Array;
  readonly #values: number[][];
  /** What a value has to exceed to be among the highest. */
  readonly #floors: Float64Array;
  #tokens = 0;

  /** @param most tokens that are read, at most */
  constructor(wanted: Float64Array, separator: number, most: number) {
    this.#wanted = wanted;
    this.#separator = separator;
    this.#kept = Int32Array.from(wanted, (density) => Math.max(1, Math.round(density * most)) + 1);
    this.#values = Array.from(wanted, () => []);
    this.#floors = new Float64Array(wanted.length);
  }

  add({ tokens, activations }: TallyBatch): void {
    const { rowOffsets, indices, values } = activations[0]!;
    for (const [row, token] of tokens.entries()) {
      if (token === this.#separator) continue;
      this.#tokens++;
      for (let e = rowOffsets[row]!; e < rowOffsets[row + 1]!; e++) {
        const unit = indices[e]!;
        if (values[e]! <= this.#floors[unit]!) continue;
        if (this.#values[unit]!.push(values[e]!) >= 2 * this.#kept[unit]!) this.#prune(unit);
      }
    }
  }

  #prune(unit: number): void {
    const kept = this.#values[unit]!.sort((a, b) => b - a).slice(0, this.#kept[unit]!);
    this.#values[unit] = kept;
    if (kept.length === this.#kept[unit]) this.#floors[unit] = kept.at(-1)!;
  }

  /**
   * θ and the density that it gives. It is 0, and the density the share of tokens above the mean, for a unit that is above it more rarely
   * than it should be active.
   */
  thresholds(): { thresholds: Float32Array; reached: Float64Array } {
    const thresholds = new Float32Array(this.#wanted.length);
    const reached = new Float64Array(this.#wanted.length);
    for (const [unit, density] of this.#wanted.entries()) {
      this.#prune(unit);
      const values = this.#values[unit]!;
      const k = Math.max(1, Math.round(density * this.#tokens));
      // Equal values (the same token in front of every context) are on together: those at the threshold are off, unless all are equal.
      let on = k < values.length ? values.indexOf(values[k]!) : values.length;
      if (on === 0) on = values.findIndex((value) => value < values[0]!);
      const threshold = on > 0 && on < values.length ? (values[on - 1]! + values[on]!) / 2 : 0;
      thresholds[unit] = threshold;
      reached[unit] = values.filter((value) => value > thresholds[unit]!).length / Math.max(1, this.#tokens);
    }
    return { thresholds, reached };
  }

  /** Estimates take seconds, so passes for them have no checkpoints. */
  save(): SavedCollector {
    throw new Error("thresholds are estimated anew rather than gone on with");
  }

  restore(): void {
    this.save();
  }
}
