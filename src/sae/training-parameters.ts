/** The state of a dictionary under training, as arrays over its shared memories: what is saved, restored and resampled. */

import { Failure } from "../errors.ts";
import type { Dims } from "../engine/tensor.ts";
import type { Shard, TrainingLayout, TrainingShape } from "./layout.ts";

export interface NamedTensor {
  readonly dims: Dims;
  readonly data: Float32Array | Int32Array;
}

export type NamedTensors = Readonly<Record<string, NamedTensor>>;

/** Per feature one number, or a row of `stride` floats of which d_in count. */
type Field = "b_enc" | "gain" | "b_mag" | "W_enc" | "W_dec";

export class TrainingParameters {
  readonly d_in: number;
  readonly d_sae: number;
  readonly b_dec: Float32Array;
  readonly b_dec_m: Float32Array;
  readonly b_dec_v: Float32Array;
  readonly #shape: TrainingShape;
  readonly #shards: readonly ShardArrays[];

  constructor(memories: readonly WebAssembly.Memory[], shape: TrainingShape, layout: TrainingLayout) {
    this.d_in = shape.d_in;
    this.d_sae = shape.d_sae;
    this.b_dec = new Float32Array(shape.d_in);
    this.b_dec_m = new Float32Array(shape.d_in);
    this.b_dec_v = new Float32Array(shape.d_in);
    this.#shape = shape;
    this.#shards = layout.shards.map(
      (shard, i) => new ShardArrays(memories[i]!, shape, layout.stride, shard),
    );
  }

  encoderRow(i: number): Float32Array {
    return this.#shardOf(i).row("W_enc", i);
  }

  decoderRow(i: number): Float32Array {
    return this.#shardOf(i).row("W_dec", i);
  }

  /** The bias that decides whether feature i is active: b_enc, of gated dictionaries b_gate. */
  bias(i: number): number {
    return this.#shardOf(i).value("b_enc", i);
  }

  setBias(i: number, value: number): void {
    this.#shardOf(i).setValue("b_enc", i, value);
  }

  /** Sets the biases of features from … to − 1. */
  fillBias(value: number, from = 0, to = this.d_sae): void {
    for (let i = from; i < to; i++) this.setBias(i, value);
  }

  /** Feature i's threshold (jumprelu) or r_mag (gated). */
  setGain(i: number, value: number): void {
    this.#shardOf(i).setValue("gain", i, value);
  }

  setMagnitudeBias(i: number, value: number): void {
    this.#shardOf(i).setValue("b_mag", i, value);
  }

  /** Tokens feature i fired on since the count was last cleared, and the last step it fired in (0: never). */
  fired(i: number): number {
    const shard = this.#shardOf(i);
    return shard.fired[i - shard.first]!;
  }

  lastFired(i: number): number {
    const shard = this.#shardOf(i);
    return shard.last_fired[i - shard.first]!;
  }

  setLastFired(i: number, step: number): void {
    const shard = this.#shardOf(i);
    shard.last_fired[i - shard.first] = step;
  }

  clearFired(): void {
    for (const { fired } of this.#shards) fired.fill(0);
  }

  /** Features whose last firing was before `step`. */
  silentSince(step: number): number {
    let count = 0;
    for (const { last_fired } of this.#shards) for (const last of last_fired) if (last < step) count++;
    return count;
  }

  /** Clears Adam's memory of feature i: both rows and its scalars. */
  clearMoments(i: number): void {
    this.#shardOf(i).clearMoments(i);
  }

  /** Brings b_dec to where the workers read it. */
  publishDecoderBias(): void {
    for (const shard of this.#shards) shard.b_dec.set(this.b_dec);
  }

  /** Everything by name. Arrays are views where the layout allows: write them out before the next step. */
  tensors(): NamedTensors {
    const { b_dec, b_dec_m, b_dec_v } = this;
    const tensors: Record<string, NamedTensor> = Object.fromEntries(
      Object.entries({ b_dec, b_dec_m, b_dec_v }).map(([name, data]) => [
        name,
        { dims: [data.length], data },
      ]),
    );
    // A dictionary in several memories is saved in as many pieces: joining them would need its size once more.
    this.#shards.forEach((shard, i) => {
      const suffix = this.#shards.length > 1 ? `.${i}` : "";
      for (const [name, tensor] of Object.entries(shard.tensors())) tensors[name + suffix] = tensor;
    });
    return tensors;
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
    for (const name of ["b_dec", "b_dec_m", "b_dec_v"] as const) this[name].set(tensors[name]!.data);
    this.#shards.forEach((shard, i) => {
      const suffix = this.#shards.length > 1 ? `.${i}` : "";
      shard.load((name) => tensors[name + suffix]!.data);
    });
    this.publishDecoderBias();
  }

  /** The trained parameters of the whole dictionary by the names that the field gives them, copied. */
  trained(): Record<string, Float32Array> {
    const { d_in, d_sae } = this;
    const { kind } = this.#shape;
    const join = (field: Field, width: number) => {
      const all = new Float32Array(d_sae * width);
      for (const shard of this.#shards) all.set(shard.packed(field), shard.first * width);
      return all;
    };
    return {
      W_enc: join("W_enc", d_in),
      W_dec: join("W_dec", d_in),
      [kind.b_mag ? "b_gate" : "b_enc"]: join("b_enc", 1),
      ...(kind.gain && { [kind.gain]: join("gain", 1) }),
      ...(kind.b_mag && { b_mag: join("b_mag", 1) }),
      b_dec: this.b_dec.slice(),
    };
  }

  #shardOf(i: number): ShardArrays {
    return this.#shards.find(({ first, features }) => i >= first && i < first + features)!;
  }
}

/** The arrays of the features in one memory. */
class ShardArrays {
  readonly first: number;
  readonly features: number;
  readonly fired: Int32Array;
  readonly last_fired: Int32Array;
  readonly b_dec: Float32Array;
  readonly #d_in: number;
  readonly #stride: number;
  /** By field: the values, then Adam's two moments. */
  readonly #fields: Partial<
    Record<Field, { values: Float32Array; moments: readonly [Float32Array, Float32Array] }>
  >;

  constructor(memory: WebAssembly.Memory, { d_in, kind }: TrainingShape, stride: number, shard: Shard) {
    const { features, fields } = shard;
    this.first = shard.first;
    this.features = features;
    this.#d_in = d_in;
    this.#stride = stride;
    const floats = (address: number, length: number) => new Float32Array(memory.buffer, address, length);
    const field = (name: Field, width: number) => ({
      values: floats(fields[name], features * width),
      moments: [
        floats(fields[`${name}_m`], features * width),
        floats(fields[`${name}_v`], features * width),
      ] as const,
    });
    this.#fields = {
      W_enc: field("W_enc", stride),
      W_dec: field("W_dec", stride),
      b_enc: field("b_enc", 1),
      ...(kind.gain && { gain: field("gain", 1) }),
      ...(kind.b_mag && { b_mag: field("b_mag", 1) }),
    };
    this.fired = new Int32Array(memory.buffer, fields.fired, features);
    this.last_fired = new Int32Array(memory.buffer, fields.last_fired, features);
    this.b_dec = floats(fields.b_dec, d_in);
  }

  row(field: "W_enc" | "W_dec", i: number): Float32Array {
    const start = (i - this.first) * this.#stride;
    return this.#fields[field]!.values.subarray(start, start + this.#d_in);
  }

  value(field: Field, i: number): number {
    return this.#fields[field]!.values[i - this.first]!;
  }

  setValue(field: Field, i: number, value: number): void {
    this.#fields[field]!.values[i - this.first] = value;
  }

  clearMoments(i: number): void {
    for (const [name, { moments }] of Object.entries(this.#fields)) {
      const width = name === "W_enc" || name === "W_dec" ? this.#stride : 1;
      const start = (i - this.first) * width;
      for (const moment of moments) moment.fill(0, start, start + width);
    }
  }

  packed(field: Field): Float32Array {
    const { values } = this.#fields[field]!;
    return field === "W_enc" || field === "W_dec" ? this.#pack(values) : values;
  }

  tensors(): NamedTensors {
    const tensors: Record<string, NamedTensor> = {};
    for (const [name, { values, moments }] of Object.entries(this.#fields)) {
      for (const [suffix, array] of [
        ["", values] as const,
        ["_m", moments[0]] as const,
        ["_v", moments[1]] as const,
      ]) {
        const matrix = name === "W_enc" || name === "W_dec";
        tensors[name + suffix] = matrix
          ? { dims: [this.features, this.#d_in], data: this.#pack(array) }
          : { dims: [this.features], data: array };
      }
    }
    for (const [name, data] of Object.entries({ fired: this.fired, last_fired: this.last_fired })) {
      tensors[name] = { dims: [this.features], data };
    }
    return tensors;
  }

  load(saved: (name: string) => Float32Array | Int32Array): void {
    for (const [name, { values, moments }] of Object.entries(this.#fields)) {
      for (const [suffix, array] of [
        ["", values] as const,
        ["_m", moments[0]] as const,
        ["_v", moments[1]] as const,
      ]) {
        if (name === "W_enc" || name === "W_dec") this.#unpack(saved(name + suffix) as Float32Array, array);
        else array.set(saved(name + suffix));
      }
    }
    this.fired.set(saved("fired"));
    this.last_fired.set(saved("last_fired"));
  }

  /** Rows without the padding between them: [features, d_in]. */
  #pack(rows: Float32Array): Float32Array {
    const [width, stride] = [this.#d_in, this.#stride];
    if (width === stride) return rows;
    const packed = new Float32Array(this.features * width);
    for (let i = 0; i < this.features; i++)
      packed.set(rows.subarray(i * stride, i * stride + width), i * width);
    return packed;
  }

  #unpack(packed: Float32Array, rows: Float32Array): void {
    const [width, stride] = [this.#d_in, this.#stride];
    for (let i = 0; i < this.features; i++) rows.set(packed.subarray(i * width, (i + 1) * width), i * stride);
  }
}
