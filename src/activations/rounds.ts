/**
 * Shuffled activations in bounded memory.
 *
 * The contexts of the text are taken in a random order; a round reads as many of them as the buffer holds, and hands
 * their rows out in a random order, each exactly once. Rows are never moved: only their indices are shuffled. Neighbours
 * in a context therefore never stand together in a batch, and nothing is drawn twice before the text ends (Bricken et
 * al. 2023 sample without replacement and call it important): the last round of a pass is a shorter one.
 *
 * A round follows from the seed and its number, so an interrupted run reads its current round again and goes on with
 * the same bits. Whether the model is run for it or a file is read changes nothing about the order.
 */

import { sharedFloats } from "../engine/tensor.ts";
import { Random } from "../random.ts";
import { EpochOrder } from "../text/order.ts";
import type { ActivationSource } from "./activation-source.ts";

export interface RoundsOptions {
  readonly seed: number;
  /** Upper bound of the buffer in bytes; rounded down to whole passes of the model, at least one. */
  readonly bufferBytes: number;
  /** The buffer holds at least this many rows all the same. */
  readonly minRows?: number;
  /**
   * "epoch" goes through the text again in a new order. "same-buffer" hands out the text's last round for ever, as the
   * program of Nanda 2023 does when its tokens run out: for showing what that does to a dictionary, not for use.
   */
  readonly afterText?: "epoch" | "same-buffer";
}

export class ActivationRounds {
  /** Rows of a round, activation vectors of one token each; the last round of a pass may have fewer. */
  readonly rows: number;
  /** Rows of one pass over the text: whole passes of the model, so less than one pass of contexts waits for the next pass. */
  readonly rowsPerPass: number;
  readonly dIn: number;
  readonly #source: ActivationSource;
  readonly #options: RoundsOptions;
  readonly #order: EpochOrder;
  readonly #buffer: Float32Array;
  #round = -1;
  #permutation: Uint32Array = new Uint32Array();

  constructor(source: ActivationSource, options: RoundsOptions) {
    const { batch, context, contexts, dIn } = source;
    const batchRows = batch * context;
    const wanted = Math.floor(options.bufferBytes / (batchRows * dIn * 4));
    const least = Math.ceil((options.minRows ?? 1) / batchRows);
    this.rowsPerPass = Math.floor(contexts / batch) * batchRows;
    if (this.rowsPerPass === 0) throw new Error(`${contexts} contexts do not fill a batch of ${batch}`);
    this.rows = Math.min(Math.max(wanted, least) * batchRows, this.rowsPerPass);
    this.dIn = dIn;
    this.#source = source;
    this.#options = options;
    this.#order = new EpochOrder(contexts, options.seed);
    this.#buffer = sharedFloats(this.rows * dIn);
  }

  /** Bytes that the buffer takes. */
  get bytes(): number {
    return this.#buffer.byteLength;
  }

  /** The pass over the text that row `position` of the stream belongs to, from 0. */
  passOf(position: number): number {
    return Math.floor(position / this.rowsPerPass);
  }

  /**
   * Copies rows position … position + count − 1 of the endless shuffled stream into `into` [count, d_in].
   * Positions are meant to grow; going back reads an earlier round again.
   */
  async take(position: number, count: number, into: Float32Array): Promise<void> {
    for (let done = 0; done < count;) {
      const { round, start, length: left } = this.#locate(position + done);
      const length = Math.min(count - done, left);
      if (round !== this.#round) await this.#fill(round);
      this.#copy(start, length, into, done);
      done += length;
    }
  }

  /** Rows start … start + length − 1 of the round in the buffer, to row `at` of `into`. */
  #copy(start: number, length: number, into: Float32Array, at: number): void {
    for (let i = 0; i < length; i++) {
      const row = this.#permutation[start + i]! * this.dIn;
      into.set(this.#buffer.subarray(row, row + this.dIn), (at + i) * this.dIn);
    }
  }

  /** The round of row `position` of the stream, the row's place in it, and how many rows it has from there on. */
  #locate(position: number): { round: number; start: number; length: number } {
    const pass = this.passOf(position);
    const inPass = position % this.rowsPerPass;
    const roundInPass = Math.floor(inPass / this.rows);
    const size = Math.min(this.rows, this.rowsPerPass - roundInPass * this.rows);
    const start = inPass % this.rows;
    return {
      round: pass * Math.ceil(this.rowsPerPass / this.rows) + roundInPass,
      start,
      length: size - start,
    };
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
    for (let done = 0; done < count && done + size <= this.#permutation.length; done += size) {
      this.#copy(done, size, batch, 0);
      yield batch;
    }
  }

  async #fill(round: number): Promise<void> {
    const { context, contexts } = this.#source;
    const { seed, afterText } = this.#options;
    const perPass = Math.ceil(this.rowsPerPass / this.rows);
    const filled = afterText === "same-buffer" ? Math.min(round, perPass - 1) : round;
    const [pass, inPass] = [Math.floor(filled / perPass), filled % perPass];
    const size = Math.min(this.rows, this.rowsPerPass - inPass * this.rows);
    const first = pass * contexts + (inPass * this.rows) / context;
    this.#round = -1;
    await this.#source.read(
      this.#order.take(first, size / context),
      this.#buffer.subarray(0, size * this.dIn),
    );
    this.#permutation = Random.of(seed, `rows of round ${round}`).permutation(size);
    this.#round = round;
  }
}
