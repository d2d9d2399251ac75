/** The state of a dictionary under training, as arrays over its shared memory: what is saved, restored and resampled. */

import { Failure } from "../errors.ts";
import type { Dims } from "../engine/tensor.ts";
import type { TrainingLayout, TrainingShape } from "./layout.ts";

export interface NamedTensor {
  readonly dims: Dims;
  readonly data: Float32Array | Int32Array;
}

export type NamedTensors = Readonly<Record<string, NamedTensor>>;

export class TrainingParameters {
  readonly d_in: number;
  readonly d_sae: number;
  /** Floats from one row of a matrix to the next. */
  readonly stride: number;
  /** [d_sae] rows of `stride` floats each. */
  readonly W_enc: Float32Array;
  readonly W_dec: Float32Array;
  readonly b_enc: Float32Array;
  readonly b_dec: Float32Array;
  readonly b_dec_m: Float32Array;
  readonly b_dec_v: Float32Array;
  /** Tokens a feature fired on since the count was last cleared, and the last step it fired in (0: never). */
  readonly fired: Int32Array;
  readonly last_fired: Int32Array;
  readonly #moments: {
    readonly matrices: Record<string, Float32Array>;
    readonly biases: Record<string, Float32Array>;
  };

  constructor(
    memory: WebAssembly.Memory,
    { d_in, d_sae }: TrainingShape,
    { stride, fields }: TrainingLayout,
  ) {
    const floats = (address: number, length: number) => new Float32Array(memory.buffer, address, length);
    const matrix = (address: number) => floats(address, d_sae * stride);
    this.d_in = d_in;
    this.d_sae = d_sae;
    this.stride = stride;
    this.W_enc = matrix(fields.W_enc);
    this.W_dec = matrix(fields.W_dec);
    this.b_enc = floats(fields.b_enc, d_sae);
    this.b_dec = floats(fields.b_dec, d_in);
    this.b_dec_m = new Float32Array(d_in);
    this.b_dec_v = new Float32Array(d_in);
    this.fired = new Int32Array(memory.buffer, fields.fired, d_sae);
    this.last_fired = new Int32Array(memory.buffer, fields.last_fired, d_sae);
    this.#moments = {
      matrices: {
        W_enc_m: matrix(fields.W_enc_m),
        W_enc_v: matrix(fields.W_enc_v),
        W_dec_m: matrix(fields.W_dec_m),
        W_dec_v: matrix(fields.W_dec_v),
      },
      biases: { b_enc_m: floats(fields.b_enc_m, d_sae), b_enc_v: floats(fields.b_enc_v, d_sae) },
    };
  }

  encoderRow(i: number): Float32Array {
    return this.W_enc.subarray(i * this.stride, i * this.stride + this.d_in);
  }

  decoderRow(i: number): Float32Array {
    return this.W_dec.subarray(i * this.stride, i * this.stride + this.d_in);
  }

  /** Clears Adam's memory of feature i: both rows and the bias. */
  clearMoments(i: number): void {
    const { matrices, biases } = this.#moments;
    for (const rows of Object.values(matrices)) rows.fill(0, i * this.stride, (i + 1) * this.stride);
    for (const values of Object.values(biases)) values[i] = 0;
  }

  /** Everything by name. Arrays are views where the layout allows: write them out before the next step. */
  tensors(): NamedTensors {
    const { matrices, biases } = this.#moments;
    const vectors = {
      b_enc: this.b_enc,
      b_dec: this.b_dec,
      b_dec_m: this.b_dec_m,
      b_dec_v: this.b_dec_v,
      ...biases,
    };
    const counts = { fired: this.fired, last_fired: this.last_fired };
    return {
      ...mapValues({ W_enc: this.W_enc, W_dec: this.W_dec, ...matrices }, (rows) => ({
        dims: [this.d_sae, this.d_in],
        data: this.#pack(rows),
      })),
      ...mapValues({ ...vectors, ...counts }, (data) => ({ dims: [data.length], data })),
    };
  }

  /**
   * Takes over tensors that `tensors()` gave.
   * @throws Failure when one is missing or has another size
   */
  load(tensors: NamedTensors): void {
    for (const [name, { dims, data: own }] of Object.entries(this.tensors())) {
      const saved = tensors[name];
      if (!saved || saved.data.length !== own.length || saved.data.constructor !== own.constructor) {
        throw new Failure(
          `the checkpoint does not fit: ${name} is ${saved ? `[${saved.dims.join(", ")}]` : "missing"}, expected ` +
            `[${dims.join(", ")}]; resume with the options the run was started with, or start a new run`,
        );
      }
    }
    for (const [name, rows] of Object.entries({
      W_enc: this.W_enc,
      W_dec: this.W_dec,
      ...this.#moments.matrices,
    })) {
      const saved = tensors[name]!.data as Float32Array;
      for (let i = 0; i < this.d_sae; i++) {
        rows.set(saved.subarray(i * this.d_in, (i + 1) * this.d_in), i * this.stride);
      }
    }
    const { b_enc, b_dec, b_dec_m, b_dec_v, fired, last_fired } = this;
    const vectors = { b_enc, b_dec, b_dec_m, b_dec_v, fired, last_fired, ...this.#moments.biases };
    for (const [name, own] of Object.entries(vectors)) own.set(tensors[name]!.data);
  }

  /** Rows without the padding between them: [d_sae, d_in]. */
  #pack(rows: Float32Array): Float32Array {
    const { d_in, d_sae, stride } = this;
    if (d_in === stride) return rows;
    const packed = new Float32Array(d_sae * d_in);
    for (let i = 0; i < d_sae; i++) packed.set(rows.subarray(i * stride, i * stride + d_in), i * d_in);
    return packed;
  }
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
