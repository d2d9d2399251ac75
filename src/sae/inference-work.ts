/** A worker's share of encoding and decoding with a finished dictionary (see forward.ts). */

import type * as ort from "onnxruntime-node";
import type { OnnxModel } from "../engine/onnx.ts";
import { createSession } from "../engine/session.ts";
import { FloatBlocks } from "./float-blocks.ts";
import { FEW, type ForwardLayout } from "./forward-layout.ts";
import { instantiate, type Kernels } from "./kernels.ts";
import { CHUNK } from "./plan.ts";

export interface InferenceJob {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly layout: ForwardLayout;
  /** The encoder product of CHUNK rows, and of FEW. */
  readonly encoder: OnnxModel;
  readonly small: OnnxModel;
  /** Entries kept per row by a TopK dictionary, 0 for all. */
  readonly keep: number;
  /** One shared word: the chunk that is drawn next, zeroed by the host before each task. */
  readonly control: Int32Array;
}

export interface InferenceTask {
  /** Rows in the memory's input area. */
  readonly rows: number;
  /** Also compute reconstructions. */
  readonly decode: boolean;
}

export class InferenceWork {
  readonly #job: InferenceJob;
  readonly #index: number;
  readonly #kernels: Kernels;
  readonly #encoder: ort.InferenceSession;
  readonly #small: ort.InferenceSession;
  readonly #floats: FloatBlocks;

  private constructor(
    job: InferenceJob,
    index: number,
    encoder: ort.InferenceSession,
    small: ort.InferenceSession,
  ) {
    this.#job = job;
    this.#index = index;
    this.#kernels = instantiate(job.module, job.memory);
    this.#encoder = encoder;
    this.#small = small;
    this.#floats = new FloatBlocks(job.memory);
  }

  static async start(job: InferenceJob, index: number): Promise<InferenceWork> {
    const [encoder, small] = [await createSession(job.encoder, 1), await createSession(job.small, 1)];
    return new InferenceWork(job, index, encoder, small);
  }

  async run({ rows, decode }: InferenceTask): Promise<void> {
    const { layout, control, keep } = this.#job;
    const { stride, d_sae } = layout;
    const { z, entries } = layout.scratch[this.#index]!;
    for (let chunk; (chunk = Atomics.add(control, 0, 1)) * CHUNK < rows;) {
      const count = Math.min(CHUNK, rows - chunk * CHUNK);
      const offset = 4 * chunk * CHUNK * stride;
      await this.#multiply(layout.input + offset, count);
      const starts = layout.starts + 4 * chunk * (CHUNK + 1);
      const indices = layout.indices + 4 * chunk * CHUNK * d_sae;
      const values = layout.values + 4 * chunk * CHUNK * d_sae;
      this.#kernels.encodeRows(
        z,
        d_sae,
        count,
        layout.gate,
        layout.gain,
        layout.offset,
        keep,
        starts,
        indices,
        values,
        entries,
      );
      if (decode) {
        const out = layout.output + offset;
        this.#kernels.decodeRows(count, starts, indices, values, layout.W_dec, layout.b_dec, out, 4 * stride);
      }
    }
  }

  /** z [d_sae, CHUNK] of the rows at `input`; of a few, columns behind the first FEW keep what they hold. */
  async #multiply(input: number, count: number): Promise<void> {
    const { layout } = this.#job;
    const { stride, d_sae } = layout;
    const { z, entries } = layout.scratch[this.#index]!;
    const few = count <= FEW;
    const [session, rows, products] = few
      ? ([this.#small, FEW, entries] as const)
      : ([this.#encoder, CHUNK, z] as const);
    await session.run(
      {
        W_enc: this.#floats.tensor(layout.W_enc, [d_sae, stride]),
        x: this.#floats.tensor(input, [rows, stride]),
      },
      { z: this.#floats.tensor(products, [d_sae, rows]) },
    );
    if (few) this.#floats.copyRows(this.#floats.view(entries, d_sae * FEW), FEW, z, CHUNK);
  }

  async release(): Promise<void> {
    await this.#encoder.release();
    await this.#small.release();
  }
}
