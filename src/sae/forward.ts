/**
 * Encoding and decoding with a finished dictionary of any supported architecture, by the same kernels and workers that
 * train one. What comes out is sparse: only active features are listed.
 */

import { serialise } from "../engine/onnx.ts";
import { sharedFloats, sharedInts } from "../engine/tensor.ts";
import { Failure } from "../errors.ts";
import type { Sae } from "./dictionary.ts";
import { FloatBlocks } from "./float-blocks.ts";
import { FEW, type ForwardLayout, forwardLayout } from "./forward-layout.ts";
import { encoderGraph } from "./graphs.ts";
import { loadKernels } from "./kernels.ts";
import { sharedMemory } from "./memory.ts";
import { CHUNK } from "./plan.ts";
import type { Pool } from "./pool.ts";

/** Active features of n rows: row j's are indices and values [rowOffsets[j], rowOffsets[j+1]), indices ascending. */
export interface SparseActivations {
  readonly rowOffsets: Uint32Array;
  readonly indices: Uint32Array;
  readonly values: Float32Array;
}

export interface ForwardResult extends SparseActivations {
  /** x̂ [n, d_in]. */
  readonly reconstruction: Float32Array;
}

export class SaeForward {
  readonly sae: Sae;
  readonly #pool: Pool;
  readonly #memory: WebAssembly.Memory;
  readonly #layout: ForwardLayout;
  readonly #floats: FloatBlocks;
  readonly #control: Int32Array;
  readonly #id: number;

  private constructor(
    sae: Sae,
    pool: Pool,
    memory: WebAssembly.Memory,
    layout: ForwardLayout,
    control: Int32Array,
    id: number,
  ) {
    this.sae = sae;
    this.#pool = pool;
    this.#memory = memory;
    this.#layout = layout;
    this.#floats = new FloatBlocks(memory);
    this.#control = control;
    this.#id = id;
  }

  /** @throws Failure when the dictionary does not fit in memory, or was made for scaled activations (see `foldScale`) */
  static async create(pool: Pool, sae: Sae): Promise<SaeForward> {
    if (sae.normalize_activations === "expected_average_only_in") {
      throw new Failure(
        "the dictionary was made for scaled activations and its file does not say by how much: fold the scale in first",
      );
    }
    const { d_in, d_sae } = sae;
    const layout = forwardLayout(d_in, d_sae, pool.workers);
    const memory = sharedMemory(layout.bytes);
    const floats = new FloatBlocks(memory);
    const { stride } = layout;
    floats.copyRows(sae.W_enc, d_in, layout.W_enc, stride);
    floats.copyRows(sae.W_dec, d_in, layout.W_dec, stride);
    floats.view(layout.b_dec, d_in).set(sae.b_dec);
    const { gate, gain, offset } = activation(sae);
    floats.view(layout.gate, d_sae).set(gate);
    floats.view(layout.gain, d_sae).set(gain);
    floats.view(layout.offset, d_sae).set(offset);
    const control = sharedInts(1);
    const id = await pool.attach({
      type: "inference",
      module: await loadKernels(),
      memory,
      layout,
      encoder: serialise(encoderGraph(stride, d_sae, CHUNK)),
      small: serialise(encoderGraph(stride, d_sae, FEW)),
      keep: sae.architecture === "topk" ? sae.k! : 0,
      control,
    });
    return new SaeForward(sae, pool, memory, layout, control, id);
  }

  /** Active features of rows `x` [n, d_in]. */
  async encode(x: Float32Array): Promise<SparseActivations> {
    return this.#rows(x, undefined);
  }

  /**
   * Active features and reconstructions of rows `x` [n, d_in].
   * @param into where x̂ goes; a new array on shared memory unless given
   */
  async reconstruct(x: Float32Array, into: Float32Array = sharedFloats(x.length)): Promise<ForwardResult> {
    return { ...(await this.#rows(x, into)), reconstruction: into };
  }

  /** Releases the workers' session. */
  close(): Promise<void> {
    return this.#pool.detach(this.#id);
  }

  async #rows(x: Float32Array, into: Float32Array | undefined): Promise<SparseActivations> {
    const { d_in } = this.sae;
    const { rows: limit, stride, output } = this.#layout;
    const n = x.length / d_in;
    if (!Number.isInteger(n)) throw new Error(`${x.length} values are no rows of ${d_in}`);
    const rowOffsets = new Uint32Array(n + 1);
    const parts: { indices: Uint32Array; values: Float32Array }[] = [];
    for (let first = 0; first < n; first += limit) {
      const rows = Math.min(limit, n - first);
      const part = x.subarray(first * d_in, (first + rows) * d_in);
      const norms = this.#normalise(part);
      this.#control[0] = 0;
      await this.#pool.run(this.#id, { rows, decode: into !== undefined });
      for (let chunk = 0; chunk * CHUNK < rows; chunk++) {
        parts.push(
          this.#take(chunk, Math.min(CHUNK, rows - chunk * CHUNK), rowOffsets, first + chunk * CHUNK),
        );
      }
      if (into) {
        const out = into.subarray(first * d_in, (first + rows) * d_in);
        this.#floats.packRows(output, stride, out, d_in);
        if (norms) denormalise(out, d_in, norms);
      }
    }
    return { rowOffsets, ...join(parts) };
  }

  /** Puts encoder inputs in place. @returns mean and standard deviation of each row when they were normalised */
  #normalise(x: Float32Array): Float32Array | undefined {
    const { d_in, normalize_activations, apply_b_dec_to_input, b_dec } = this.sae;
    const { stride, input } = this.#layout;
    const n = x.length / d_in;
    const norms = normalize_activations === "layer_norm" ? new Float32Array(2 * n) : undefined;
    for (let row = 0; row < n; row++) {
      const source = x.subarray(row * d_in, (row + 1) * d_in);
      const target = this.#floats.view(input + 4 * row * stride, d_in);
      if (norms) {
        const [mean, deviation] = meanAndDeviation(source);
        norms.set([mean, deviation], 2 * row);
        for (let k = 0; k < d_in; k++) target[k] = (source[k]! - mean) / (deviation + 1e-5);
      } else {
        target.set(source);
      }
      if (apply_b_dec_to_input) for (let k = 0; k < d_in; k++) target[k]! -= b_dec[k]!;
    }
    return norms;
  }

  /** Copies a chunk's entries out and enters where its rows end, counted from the first row of all. */
  #take(chunk: number, rows: number, rowOffsets: Uint32Array, first: number) {
    const { starts, indices, values, d_sae } = this.#layout;
    const { buffer } = this.#memory;
    const bounds = new Uint32Array(buffer, starts + 4 * chunk * (CHUNK + 1), rows + 1);
    const before = rowOffsets[first]!;
    for (let row = 0; row < rows; row++) rowOffsets[first + row + 1] = before + bounds[row + 1]!;
    const at = 4 * chunk * CHUNK * d_sae;
    const count = bounds[rows]!;
    return {
      indices: new Uint32Array(buffer, indices + at, count).slice(),
      values: new Float32Array(buffer, values + at, count).slice(),
    };
  }
}

/** Feature i is active where z > gate_i, with value gain_i·z + offset_i where that is positive. */
function activation(sae: Sae): Record<"gate" | "gain" | "offset", Float32Array> {
  const { architecture, b_enc, threshold, b_gate, r_mag } = sae;
  if (architecture === "gated") {
    return { gate: b_gate!.map((b) => -b), gain: r_mag!.map(Math.exp), offset: b_enc };
  }
  const theta = architecture === "jumprelu" ? threshold! : undefined;
  return { gate: b_enc.map((b, i) => (theta ? theta[i]! : 0) - b), gain: b_enc.map(() => 1), offset: b_enc };
}

/** The deviation is the unbiased one; SAELens divides by it plus 1e-5 and multiplies back without. */
export function meanAndDeviation(row: Float32Array): [mean: number, deviation: number] {
  let mean = 0;
  for (const value of row) mean += value / row.length;
  let squared = 0;
  for (const value of row) squared += (value - mean) ** 2;
  return [mean, Math.sqrt(squared / (row.length - 1))];
}

function denormalise(rows: Float32Array, d_in: number, norms: Float32Array): void {
  for (let j = 0; j < rows.length; j++) {
    const row = Math.floor(j / d_in);
    rows[j] = rows[j]! * norms[2 * row + 1]! + norms[2 * row]!;
  }
}

function join(parts: readonly { indices: Uint32Array; values: Float32Array }[]) {
  const size = parts.reduce((sum, { values }) => sum + values.length, 0);
  const indices = new Uint32Array(size);
  const values = new Float32Array(size);
  let at = 0;
  for (const part of parts) {
    indices.set(part.indices, at);
    values.set(part.values, at);
    at += part.values.length;
  }
  return { indices, values };
}
