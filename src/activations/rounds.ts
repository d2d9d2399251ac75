/**
 * Shuffled activations in bounded memory.
 *
 * The contexts of the text are taken in a random order; a round harvests as many of them as the buffer holds, and hands
 * their rows out in a random order, each exactly once. Rows are never moved: only their indices are shuffled. Neighbours
 * in a context therefore never stand together in a batch, and nothing is drawn twice before the text ends (Bricken et
 * al. 2023 sample without replacement and call it important).
 *
 * A round follows from the seed and its number, so an interrupted run harvests its current round again and goes on with
 * the same bits; no activation is ever written to disk.
 */

import { sharedFloats } from "../engine/tensor.ts";
import { Random } from "../random.ts";
import type { Cut } from "../model/cut.ts";
import { EpochOrder } from "../text/order.ts";
import type { TokenSplit } from "../text/shards.ts";

export interface RoundsOptions {
  readonly seed: number;
  /** Upper bound of the buffer in bytes; rounded down to whole harvest batches, at least one. */
  readonly bufferBytes: number;
  /** Harvest batches under way at once. */
  readonly concurrency: number;
  /**
   * "epoch" goes through the text again in a new order. "same-buffer" hands out the text's last round for ever, as the
   * program of Nanda 2023 does when its tokens run out: for showing what that does to a dictionary, not for use.
   */
  readonly afterText?: "epoch" | "same-buffer";
}

export class ActivationRounds {
  /** Rows of one round: activation vectors, one per token. */
  readonly rows: number;
  readonly dIn: number;
  readonly #cut: Cut;
  readonly #split: TokenSplit;
  readonly #options: RoundsOptions;
  readonly #order: EpochOrder;
  readonly #buffer: Float32Array;
  #round = -1;
  #permutation: Uint32Array = new Uint32Array();

  constructor(cut: Cut, split: TokenSplit, options: RoundsOptions) {
    const batchRows = cut.batch * cut.context;
    const batches = Math.max(1, Math.floor(options.bufferBytes / (batchRows * cut.dIn * 4)));
    this.rows = batches * batchRows;
    this.dIn = cut.dIn;
    this.#cut = cut;
    this.#split = split;
    this.#options = options;
    this.#order = new EpochOrder(split.contexts, options.seed);
    this.#buffer = sharedFloats(this.rows * cut.dIn);
  }

  /** Bytes that the buffer takes. */
  get bytes(): number {
    return this.#buffer.byteLength;
  }

  /** The pass over the text that row `position` of the stream belongs to, from 0. */
  passOf(position: number): number {
    return Math.floor(position / this.#cut.context / this.#split.contexts);
  }

  /**
   * Copies rows position … position + count − 1 of the endless shuffled stream into `into` [count, d_in].
   * Positions are meant to grow; going back harvests an earlier round again.
   */
  async take(position: number, count: number, into: Float32Array): Promise<void> {
    for (let done = 0; done < count;) {
      const round = Math.floor((position + done) / this.rows);
      const start = (position + done) % this.rows;
      const length = Math.min(count - done, this.rows - start);
      if (round !== this.#round) await this.#harvest(round);
      for (let i = 0; i < length; i++) {
        const row = this.#permutation[start + i]! * this.dIn;
        into.set(this.#buffer.subarray(row, row + this.dIn), (done + i) * this.dIn);
      }
      done += length;
    }
  }

  /** The first rows of the stream, at most one round of them, for statistics: [n, d_in] on shared memory. */
  async sample(count: number): Promise<Float32Array> {
    const rows = Math.min(count, this.rows);
    const sample = sharedFloats(rows * this.dIn);
    await this.take(0, rows, sample);
    return sample;
  }

  /**
   * Batches [size, d_in] of rows that the buffer holds, `count` rows in all or as many as there are. They may have been
   * handed out before. The array is reused from batch to batch.
   */
  async *batches(size: number, count: number): AsyncGenerator<Float32Array> {
    const batch = sharedFloats(size * this.dIn);
    const start = this.#round * this.rows;
    for (let done = 0; done + size <= Math.min(count, this.rows); done += size) {
      await this.take(start + done, size, batch);
      yield batch;
    }
  }

  /** The round whose contexts are harvested for round `round`. */
  #sourceOf(round: number): number {
    if (this.#options.afterText !== "same-buffer") return round;
    const contextsOfRound = this.rows / this.#cut.context;
    return Math.min(round, Math.max(0, Math.floor(this.#split.contexts / contextsOfRound) - 1));
  }

  async #harvest(round: number): Promise<void> {
    const { batch, context } = this.#cut;
    const batches = this.rows / (batch * context);
    this.#round = -1;
    const first = this.#sourceOf(round) * batches;
    let next = 0;
    const lane = async () => {
      const tokens = new Int32Array(batch * context);
      while (next < batches) {
        const index = next++;
        const contexts = this.#order.take((first + index) * batch, batch);
        contexts.forEach((at, i) => this.#split.read(at, 1, tokens.subarray(i * context, (i + 1) * context)));
        const size = batch * context * this.dIn;
        await this.#cut.prefix(tokens, {
          activation: this.#buffer.subarray(index * size, (index + 1) * size),
        });
      }
    };
    await Promise.all(Array.from({ length: this.#options.concurrency }, lane));
    this.#permutation = Random.of(this.#options.seed, `rows of round ${round}`).permutation(this.rows);
    this.#round = round;
  }
}
