/** A worker's share of encoding and decoding with a finished dictionary (see forward.ts). */

import type * as ort from "onnxruntime-node";
import type { OnnxModel } from "../engine/onnx.ts";
import { createSession } from "../engine/session.ts";
import { FloatBlocks } from "./float-blocks.ts";
import type { ForwardLayout } from "./forward-layout.ts";
import { instantiate, type Kernels } from "./kernels.ts";
import { CHUNK } from "./plan.ts";

export interface InferenceJob {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly layout: ForwardLayout;
  readonly encoder: OnnxModel;
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
  readonly #floats: FloatBlocks;

  private constructor(job: InferenceJob, index: number, encoder: ort.InferenceSession) {
    this.#job = job;
    this.#index = index;
    this.#kernels = instantiate(job.module, job.memory);
    this.#encoder = encoder;
    this.#floats = new FloatBlocks(job.memory);
  }

  static async start(job: InferenceJob, index: number): Promise<InferenceWork> {
    return new InferenceWork(job, index, await createSession(job.encoder, 1));
  }

  async run({ rows, decode }: InferenceTask): Promise<void> {
    const { layout, control, keep } = this.#job;
    const { stride, d_sae } = layout;
    const { z, entries } = layout.scratch[this.#index]!;
    const weights = this.#floats.tensor(layout.W_enc, [d_sae, stride]);
    const products = this.#floats.tensor(z, [d_sae, CHUNK]);
    for (let chunk; (chunk = Atomics.add(control, 0, 1)) * CHUNK < rows;) {
      const count = Math.min(CHUNK, rows - chunk * CHUNK);
      const offset = 4 * chunk * CHUNK * stride;
      await this.#encoder.run(
        { W_enc: weights, x: this.#floats.tensor(layout.input + offset, [CHUNK, stride]) },
        { z: products },
      );
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

  release(): Promise<void> {
    return this.#encoder.release();
  }
}
